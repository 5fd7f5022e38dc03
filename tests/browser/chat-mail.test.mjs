// A customer leaves an address and the page: what the agent writes comes as one mail, and its link
// goes on with the chat.

import assert from 'node:assert/strict';
import { after, before, test } from './support/test.mjs';
import { startBrowser } from './support/browser.mjs';
import { AGENT, accept, beAvailable, reply, signIn } from './support/desk.mjs';
import { onEveryScreen, SCREENS } from './support/matrix.mjs';
import { Api, startServer, waitFor } from './support/server.mjs';
import { openShop } from './support/shop.mjs';
import { startMailServer } from './support/smtp.mjs';

let server, api, browser, shop, desk, post;

before(async () => {
  post = await startMailServer();
  server = await startServer({
    env: {
      OVERTURE_CHAT__AWAY_AFTER_S: '2',
      OVERTURE_SMTP__HOST: '127.0.0.1',
      OVERTURE_SMTP__PORT: String(post.port),
      OVERTURE_SMTP__SECURITY: 'none',
      OVERTURE_SMTP__FROM: 'Help <help@example.com>',
    },
  });
  api = await Api.signIn(server);
  const { revision, toml } = await api.get('/v1/admin/policy');
  const quick = toml
    .replace(/^mail_after_min = .*$/m, 'mail_after_min = 0')
    .replace(/^mail_collect_s = .*$/m, 'mail_collect_s = 3');
  await api.ask('PUT', '/v1/admin/policy', {
    toml: /^\[chat\]/m.test(quick) ? quick : `${toml}\n[chat]\nmail_after_min = 0\nmail_collect_s = 3\n`,
    base_revision: revision,
  });
  await api.addAgent({ ...AGENT, languages: [], capacity: { chat: 8, callback: 1 } });
  shop = await openShop(server.url, server.write_key);
  browser = await startBrowser();
  desk = (await browser.newPerson({ viewport: { width: 1440, height: 900 } })).page;
  await signIn(desk, server.url, AGENT);
  await beAvailable(desk);
});

after(async () => {
  await browser?.close();
  await shop?.close();
  await server?.stop();
  await post?.close();
});

onEveryScreen(test, 'answers come by mail', () => browser, async ({ page, press, clean, context }, { name, touch }) => {
  const email = `${touch ? 'phone' : 'desktop'}@example.com`;
  const mailsTo = () => post.mails.filter(({ to }) => to.includes(email));
  const root = page.locator('overture-widget');
  await page.goto(`${shop.origin}/`);
  await press(root.locator('.launcher, button').first());
  await press(root.locator('.panel .choice').first());
  const field = root.locator('#chat-email');
  const leave = root.locator('form.email button');
  await field.fill('no address');
  await press(leave);
  await root.locator('form.email .error').filter({ hasText: /\S/ }).waitFor();
  await clean('a wrong address');
  await field.fill(email);
  await press(leave);
  await field.waitFor({ state: 'hidden' });
  await root.locator('form.composer textarea').fill(`A question from ${name}`);
  await press(root.locator('form.composer button[type=submit]'));
  await accept(desk);
  await desk.getByText(`A question from ${name}`).first().waitFor();
  await root.getByText(/You are talking with/).waitFor();
  await page.close();
  await desk.getByText(/Customer left/).waitFor();
  await desk.getByText(new RegExp(`${email[0]}…@example\\.com`)).waitFor();
  await reply(desk, `First for ${name}`);
  await reply(desk, `Second for ${name}`);

  const [mail] = await waitFor('the mail', () => (mailsTo().length > 0 ? mailsTo() : null));
  assert.equal(mail.from, 'help@example.com');
  assert.deepEqual(mail.to, [email]);
  assert.equal(mail.head['auto-submitted'], 'auto-generated');
  assert.match(mail.head['message-id'], /^<[^@\s]+@[^>\s]+>$/);
  assert.ok(mail.text.indexOf(`First for ${name}`) < mail.text.indexOf(`Second for ${name}`), mail.text);
  assert.ok(mail.text.includes(`Second for ${name}`), mail.text);
  assert.ok(!mail.text.includes('A question from'), mail.text);

  // The link, in a browser that knows nothing of the chat.
  const links = mail.text.match(/https?:\/\/\S+/g);
  assert.equal(links.length, 1, mail.text);
  assert.ok(links[0].startsWith(`${server.url}/help/c/`), links[0]);
  await context.clearCookies();
  const later = await context.newPage();
  await later.goto(links[0]);
  await press(later.locator('#continue'));
  const again = later.locator('overture-widget');
  await again.getByText(`A question from ${name}`).waitFor();
  await again.getByText(`Second for ${name}`).waitFor();
  await desk.getByText(/· here/).first().waitFor();
  await again.locator('form.composer textarea').fill(`Back again, ${name}`);
  await press(again.locator('form.composer button[type=submit]'));
  await desk.getByText(`Back again, ${name}`).first().waitFor();

  // Who is there is not written to.
  await reply(desk, `Third for ${name}`);
  await again.getByText(`Third for ${name}`).waitFor();
  if (process.env.SHOTS) await later.screenshot({ path: `${process.env.SHOTS}/mail-${name.replace(/\W+/g, '-')}.png` });
  assert.equal(mailsTo().length, 1);
}, SCREENS.filter(({ rtl }) => !rtl));
