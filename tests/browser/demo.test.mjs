// The demo lives by itself: visitors come, struggle and are helped; its shop works; one click wipes it.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { seriousFindings, startBrowser } from './support/browser.mjs';
import { signIn } from './support/desk.mjs';
import { Api, startServer, waitFor } from './support/server.mjs';
import { struggleUntil, widgetOf } from './support/shop.mjs';

let server, api, browser;

before(async () => {
  server = await startServer({ command: 'demo' });
  api = await Api.signIn(server);
  browser = await startBrowser();
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

const admin = () => ({ email: server.admin_email, password: server.admin_password });

test('visitors struggle, are offered help, and chat with the demo’s agents', async () => {
  await waitFor('some visitors', async () => (await api.get('/v1/customers?limit=50')).customers.length >= 3, 60_000);
  await waitFor('an offer', async () => (await api.get('/v1/decisions?outcome=offer')).decisions.length >= 1, 120_000);
  await waitFor(
    'a conversation with an agent',
    async () => (await api.get('/v1/desk/state')).conversations.some(({ agent_name }) => agent_name),
    120_000,
  );
});

test('a person who struggles in the demo’s shop is offered help as well', async () => {
  const { page, context, complaints } = await browser.newPerson();
  const widget = widgetOf(page);
  await page.goto(`${server.url}/shop/`);
  await widget.help.waitFor();
  assert.deepEqual(await seriousFindings(page), []);
  await page.goto(`${server.url}/shop/checkout.html`);
  await struggleUntil(page, () => widget.banner.isVisible());
  await widget.button('Start Chat').waitFor();
  assert.deepEqual(complaints, []);
  await context.close();
});

test('one click wipes the demo', async (t) => {
  t.after(() => browser.picture('demo'));
  const { page, context } = await browser.newPerson({ viewport: { width: 1440, height: 900 } });
  await signIn(page, server.url, admin());
  await page.goto(`${server.url}/desk/#/admin/status`);
  const before = (await api.get('/v1/customers?limit=100')).customers.map(({ customer }) => customer);
  await page.getByRole('button', { name: 'Wipe the demo' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Wipe' }).click();
  await page.getByText('Demo data wiped.').waitFor();
  await waitFor('none of the old customers', async () => {
    const { customers } = await api.get('/v1/customers?limit=100');
    return !customers.some(({ customer }) => before.includes(customer));
  });
  await context.close();
});
