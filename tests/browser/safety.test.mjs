// Script in every text field stays text, on the shop and on the desk.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startBrowser } from './support/browser.mjs';
import { AGENT, accept, beAvailable, reply, resolve, signIn } from './support/desk.mjs';
import { Api, startServer, waitFor } from './support/server.mjs';
import { openShop, widgetOf } from './support/shop.mjs';

/** Markup that would run and say where it stood. Short enough for a name. */
const mark = (where) => `"><img src=x onerror="ran='${where}'"><svg onload="ran='${where}'">`;

let server, api, browser, shop;

before(async () => {
  server = await startServer();
  api = await Api.signIn(server);
  shop = await openShop(server.url, server.write_key);
  browser = await startBrowser();
});

after(async () => {
  await browser?.close();
  await shop?.close();
  await server?.stop();
});

async function nothingRan(page, where) {
  const found = await page.evaluate(() => {
    const roots = [document, ...[...document.querySelectorAll('*')].map((it) => it.shadowRoot).filter(Boolean)];
    return {
      ran: window.ran,
      planted: roots.flatMap((root) => [...root.querySelectorAll('img[src="x"],svg[onload]')]).length,
    };
  });
  assert.deepEqual(found, { ran: undefined, planted: 0 }, where);
}

test('script in every text field is inert', async (t) => {
  t.after(() => browser.picture('safety'));
  const agent = { ...AGENT, name: `Grace ${mark('agent name')}` };
  await api.addAgent(agent);
  await api.ask('POST', '/v1/admin/sources', { name: mark('source name') });
  await api.ask('PUT', '/v1/admin/faqs', {
    faqs: [{ title: mark('faq title'), body_markdown: `# ${mark('faq body')}\n\n[x](javascript:ran='link') <script>ran='script'</script>` }],
  });
  await api.ask('POST', '/v1/admin/tokens', { name: mark('token name'), scopes: ['read'] });

  const desk = await browser.newPerson({ viewport: { width: 1440, height: 900 } });
  await signIn(desk.page, server.url, agent);
  await beAvailable(desk.page);

  const customer = await browser.newPerson();
  const widget = widgetOf(customer.page);
  await customer.page.goto(`${shop.origin}/checkout.html`);
  await widget.help.waitFor();
  await widget.openChat();
  await widget.say(mark('customer message'));
  await accept(desk.page);
  await reply(desk.page, mark('agent reply'));
  await widget.said(mark('agent reply')).waitFor();
  await desk.page.getByText(mark('customer message')).first().waitFor();
  await nothingRan(customer.page, 'chat');
  await nothingRan(desk.page, 'chat at the desk');

  const state = await api.get('/v1/desk/state');
  const id = 'script-1';
  const send = await fetch(`${server.url}/v1/batch`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${server.write_key}:`)}` },
    body: JSON.stringify({
      batch: [
        { type: 'identify', userId: id, messageId: 'a', traits: { name: mark('name'), email: 's@example.com', [mark('key')]: mark('trait') } },
        { type: 'track', event: mark('event'), userId: id, messageId: 'b', properties: { [mark('p')]: mark('property') } },
        { type: 'page', userId: id, messageId: 'c', name: mark('page'), context: { page: { path: `/${mark('path')}`, title: mark('title') } } },
      ],
    }),
  });
  assert.equal(send.status, 200);
  const found = await waitFor('the identified customer', async () => {
    const { customers } = await api.get('/v1/customers?limit=20');
    return customers.find(({ customer }) => customer !== state.conversations[0].customer);
  });
  await api.openChat(found.customer);

  for (const route of ['inbox', 'customers', `customers/${found.customer}`, 'decisions']) {
    await desk.page.goto(`${server.url}/desk/#/${route}`);
    await desk.page.getByRole('main').waitFor();
    await desk.page.waitForLoadState('networkidle');
    await nothingRan(desk.page, route);
  }
  await desk.page.goto(`${server.url}/desk/#/inbox/${state.conversations[0].conversation}`);
  await resolve(desk.page, mark('notes'));
  await nothingRan(desk.page, 'notes');

  const admin = await browser.newPerson({ viewport: { width: 1440, height: 900 } });
  await signIn(admin.page, server.url, { email: server.admin_email, password: server.admin_password });
  for (const route of ['sources', 'agents', 'policy', 'mode', 'faqs', 'tokens', 'events', 'status'].map((page) => `admin/${page}`).concat('setup')) {
    await admin.page.goto(`${server.url}/desk/#/${route}`);
    await admin.page.getByRole('main').waitFor();
    await admin.page.waitForLoadState('networkidle');
    await nothingRan(admin.page, route);
  }

  await customer.page.reload();
  await widget.help.click();
  const answers = widget.button(/^Read answers/);
  if (await answers.isVisible()) {
    await answers.click();
    await widget.root.getByText('faq title').first().waitFor();
    await nothingRan(customer.page, 'answers');
  }
});
