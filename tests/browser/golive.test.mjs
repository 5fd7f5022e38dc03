// Going live rule by rule: what a rule would have done is looked at, an admin tries it with a colleague by the keyboard alone, nobody
// else sees it, somebody else's change is not overwritten, and a supervisor's Stop takes the open offer back within 2 seconds.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, test } from './support/test.mjs';
import { seriousFindings, startBrowser } from './support/browser.mjs';
import { signIn } from './support/desk.mjs';
import { focusedName, tabTo } from './support/matrix.mjs';
import { Api, startServer, stepsOf, waitFor } from './support/server.mjs';
import { openShop, struggleUntil, widgetOf } from './support/shop.mjs';

const RULE = 'struggle-offer';
const WIDE = { viewport: { width: 1440, height: 900 } };
const SUPERVISOR = { name: 'Sue', email: 'sue@example.com', password: 'a long enough passphrase', role: 'supervisor' };

let server, api, browser, shop, secret;

before(async () => {
  server = await startServer();
  api = await Api.signIn(server);
  await api.addAgent(SUPERVISOR);
  const sources = await api.get('/v1/admin/sources');
  secret = sources.find(({ write_keys: keys }) => keys.some(({ key }) => key === server.write_key)).identity_secret;
  shop = await openShop(server.url, server.write_key);
  browser = await startBrowser();
});

after(async () => {
  await browser?.close();
  await shop?.close();
  await server?.stop();
});

const clean = async (page, where) => assert.deepEqual(await seriousFindings(page), [], where);
const reasonsOf = async (query) => (await api.get(`/v1/decisions?rule=${RULE}&limit=1${query}`)).counts;
const card = (desk, rule = RULE) => desk.locator('article', { has: desk.getByRole('heading', { name: rule, exact: true }) });
const open = async (desk) => {
  await desk.goto(`${server.url}/desk/#/admin/mode`);
  await desk.getByRole('heading', { name: 'Rule by rule' }).waitFor();
  await card(desk).waitFor();
};
const choose = async (desk, label) => {
  await desk.getByLabel(label, { exact: false }).first().focus();
  await desk.keyboard.press('Space');
};
const userOf = (id) => ({ id, signature: createHmac('sha256', secret).update(id).digest('hex') });
const withheld = async () => (await reasonsOf('&outcome=withhold')).by_outcome.withhold ?? 0;

