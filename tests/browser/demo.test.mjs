// The demo lives by itself: visitors come, struggle and are helped; its shop works; one click wipes it.

import assert from 'node:assert/strict';
import { after, before, test } from './support/test.mjs';
import { seriousFindings, startBrowser } from './support/browser.mjs';
import { signIn } from './support/desk.mjs';
import { Api, startServer, waitFor } from './support/server.mjs';
import { socketOf, struggleUntil, widgetOf } from './support/shop.mjs';

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

// As long as its three waits together.
test('visitors struggle, are offered help, and chat with the demo’s agents', { timeout: 360_000 }, async () => {
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

test('each page of the shop leads to help, also where our script is blocked', async () => {
  for (const name of ['', 'product.html', 'cart.html', 'checkout.html', 'thanks.html']) {
    const { page, context, complaints } = await browser.newPerson();
    await page.route('**/widget.js', (route) => route.abort('blockedbyclient'));
    await page.goto(`${server.url}/shop/${name}`);
    await page.getByRole('link', { name: 'Get help' }).click();
    await page.waitForURL(`${server.url}/help/${server.write_key}`);
    await widgetOf(page).root.getByRole('dialog').waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
  }
  const { page, context, complaints } = await browser.newPerson();
  const socket = socketOf(page);
  await page.goto(`${server.url}/shop/`);
  await widgetOf(page).help.waitFor();
  await socket.online();
  await page.getByRole('link', { name: 'Get help' }).click();
  await widgetOf(page).root.getByRole('dialog').waitFor();
  assert.equal(page.url(), `${server.url}/shop/`);
  assert.deepEqual(complaints, []);
  await context.close();
});

test('Smart Pause on the checkout shows what its form wants, and following it places the order', async () => {
  const { page, context, complaints } = await browser.newPerson();
  const { root, help, button } = widgetOf(page);
  await page.goto(`${server.url}/shop/checkout.html`);
  for (const [label, value] of [['Full name', 'Ada Lovelace'], ['E-mail', 'ada@example.com'], ['Street and number', 'Wharf Lane 7'],
    ['Postcode', '10115'], ['City', 'Berlin'], ['Card number', '4111 1111 1111 1111'], ['Valid until', '11/29'], ['Security code', '123']])
    await page.getByLabel(label).fill(value);
  await page.getByRole('button', { name: 'Place the order' }).click();
  await page.getByText('Invalid card format.').waitFor();
  await help.click();
  await button(/^Pause the page and show me how/).click();
  await root.locator('.pause').waitFor();
  const shown = [];
  for (const [title, next] of [['The card number', 'Next'], ['Valid until', 'Next'], ['Place the order', 'Done']]) {
    const card = root.getByRole('region', { name: title });
    await card.waitFor();
    shown.push(...(await card.locator('code').allTextContents()));
    await card.getByRole('button', { name: next, exact: true }).click();
  }
  await root.locator('.pause').waitFor({ state: 'detached' });
  const [card, date] = shown;
  await page.getByLabel('Card number').fill(card);
  await page.getByLabel('Valid until').fill(date);
  await page.getByRole('button', { name: 'Place the order' }).click();
  await page.waitForURL(/thanks\.html/);
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
