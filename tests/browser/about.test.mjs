// What a message is about, by a classifier of the organisation's own: on the message, on the conversation, and corrected by staff with
// the keyboard alone.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { after, before, test } from './support/test.mjs';
import { seriousFindings, startBrowser } from './support/browser.mjs';
import { AGENT, accept, beAvailable, signIn } from './support/desk.mjs';
import { tabTo } from './support/matrix.mjs';
import { Api, binary, startServer } from './support/server.mjs';
import { openShop, widgetOf } from './support/shop.mjs';

const run = promisify(execFile);
const SENTENCES = {
  delivery: ['where is my parcel', 'the courier did not come', 'wo bleibt mein paket'],
  refund: ['i want my money back', 'the refund is missing', 'ich will mein geld zurück'],
  oos: ['sing a song', 'how tall is the tower', 'bake some bread'],
};
const ENDS = ['please', 'today', 'again', 'now', 'for me', 'this week'];

/** Trains a classifier and makes it the active one before the server starts. */
async function classifier(folder) {
  const rows = Object.entries(SENTENCES).flatMap(([label, texts]) =>
    texts.flatMap((text) => ENDS.map((end) => `${text} ${end}\t${label}`)),
  );
  await writeFile(join(folder, 'own.tsv'), `text\tlabel\n${rows.join('\n')}\n`);
  const models = join(folder, 'data/models');
  await run(binary, ['train', 'issues', '--train', 'own.tsv', '--out', 'shop'], { cwd: folder });
  await mkdir(models, { recursive: true, mode: 0o700 });
  await cp(join(folder, 'shop/issues.model'), join(models, 'shop.issues'));
  await run(binary, ['models', 'activate', 'shop', '--models', models]);
}

let server, browser, shop, desk;

before(async () => {
  server = await startServer({ prepare: classifier });
  const api = await Api.signIn(server);
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

const clean = async (page, where) => assert.deepEqual(await seriousFindings(page), [], where);
const shot = (name) => process.env.SHOTS && desk.screenshot({ path: `${process.env.SHOTS}/${name}.png` });

test('staff sees what a conversation is about and says what it is really about', async (t) => {
  t.after(() => browser.picture('about'));
  const { page, complaints } = await browser.newPerson();
  const widget = widgetOf(page);
  await page.goto(`${shop.origin}/`);
  await widget.help.waitFor();
  await page.evaluate(() => overture.open('chat'));
  await widget.say('I want my money back');
  await accept(desk);
  const header = desk.getByRole('region', { name: /^Conversation with/ }).locator('header');
  const list = desk.getByRole('link', { name: /About:/ });
  await header.getByText('About: refund').waitFor();
  await list.filter({ hasText: 'refund' }).waitFor();
  await clean(desk, 'the conversation');

  // With the keyboard alone: open the card, go to the issues, choose another.
  const { keyboard } = desk;
  await desk.getByRole('button', { name: /^Mood:/ }).first().focus();
  await keyboard.press('Enter');
  const card = desk.getByRole('dialog', { name: 'What these words say' });
  await card.getByText(/About: refund, \d+ %/).waitFor();
  const choice = card.getByRole('group', { name: 'This is about' });
  const pressed = choice.getByRole('button', { pressed: true });
  await pressed.filter({ hasText: 'refund' }).waitFor();
  await clean(desk, 'the card');
  await shot('about-card');
  await tabTo(desk, /^delivery$/);
  await keyboard.press('Enter');
  await pressed.filter({ hasText: 'delivery' }).waitFor();
  await card.getByText('Grace Hopper said so.').waitFor();
  await header.getByText('About: delivery').waitFor();
  await list.filter({ hasText: 'delivery' }).waitFor();
  await tabTo(desk, /^none of these$/);
  await keyboard.press('Space');
  await pressed.filter({ hasText: 'none of these' }).waitFor();
  await header.getByText('About:').waitFor({ state: 'detached' });
  assert.equal(await list.count(), 0);
  await clean(desk, 'corrected');
  await shot('about-corrected');
  await keyboard.press('Escape');

  // In a language that the text model was not made for the chip says what it is about.
  await widget.say('Wo bleibt mein Paket? Ich warte schon seit zwei Wochen darauf');
  await header.getByText('About: delivery').waitFor();
  await desk.getByRole('button', { name: 'About: delivery' }).click();
  await card.getByText(/About: delivery, \d+ %/).waitFor();
  assert.equal(await card.getByText('Emotions').count(), 0);
  await clean(desk, 'another language');
  await shot('about-other-language');
  await keyboard.press('Escape');

  const { stdout } = await run(binary, ['export', 'issues', '--data-dir', server.data]);
  assert.equal(stdout, 'text\tlabel\nI want my money back\toos\n');
  // The customer is told nothing of it.
  assert.ok(!(await widget.root.evaluate((it) => it.shadowRoot.textContent)).match(/refund|delivery/));
  assert.deepEqual(complaints, []);
});
