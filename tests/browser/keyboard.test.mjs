// Sign in, accept, reply and resolve, and start a chat, without a pointer.

import assert from 'node:assert/strict';
import { after, before, test } from './support/test.mjs';
import { startBrowser } from './support/browser.mjs';
import { AGENT, incoming } from './support/desk.mjs';
import { tabTo } from './support/matrix.mjs';
import { Api, startServer } from './support/server.mjs';
import { openShop, widgetOf } from './support/shop.mjs';

let server, api, browser, shop;

before(async () => {
  server = await startServer();
  api = await Api.signIn(server);
  await api.addAgent(AGENT);
  shop = await openShop(server.url, server.write_key);
  browser = await startBrowser();
});

after(async () => {
  await browser?.close();
  await shop?.close();
  await server?.stop();
});

test('the keyboard alone takes an agent and a customer through a conversation', async (t) => {
  t.after(() => browser.picture('keyboard'));
  const { page: desk } = await browser.newPerson({ viewport: { width: 1440, height: 900 } });
  await desk.goto(`${server.url}/desk/`);
  await desk.getByLabel('E-mail').waitFor();
  await tabTo(desk, /E-mail/);
  await desk.keyboard.type(AGENT.email);
  await tabTo(desk, /Password/);
  await desk.keyboard.type(AGENT.password);
  await desk.keyboard.press('Enter');
  await desk.getByRole('navigation', { name: 'Main' }).waitFor();

  await tabTo(desk, /Offline|Available|Busy|Away/);
  const available = desk.getByRole('radio', { name: 'Available' });
  for (let press = 0; press < 4 && !(await available.isChecked()); press += 1) {
    await desk.keyboard.press('ArrowRight');
  }
  await desk.getByText('No new requests reach you').waitFor({ state: 'detached' });

  const { page: customer } = await browser.newPerson();
  const widget = widgetOf(customer);
  await customer.goto(`${shop.origin}/checkout.html`);
  await widget.help.waitFor();
  await tabTo(customer, /^Help/);
  await customer.keyboard.press('Enter');
  await tabTo(customer, /Start a chat/);
  await customer.keyboard.press('Enter');
  await tabTo(customer, /Your message/);
  await customer.keyboard.type('I came here without a mouse.');
  await customer.keyboard.press('Enter');
  await widget.said('I came here without a mouse.').waitFor();

  await incoming(desk).waitFor();
  await desk.keyboard.press('Alt+a');
  await desk.getByLabel('Reply').waitFor();
  await desk.keyboard.press('Escape');
  await desk.keyboard.press('r');
  await desk.keyboard.type('Neither did I.');
  await desk.keyboard.press('Enter');
  await widget.said('Neither did I.').waitFor();

  await desk.keyboard.press('Escape');
  await desk.keyboard.press('e');
  const dialog = desk.getByRole('dialog');
  await dialog.waitFor();
  await tabTo(desk, /Solved/);
  await desk.keyboard.press('Space');
  await tabTo(desk, /Notes/);
  await desk.keyboard.type('No pointer was used.');
  await tabTo(desk, /^Resolve$/);
  await desk.keyboard.press('Enter');
  await dialog.waitFor({ state: 'detached' });
  await widget.root.getByText('This chat has ended.').waitFor();

  const { customers } = await api.get('/v1/customers?limit=5');
  const { items } = await api.get(`/v1/customers/${customers[0].customer}/timeline?limit=100`);
  assert.equal(items.find(({ kind }) => kind === 'resolution').notes, 'No pointer was used.');
});

test('Escape closes the widget’s panel and gives the focus back to the Help button', async () => {
  const { page, context } = await browser.newPerson();
  const widget = widgetOf(page);
  await page.goto(`${shop.origin}/`);
  await widget.help.waitFor();
  await tabTo(page, /^Help/);
  await page.keyboard.press('Enter');
  await widget.button(/^Start a chat/).waitFor();
  await page.keyboard.press('Escape');
  await widget.button(/^Start a chat/).waitFor({ state: 'hidden' });
  await tabTo(page, /^Help/, 1);
  await context.close();
});
