// A chat from its first word to its copy: files, typing, read marks, presence, and coming back.

import assert from 'node:assert/strict';
import { after, before, test } from './support/test.mjs';
import { startBrowser } from './support/browser.mjs';
import { AGENT, accept, beAvailable, reply, resolve, signIn } from './support/desk.mjs';
import { onEveryScreen } from './support/matrix.mjs';
import { Api, startServer, waitFor } from './support/server.mjs';
import { openShop } from './support/shop.mjs';

let server, api, browser, desk;
const shops = {};

/** What the widget's controls are called, by language. */
const WORDS = {
  en: { consent: 'By chatting you agree', seen: 'Seen', typing: /is typing/, copy: 'Save a copy of this chat' },
  ar: { consent: 'ببدء المحادثة', seen: 'تمت القراءة', typing: /يكتب الآن/, copy: 'حفظ نسخة من هذه المحادثة' },
};

// One red pixel.
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==',
  'base64',
);

before(async () => {
  server = await startServer({ env: { OVERTURE_CHAT__AWAY_AFTER_S: '2' } });
  api = await Api.signIn(server);
  await api.addAgent({ ...AGENT, languages: [], capacity: { chat: 8, callback: 1 } });
  for (const locale of ['en', 'ar']) shops[locale] = await openShop(server.url, server.write_key, locale);
  browser = await startBrowser();
  desk = (await browser.newPerson({ viewport: { width: 1440, height: 900 } })).page;
  await signIn(desk, server.url, AGENT);
  await beAvailable(desk);
});

after(async () => {
  await browser?.close();
  for (const shop of Object.values(shops)) await shop.close();
  await server?.stop();
});

onEveryScreen(test, 'the story of a chat', () => browser, async ({ page, press, clean, context }, { locale, name }) => {
  const words = WORDS[locale];
  const shop = shops[locale];
  const root = page.locator('overture-widget');
  const composer = root.locator('form.composer');
  const first = `A question from ${name}`;
  await page.goto(`${shop.origin}/`);
  await press(root.locator('.launcher, button').first());
  await press(root.locator('.panel .choice').first());
  await root.getByText(words.consent).waitFor();
  await clean('before the first word');

  await composer.locator('textarea').fill(first);
  await press(composer.locator('button[type=submit]'));
  await accept(desk);
  await desk.getByText(first).first().waitFor();
  await root.getByText(words.consent).waitFor({ state: 'hidden' });

  // The agent types, then answers; what was read is marked on both sides.
  await desk.getByLabel('Reply').pressSequentially('I am');
  await root.getByText(words.typing).waitFor();
  await reply(desk, `An answer for ${name}`);
  await root.getByText(`An answer for ${name}`).waitFor();
  await root.getByText(words.seen).waitFor();
  await desk.getByText('Seen', { exact: true }).first().waitFor();
  await composer.locator('textarea').pressSequentially('And');
  await desk.getByText('The customer is typing…').waitFor();

  // A picture, described; something that is none is refused.
  const files = root.locator('input[type=file]');
  await files.setInputFiles({ name: 'evil.svg', mimeType: 'image/svg+xml', buffer: Buffer.from('<svg/>') });
  await root.locator('.error').filter({ hasText: 'evil.svg' }).waitFor();
  await files.setInputFiles({ name: 'bill.png', mimeType: 'image/png', buffer: PNG });
  await root.locator('.file progress').waitFor({ state: 'detached' });
  await root.locator('.file input').fill('The last bill');
  await clean('with a file to send');
  await press(composer.locator('button[type=submit]'));
  await desk.getByAltText('The last bill').waitFor();
  await root.locator('.attached canvas').waitFor();
  await desk.locator('form.reply input[type=file]').setInputFiles({ name: 'how.txt', mimeType: 'text/plain', buffer: Buffer.from('Do this.') });
  await desk.getByText('how.txt').waitFor();
  await waitFor('the upload', async () => (await desk.locator('form.reply progress').count()) === 0);
  await desk.getByRole('button', { name: 'Send' }).click();
  await root.getByText('how.txt').waitFor();

  // The tab closes, and the agent sees it; another tab finds the chat again.
  await page.screenshot({ path: process.env.SHOTS ? `${process.env.SHOTS}/chat-${name.replace(/\W+/g, '-')}.png` : undefined });
  const next = await context.newPage();
  await page.close();
  await desk.getByText(/Customer left/).waitFor();
  await next.goto(`${shop.origin}/checkout.html`);
  await desk.getByText(/· here/).first().waitFor();
  const again = next.locator('overture-widget');
  await press(again.locator('.launcher, button').first());
  await again.getByText(`An answer for ${name}`).waitFor();
  await resolve(desk, 'Answered.');
  await again.locator('form.composer').waitFor({ state: 'hidden' });
  await again.getByRole('button', { name: words.copy }).waitFor();
});
