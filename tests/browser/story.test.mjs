// The whole story: a customer struggles, is offered help that policy and grant allow, and an agent
// helps, with the context on screen, through a reload and a cut connection.

import assert from 'node:assert/strict';
import { after, before, test } from './support/test.mjs';
import { startBrowser } from './support/browser.mjs';
import { AGENT, accept, beAvailable, incoming, reply, resolve, signIn } from './support/desk.mjs';
import { layLink } from './support/link.mjs';
import { Api, startServer, stepsOf, waitFor } from './support/server.mjs';
import { openShop, struggleUntil, widgetOf } from './support/shop.mjs';

let server, api, browser, link, shop;

before(async () => {
  server = await startServer();
  api = await Api.signIn(server);
  await api.addAgent(AGENT);
  await api.goLive();
  link = await layLink(server.url);
  shop = await openShop(link.url, server.write_key);
  browser = await startBrowser();
});

after(async () => {
  await browser?.close();
  await shop?.close();
  await link?.close();
  await server?.stop();
});

test('a struggling customer is offered help and is helped by an agent', async (t) => {
  t.after(() => browser.picture('story'));
  const step = stepsOf(t);
  const agent = await browser.newPerson({ viewport: { width: 1440, height: 900 } });
  const customer = await browser.newPerson();
  const widget = widgetOf(customer.page);

  await step('the agent signs in and is available', async () => {
    await signIn(agent.page, server.url, AGENT);
    await beAvailable(agent.page);
  });

  await step('the struggling customer sees the banner, which takes no focus', async () => {
    await customer.page.goto(`${shop.origin}/`);
    await widget.help.waitFor();
    await customer.page.goto(`${shop.origin}/checkout.html`);
    await struggleUntil(customer.page, () => widget.banner.isVisible());
    for (const option of ['Start Chat', 'Not now', /Don.t offer again/]) {
      await widget.button(option).waitFor();
    }
    const focused = await customer.page.evaluate(() => document.activeElement?.tagName.toLowerCase());
    assert.notEqual(focused, 'overture-widget');
  });

  await step('the customer starts a chat and the agent is asked with the reason', async () => {
    await widget.button('Start Chat').click();
    await widget.message.waitFor();
    await widget.say('My card is refused and I cannot see why.');
    await incoming(agent.page).waitFor();
  });

  await step('the agent accepts with the context on screen', async () => {
    await accept(agent.page);
    await agent.page.getByText('My card is refused and I cannot see why.').first().waitFor();
    await agent.page.getByText('/checkout.html').first().waitFor();
    const state = await api.get('/v1/desk/state');
    const [conversation] = state.conversations;
    const context = await api.get(`/v1/customers/${conversation.customer}/context`);
    assert.ok(context.why.length > 10, context.why);
    await agent.page.getByText(context.why).first().waitFor();
    assert.equal(context.page.path, '/checkout.html');
    assert.ok(context.engagement.contributions.length > 0);
    for (const { label } of context.engagement.contributions.slice(0, 2)) {
      await agent.page.getByText(label).first().waitFor();
    }
    assert.ok(context.grant, 'the offer redeemed a grant');
    await widget.root.getByText(/You are talking with/).waitFor();
  });

  await step('they talk', async () => {
    await reply(agent.page, 'Hello, I can see the payment form. Please leave the spaces out.');
    await widget.said('Hello, I can see the payment form. Please leave the spaces out.').waitFor();
  });

  await step('a reload in the middle loses nothing', async () => {
    await customer.page.reload();
    await widget.help.waitFor();
    await widget.openChat();
    await widget.said('My card is refused and I cannot see why.').waitFor();
    await widget.said('Hello, I can see the payment form. Please leave the spaces out.').waitFor();
    await agent.page.reload();
    await agent.page.getByText('Please leave the spaces out.').first().waitFor();
  });

  await step('a cut connection loses nothing and doubles nothing', async () => {
    link.cut();
    await widget.say('I write this without a connection.');
    await reply(agent.page, 'And I answer meanwhile.');
    await agent.page.getByText('And I answer meanwhile.').first().waitFor();
    link.mend();
    await agent.page.getByText('I write this without a connection.').first().waitFor({ timeout: 60_000 });
    await widget.said('And I answer meanwhile.').waitFor({ timeout: 60_000 });
    await widget.say('Now it works again.');
    await agent.page.getByText('Now it works again.').first().waitFor();
    for (const text of ['I write this without a connection.', 'And I answer meanwhile.', 'Now it works again.']) {
      assert.equal(await widget.said(text).count(), 1, text);
    }
  });

  await step('the agent resolves and both see the end', async () => {
    await resolve(agent.page, 'The card field refuses spaces.');
    await widget.root.getByText('This chat has ended.').waitFor();
  });

  await step('every step is a fact on the timeline, once and in order', async () => {
    const { customers } = await api.get('/v1/customers?limit=10');
    assert.equal(customers.length, 1, 'one person was one customer throughout');
    const items = await waitFor('the resolution', async () => {
      const found = (await api.get(`/v1/customers/${customers[0].customer}/timeline?limit=500`)).items;
      return found.some(({ kind }) => kind === 'resolution') ? found : undefined;
    });
    items.sort((a, b) => a.seq - b.seq);
    const messages = items.filter(({ kind, author }) => kind === 'message' && author !== 'system');
    assert.equal(messages.length, 5);
    assert.equal(new Set(messages.map(({ text }) => text)).size, 5);
    assert.deepEqual([messages[0].author, messages[1].author, messages[4].author], ['customer', 'agent', 'customer']);
    const resolution = items.find(({ kind }) => kind === 'resolution');
    assert.equal(resolution.code, 'solved');
    assert.equal(resolution.notes, 'The card field refuses spaces.');
    for (const kind of ['page', 'behaviour', 'decision', 'offer', 'conversation']) {
      assert.ok(items.some((item) => item.kind === kind), `no ${kind} on the timeline`);
    }
    const { decisions } = await api.get('/v1/decisions?outcome=offer');
    assert.ok(decisions.length >= 1);
    const state = await api.get('/v1/desk/state');
    assert.equal(state.queue.length, 0);
    const grace = state.agents.find(({ name }) => name === AGENT.name);
    assert.equal(grace.load.chat ?? 0, 0, 'the seat is free again');
  });

  assert.deepEqual(customer.complaints, []);
  assert.deepEqual(agent.complaints, []);
});