test('a rule is taken live step by step, and stopped', async (t) => {
  t.after(() => browser.picture('golive'));
  const step = stepsOf(t);
  const { page: desk, complaints } = await browser.newPerson(WIDE);
  const { keyboard } = desk;
  await signIn(desk, server.url, { email: server.admin_email, password: server.admin_password });

  await step('in shadow the page says what would have been offered, to whom, and what happened', async () => {
    const { page, context } = await browser.newPerson();
    await page.goto(`${shop.origin}/checkout.html`);
    await widgetOf(page).help.waitFor();
    await struggleUntil(page, async () => (await withheld()) > 0);
    await open(desk);
    await card(desk).getByText('Of 1 customer who would have been contacted, of 1 it is too early to tell.').waitFor();
    await widgetOf(page).openChat();
    await widgetOf(page).say('My card is refused.');
    await waitFor('the chat is there', async () => (await api.get('/v1/desk/state')).conversations.length === 1);
    await desk.getByRole('button', { name: 'Refresh' }).click();
    await card(desk).getByText('1 asked for help themselves within 30 min').waitFor();
    await card(desk).getByText('Reasons and examples').click();
    await card(desk).getByRole('link', { name: 'Shadow mode' }).waitFor();
    const example = card(desk).getByRole('link', { name: /^Visitor / });
    assert.match(await example.getAttribute('href'), /^#\/customers\/cus_/);
    await clean(desk, 'in shadow');
    await context.close();
  });

  await step('an admin names a colleague and gives the rule its stage, by the keyboard', async () => {
    await tabTo(desk, /^Test identities/, 120);
    await keyboard.press('Enter');
    const dialog = desk.getByRole('dialog');
    await dialog.waitFor();
    await desk.getByLabel('Test identities, one a line').focus();
    await keyboard.type('ben@example.com\nada');
    await desk.getByLabel('Rules without a stage of their own').selectOption('shadow');
    await clean(desk, 'people');
    await tabTo(desk, /^Save$/);
    await keyboard.press('Enter');
    await dialog.waitFor({ state: 'detached' });
    await tabTo(desk, new RegExp(`^Change… ${RULE}`), 120);
    await keyboard.press('Enter');
    await dialog.waitFor();
    await choose(desk, 'Test identities');
    await desk.getByLabel(/^At most so many times a day/).focus();
    await keyboard.type('5');
    await clean(desk, 'stage');
    await keyboard.press('Enter');
    await dialog.waitFor({ state: 'detached' });
    assert.match(await focusedName(desk), new RegExp(`^Change… ${RULE}`), 'the focus is where it was');
    await card(desk).getByText('0 of 5 today').waitFor();
    assert.equal(await card(desk).locator('[data-stage]').textContent(), 'Test identities');
    assert.equal(await card(desk, 'struggle-prompt').locator('[data-stage]').textContent(), 'Shadow');
    await desk.getByText('Who changed what (2 revisions)').click();
    await desk.getByText(`${RULE}: as the others → test identities, 5 a day`).waitFor();
  });

  await step('live, customers see nothing', async () => {
    await api.goLive();
    await desk.getByRole('button', { name: 'Stop', exact: true }).waitFor();
    const before = await withheld();
    const { page, context } = await browser.newPerson();
    await page.goto(`${shop.origin}/checkout.html`);
    const widget = widgetOf(page);
    await widget.help.waitFor();
    await struggleUntil(page, async () => (await withheld()) > before);
    assert.equal(await widget.banner.count(), 0);
    assert.equal(await widget.root.getByRole('dialog').count(), 0);
    await context.close();
  });

  const colleague = await browser.newPerson();
  const widget = widgetOf(colleague.page);
  await step('the colleague does', async () => {
    await colleague.page.goto(`${shop.origin}/checkout.html`);
    await widget.help.waitFor();
    await colleague.page.evaluate((user) => overture('identify', user), userOf('ada'));
    await struggleUntil(colleague.page, () => widget.banner.isVisible());
    await desk.getByRole('button', { name: 'Refresh' }).click();
    await card(desk).getByText('1 of 5 today').waitFor();
    await clean(desk, 'live');
  });

  await step('a supervisor reads the page, cannot go live, and stops everything with the keyboard', async () => {
    const { page: other } = await browser.newPerson(WIDE);
    await signIn(other, server.url, SUPERVISOR);
    await open(other);
    assert.equal(await other.getByRole('button', { name: /^Change/ }).count(), 0);
    await tabTo(other, /^Stop$/);
    const pressed = Date.now();
    await other.keyboard.press('Enter');
    await widget.banner.waitFor({ state: 'hidden' });
    const took = Date.now() - pressed;
    console.log(`the offer was gone ${took} ms after Stop`);
    assert.ok(took < 2_000, `${took} ms`);
    assert.equal((await api.get('/v1/desk/state')).mode, 'shadow');
    await other.getByText('Stopped. Open offers are being withdrawn').waitFor();
    assert.equal(await other.getByRole('link', { name: 'Go live…' }).count(), 0);
    await clean(other, 'stopped');
    await other.close();
  });

  await step("somebody else's change is told, not overwritten", async () => {
    await open(desk);
    await card(desk).getByRole('button', { name: /^Change/ }).click();
    const dialog = desk.getByRole('dialog');
    const now = await api.get('/v1/admin/rollouts');
    const rules = [{ rule: 'struggle-prompt', stage: 'percent', percent: 10, audience: '', paused: false }];
    const { unlisted, testers, revision } = now;
    await api.ask('PUT', '/v1/admin/rollouts', { base_revision: revision, unlisted, testers, rules });
    await choose(desk, '10 %');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.getByText('struggle-prompt: as the others → 10 %').waitFor();
    await clean(desk, 'conflict');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.waitFor({ state: 'detached' });
    const saved = (await api.get('/v1/admin/rollouts')).rules;
    const stage = (rule) => saved.find((it) => it.rule === rule).percent;
    assert.deepEqual([stage(RULE), stage('struggle-prompt')], [10, 10]);
  });

  assert.deepEqual([...complaints, ...colleague.complaints], []);
});

test('on a phone and in the dark nothing is cut off', async (t) => {
  t.after(() => browser.picture('golive-phone'));
  for (const options of [
    { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true },
    { ...WIDE, colorScheme: 'dark' },
  ]) {
    const { page } = await browser.newPerson(options);
    await signIn(page, server.url, { email: server.admin_email, password: server.admin_password });
    await open(page);
    await clean(page, JSON.stringify(options));
    const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(wider <= 0, `${wider} px too wide`);
    await card(page).getByRole('button', { name: /^Change/ }).click();
    await page.getByRole('dialog').waitFor();
    await clean(page, `dialog ${JSON.stringify(options)}`);
    await page.close();
  }
});
