// What a customer may always do, and what Overture may not.

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from './support/test.mjs';
import { startBrowser } from './support/browser.mjs';
import { AGENT, accept, beAvailable, reply, resolve, signIn } from './support/desk.mjs';
import { Api, startServer, waitFor } from './support/server.mjs';
import { openShop, struggle, struggleUntil, widgetOf } from './support/shop.mjs';

let server, api, browser, shop, desk;

before(async () => {
  server = await startServer();
  api = await Api.signIn(server);
  await api.addAgent(AGENT);
  shop = await openShop(server.url, server.write_key);
  browser = await startBrowser();
  desk = (await browser.newPerson({ viewport: { width: 1440, height: 900 } })).page;
  await signIn(desk, server.url, AGENT);
  await beAvailable(desk);
});

afterEach(() => browser.picture('chat'));

after(async () => {
  await browser?.close();
  await shop?.close();
  await server?.stop();
});

const reasonsOf = async () => Object.keys((await api.get('/v1/decisions?limit=1')).counts.by_reason);

test('in shadow mode nothing is offered, and the Help button still reaches an agent', async () => {
  assert.equal((await api.get('/v1/desk/state')).mode, 'shadow');
  const { page, context, complaints } = await browser.newPerson();
  const widget = widgetOf(page);
  await page.goto(`${shop.origin}/checkout.html`);
  await widget.help.waitFor();
  await struggleUntil(page, async () => (await reasonsOf()).some((reason) => /shadow/i.test(reason)));
  assert.equal(await widget.banner.count(), 0);
  await widget.openChat();
  await widget.say('Is anybody there?');
  await accept(desk);
  await desk.getByText('Is anybody there?').first().waitFor();
  await reply(desk, 'Yes, I am.');
  await widget.said('Yes, I am.').waitFor();
  await resolve(desk, 'Said hello.');
  await widget.root.getByText('This chat has ended.').waitFor();
  assert.deepEqual(complaints, []);
  await context.close();
});

test('a message in one tab is in the other', async () => {
  const { page, context } = await browser.newPerson();
  await page.goto(`${shop.origin}/`);
  const first = widgetOf(page);
  await first.openChat();
  await first.say('From the first tab.');
  await accept(desk);
  const other = await context.newPage();
  await other.goto(`${shop.origin}/checkout.html`);
  const second = widgetOf(other);
  await second.openChat();
  await second.said('From the first tab.').waitFor();
  await second.say('From the second tab.');
  await first.said('From the second tab.').waitFor();
  await reply(desk, 'To both.');
  await first.said('To both.').waitFor();
  await second.said('To both.').waitFor();
  await resolve(desk, 'Two tabs.');
  await context.close();
});

test('"Don’t offer again" holds, in other tabs too, until it is undone', async () => {
  await api.goLive();
  const { page, context } = await browser.newPerson();
  const widget = widgetOf(page);
  await page.goto(`${shop.origin}/checkout.html`);
  await struggleUntil(page, () => widget.banner.isVisible());
  await widget.button(/Don.t offer again/).click();
  await widget.banner.waitFor({ state: 'hidden' });
  const [{ customer }] = (await api.get('/v1/customers?limit=1')).customers;
  const contextOf = () => api.get(`/v1/customers/${customer}/context`);
  await waitFor('the refusal', async () => (await contextOf()).permission.opted_out);

  // Another tab, without the first one's session: only the device is the same.
  const { why: earlier } = await contextOf();
  const later = await context.newPage();
  await page.close();
  await later.goto(`${shop.origin}/checkout.html`);
  const again = widgetOf(later);
  await again.help.waitFor();
  for (let round = 0; round < 4; round += 1) await struggle(later);
  await waitFor('the struggle to arrive', async () => (await contextOf()).why !== earlier);
  assert.equal(await again.banner.count(), 0);

  await again.help.click();
  await again.button('Offer me help again').click();
  await waitFor('the refusal to be undone', async () => !(await contextOf()).permission.opted_out);
  await context.close();
});

test('the red Stop withdraws an open offer within 2 seconds', async () => {
  await api.goLive();
  const { page, context } = await browser.newPerson();
  const widget = widgetOf(page);
  await page.goto(`${shop.origin}/checkout.html`);
  await struggleUntil(page, () => widget.banner.isVisible());
  const stopped = Date.now();
  await api.ask('POST', '/v1/admin/mode', { mode: 'shadow' });
  await widget.banner.waitFor({ state: 'hidden' });
  assert.ok(Date.now() - stopped < 2_000, `${Date.now() - stopped} ms`);
  await context.close();
});
