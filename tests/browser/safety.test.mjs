// Script in every text field stays text, on the shop and on the desk.

import assert from 'node:assert/strict';
import { after, before, test } from './support/test.mjs';
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
  await api.ask('POST', '/v1/admin/articles', {
    title: mark('faq title'),
    summary: mark('faq summary'),
    body_markdown: `# ${mark('faq body')}\n\n[x](javascript:ran='link') <script>ran='script'</script>`,
    keywords: ['<img src=x onerror="ran=1">'],
    status: 'published',
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

  for (const route of ['inbox', 'customers', `customers/${found.customer}`, 'calls', 'decisions']) {
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
  await widget.button(/^Read answers/).click();
  await widget.root.getByText('faq summary').first().waitFor();
  await nothingRan(customer.page, 'answers');
  await widget.root.getByText('faq title').first().click();
  await widget.root.locator('.article').getByText('faq body').waitFor();
  assert.equal(await widget.root.locator('.article a').count(), 0, 'what is no address is no link');
  await nothingRan(customer.page, 'an article');
  await widget.button('Close').click();

  // Files by their names, to the desk and from it.
  await desk.page.goto(`${server.url}/desk/#/inbox`);
  await accept(desk.page);
  const name = `${mark('file name')}.txt`;
  const file = { name, mimeType: 'text/plain', buffer: Buffer.from('words') };
  await widget.help.click();
  await widget.button(/^Start a chat/).click();
  await widget.button('Start a new chat').click();
  await widget.root.locator('input[type=file]').setInputFiles(file);
  await widget.say('With a file.');
  await widget.root.locator('.attached').getByText('file name').waitFor();
  await nothingRan(customer.page, 'a file of the customer');
  await accept(desk.page);
  await desk.page.getByText(/file name/).first().waitFor();
  await desk.page.locator('form.reply input[type=file]').setInputFiles({ ...file, name: `${mark('sent name')}.txt` });
  await waitFor('the upload', async () => (await desk.page.locator('form.reply progress').count()) === 0);
  await desk.page.getByRole('button', { name: 'Send' }).click();
  await widget.root.locator('.attached').getByText('sent name').waitFor();
  await nothingRan(desk.page, 'files at the desk');
  await nothingRan(customer.page, 'a file of the agent');

  // Steps that staff wrote, played on the paused page.
  const made = await api.ask('POST', '/v1/admin/guides', { name: mark('guide name'), kind: 'steps' });
  const saved = await api.ask('PUT', `/v1/admin/guides/${made.id}`, {
    name: mark('guide name'),
    draft_version: made.draft_version,
    draft: {
      kind: 'steps', pages: '/**', audience: 'session.page_s > 80000.0', frequency: 'ever', priority: 1, default_locale: 'en',
      steps: [{
        anchor: { tag: 'input', candidates: [{ by: 'id', value: 'city' }] },
        hint: 'type',
        waits_for: 'next',
        texts: { en: { title: mark('step title'), text: `${mark('step text')} [x](javascript:ran='step')` } },
      }],
    },
  });
  await api.ask('POST', `/v1/admin/guides/${made.id}/publish`, { draft_version: saved.draft_version });
  await customer.page.evaluate(() => {
    overture('close');
    overture('smart_pause');
  });
  await widget.root.locator('.guide').getByText('step text').waitFor();
  await nothingRan(customer.page, 'a step');
  assert.deepEqual([customer, desk, admin].flatMap(({ complaints }) => complaints), []);
});
