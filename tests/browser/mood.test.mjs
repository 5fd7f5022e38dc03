// What customers write, from the widget to the desk: read before it is kept, shown to staff alone, and heard by the rules.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { after, before, test } from './support/test.mjs';
import { seriousFindings, startBrowser } from './support/browser.mjs';
import { AGENT, accept, beAvailable, signIn } from './support/desk.mjs';
import { Api, binary, startServer } from './support/server.mjs';
import { openShop, widgetOf } from './support/shop.mjs';

const ANGRY = 'I am so angry. This is the worst service ever, you people are useless!';

let server, api, browser, shop, desk;

before(async () => {
  server = await startServer();
  api = await Api.signIn(server);
  await api.addAgent({ ...AGENT, languages: [], capacity: { chat: 8, callback: 1 } });
  shop = await openShop(server.url, server.write_key, 'en');
  browser = await startBrowser();
  desk = (await browser.newPerson({ viewport: { width: 1440, height: 900 } })).page;
  await signIn(desk, server.url, AGENT);
  await beAvailable(desk);
});

after(async () => {
  await browser?.close();
  await shop?.close();
  await server?.stop();
});

test('angry words reach the desk with what they say, and the rules', async (t) => {
  t.after(() => browser.picture('mood'));
  const { page, complaints } = await browser.newPerson();
  const widget = widgetOf(page);
  await page.goto(`${shop.origin}/`);
  await widget.help.waitFor();
  await page.evaluate(() => overture.open('chat'));
  await widget.say('Hello, I have a question about my invoice');
  await accept(desk);
  await desk.getByRole('button', { name: /neutral/ }).first().waitFor();

  await widget.say(ANGRY);
  const chip = desk.getByRole('button', { name: /negative/ }).first();
  await chip.waitFor();
  await desk.locator('mark').filter({ hasText: /worst|useless/ }).first().waitFor();
  assert.deepEqual(await seriousFindings(desk), []);
  await chip.focus();
  await desk.keyboard.press('Enter');
  await desk.getByText(/^Anger/).first().waitFor();
  await desk.getByText('text-1-encoder, tier 1').first().waitFor();

  // One click says what a message really is; the last word counts.
  const says = desk.getByRole('dialog').getByRole('button', { name: 'neutral', exact: true });
  await says.focus();
  await desk.keyboard.press('Enter');
  await desk.getByRole('button', { name: /neutral.*corrected/ }).first().waitFor();
  await desk.getByText('Grace Hopper said so').waitFor();
  assert.deepEqual(await seriousFindings(desk), []);
  if (process.env.SHOTS) await desk.screenshot({ path: `${process.env.SHOTS}/mood-corrected.png` });
  await desk.getByRole('dialog').getByRole('button', { name: 'negative', exact: true }).click();
  await desk.getByRole('button', { name: /negative.*corrected/ }).first().waitFor();
  const { stdout } = await promisify(execFile)(binary, ['export', 'labels', '--data-dir', server.data]);
  assert.equal(stdout, `text\tsentiment\n${ANGRY}\t-0.75\n`);
  if (process.env.SHOTS) await desk.screenshot({ path: `${process.env.SHOTS}/mood-wide.png` });
  await desk.keyboard.press('Escape');

  // A card number is gone before anything is kept; the rest of the words stays.
  await widget.say('My card is 4111 1111 1111 1111, expires next year');
  await desk.getByText('My card is card number, expires next year').first().waitFor();
  // Other languages are not scored.
  await widget.say('Ich warte schon seit zwei Wochen und niemand antwortet auf meine Nachrichten');
  await desk.getByText(/^Ich warte schon/).first().waitFor();

  const { customers } = await api.get('/v1/customers?limit=10');
  const customer = customers[0].customer;
  const { items } = await api.get(`/v1/customers/${customer}/timeline?limit=200`);
  const moods = items.filter(({ kind, tier }) => kind === 'mood' && tier === 0);
  const messages = items.filter(({ kind, author }) => kind === 'message' && author === 'customer');
  assert.equal(messages.length, 4);
  assert.deepEqual(moods.map(({ message }) => message), messages.slice(0, 3).map(({ message }) => message));
  const angry = moods[1];
  assert.ok(angry.sentiment.score < -0.7 && angry.emotions.anger >= 0.5, JSON.stringify(angry.sentiment));
  const again = items.find(({ replaces }) => replaces === angry.seq);
  assert.ok(again.tier === 1 && again.message === angry.message && again.sentiment.score < -0.7, JSON.stringify(again));
  const bytes = new TextEncoder().encode(ANGRY);
  for (const { start, end } of angry.evidence) assert.match(new TextDecoder().decode(bytes.slice(start, end)), /^\S+$/);
  const decided = items.filter(({ kind }) => kind === 'decision').map(({ rule }) => rule);
  assert.ok(decided.includes('angry-offer'), `decided: ${decided}`);
  assert.ok(!JSON.stringify(items).includes('4111 1111'));

  // The customer is told nothing of it.
  assert.ok(!(await widget.root.evaluate((it) => it.shadowRoot.textContent)).match(/negative|anger/i));
  assert.deepEqual(complaints, []);
});

test('what identifies her is hidden from staff until somebody says why, and never from her', async (t) => {
  t.after(() => browser.picture('hidden'));
  const { page, complaints } = await browser.newPerson();
  const widget = widgetOf(page);
  const written = 'I am ada@example.org, call +49 151 23456789, card 4111 1111 1111 1111';
  await page.goto(`${shop.origin}/`);
  await widget.help.waitFor();
  await page.evaluate(() => overture.open('chat'));
  await widget.say(written);
  await accept(desk);
  const shown = desk.getByText('I am e-mail address, call phone number, card card number');
  await shown.first().waitFor();
  assert.deepEqual(await seriousFindings(desk), []);

  // With the keyboard alone, and not without a reason.
  const show = desk.getByRole('button', { name: 'Show what was hidden' });
  await show.focus();
  await desk.keyboard.press('Enter');
  const dialog = desk.getByRole('dialog');
  await dialog.getByLabel('Why do you need it?').press('Enter');
  assert.ok(await dialog.isVisible(), 'it asks for a reason');
  assert.deepEqual(await seriousFindings(desk), []);
  if (process.env.SHOTS) await desk.screenshot({ path: `${process.env.SHOTS}/hidden-ask.png` });
  await desk.keyboard.type('To call her back');
  await desk.keyboard.press('Enter');
  await desk.getByText('I am ada@example.org, call +49 151 23456789, card card number').waitFor();
  await desk.getByText('looked at what was hidden in a message').waitFor();
  await desk.getByText('To call her back').waitFor();
  if (process.env.SHOTS) await desk.screenshot({ path: `${process.env.SHOTS}/hidden-shown.png` });
  await desk.getByRole('button', { name: 'Hide again' }).click();
  await shown.first().waitFor();

  // She reads her own words, but for the card, on the next page too.
  await page.goto(`${shop.origin}/checkout.html`);
  await widget.help.waitFor();
  await page.evaluate(() => overture.open('chat'));
  await widget.root.getByText('I am ada@example.org, call +49 151 23456789').waitFor();

  const { customers } = await api.get('/v1/customers?limit=10');
  for (const { customer } of customers) {
    const { items } = await api.get(`/v1/customers/${customer}/timeline?limit=200`);
    assert.doesNotMatch(JSON.stringify(items), /ada@example\.org|23456789|4111 1111/);
  }
  assert.deepEqual(complaints, []);
});
