// Contact authorizations, whole: issued at the desk, redeemed by their link in another browser, told, revoked.

import assert from 'node:assert/strict';
import { after, before, test } from './support/test.mjs';
import { seriousFindings, startBrowser } from './support/browser.mjs';
import { AGENT, accept, beAvailable, reply, signIn } from './support/desk.mjs';
import { onEveryScreen, tabTo } from './support/matrix.mjs';
import { Api, startServer, waitFor } from './support/server.mjs';

const WORDS = {
  en: { start: 'Start a chat', denied: /cannot be started/, other: 'Get help', panel: /^Start a chat/ },
  ar: { start: 'بدء محادثة', denied: /لا يمكن بدء محادثة/, other: 'الحصول على المساعدة', panel: /^بدء محادثة/ },
};

let server, browser, api, admin, desk;

before(async () => {
  server = await startServer();
  api = await Api.signIn(server);
  await api.addAgent({ ...AGENT, languages: [], capacity: { chat: 20, callback: 1 } });
  browser = await startBrowser();
  const wide = { viewport: { width: 1440, height: 900 } };
  desk = (await browser.newPerson(wide)).page;
  await signIn(desk, server.url, AGENT);
  await beAvailable(desk);
  admin = (await browser.newPerson(wide)).page;
  await signIn(admin, server.url, { email: server.admin_email, password: server.admin_password });
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

const clean = async (page, where) => assert.deepEqual(await seriousFindings(page), [], where);
const shot = (name) => process.env.SHOTS && admin.screenshot({ path: `${process.env.SHOTS}/${name}.png` });
const story = () => admin.getByRole('list', { name: 'Its story' }).getByRole('listitem');

test('an admin authorizes contact by keyboard, and is told of what is wrong', async () => {
  await admin.goto(`${server.url}/desk/#/admin/grants`);
  await admin.getByText('No authorizations yet').waitFor();
  await clean(admin, 'an empty list');
  await admin.getByRole('button', { name: 'Authorize contact' }).focus();
  await admin.keyboard.press('Enter');
  const dialog = admin.getByRole('dialog');
  await tabTo(admin, /^E-mail address/);
  await admin.keyboard.type('nobody');
  await admin.keyboard.press('Enter');
  await dialog.getByRole('alert').waitFor();
  assert.equal(await dialog.getByRole('textbox').getAttribute('aria-invalid'), 'true');
  await clean(admin, 'a refused address');
  await shot('grant-refused');
  await dialog.getByRole('textbox').fill('ann@example.com');
  await admin.keyboard.press('Enter');
  await dialog.getByText('Send this link').waitFor();
  await clean(admin, 'the link');
  await dialog.getByRole('button', { name: 'Done' }).focus();
  await admin.keyboard.press('Enter');
  await story().filter({ hasText: 'Issued for one contact' }).waitFor();

  // Found again by whom it is for, and by its state.
  await admin.getByRole('searchbox').fill('ann@example.com');
  await admin.getByRole('button', { name: /0 of 1 used/ }).waitFor();
  await admin.getByRole('button', { name: 'Revoked' }).click();
  await admin.getByText('No authorization matches').waitFor();
  await clean(admin, 'nothing found');
});

onEveryScreen(test, 'a link is redeemed by its button, once', () => browser, async (person, { locale }) => {
  const { page, press } = person;
  const words = WORDS[locale];
  const email = `${locale}-${Math.random().toString(36).slice(2)}@example.com`;
  const identifier = { kind: 'email', value: email };
  const { grant, link } = await api.ask('POST', '/v1/grants', { identifier, limit: 1, ttl_s: 3600, channels: [] });
  const standing = () => api.get(`/v1/grants/${grant}`);

  // A mail scanner opens it, and so does the person: nothing is used up.
  assert.equal((await fetch(link)).status, 200);
  await page.goto(`${link}?locale=${locale}`);
  await page.getByRole('button', { name: words.start }).waitFor();
  await person.clean('the page of the link');
  assert.deepEqual((({ used, held }) => [used, held])(await standing()), [0, 0]);

  await press(page.getByRole('button', { name: words.start }));
  await accept(desk);
  await reply(desk, `Hello ${locale}, what can I do?`);
  await page.getByText(`Hello ${locale}, what can I do?`).waitFor();
  await waitFor('the use is counted', async () => (await standing()).used === 1);

  // The link again, here or elsewhere, goes on with that chat and uses nothing more.
  await page.goto(`${link}?locale=${locale}`);
  await press(page.getByRole('button', { name: words.start }));
  await page.getByText(`Hello ${locale}, what can I do?`).waitFor();
  const told = await standing();
  assert.deepEqual([told.used, told.held, told.state], [1, 0, 'exhausted']);
  const kinds = told.story.map((it) => it.change ?? it.kind);
  assert.deepEqual(kinds, ['issued', 'held', 'conversation', 'connected']);

  // The chat is over: the link is refused, says nothing of why, and still leads to help.
  const { conversation } = told.story.find((it) => it.kind === 'conversation');
  const agent = await Api.signIn(server, AGENT.email, AGENT.password);
  await agent.ask('POST', `/v1/conversations/${conversation}/resolve`, { code: 'solved', notes: '' });
  await page.goto(`${link}?locale=${locale}`);
  await press(page.getByRole('button', { name: words.start }));
  await page.getByText(words.denied).waitFor();
  await person.clean('a refused link');
  await press(page.getByRole('button', { name: words.other }));
  await page.getByRole('button', { name: words.panel }).waitFor();
});

test('its story is told, and a revoked one is refused', async () => {
  const identifier = { kind: 'email', value: 'ben@example.com' };
  const { grant, link } = await api.ask('POST', '/v1/grants', { identifier, limit: 3, ttl_s: 3600, channels: ['chat'] });
  const { page } = await browser.newPerson();
  await page.goto(link);
  await page.getByRole('button', { name: WORDS.en.start }).click();
  await accept(desk);
  await admin.goto(`${server.url}/desk/#/admin/grants/${grant}`);
  await story().filter({ hasText: 'An agent took it' }).waitFor();
  await story().filter({ hasText: `It led to a chat with ${AGENT.name}` }).waitFor();
  await shot('grant-story');
  for (const theme of ['dark', 'light']) {
    await admin.emulateMedia({ colorScheme: theme });
    await clean(admin, `a story, ${theme}`);
    await shot(`grant-story-${theme}`);
  }
  await admin.setViewportSize({ width: 360, height: 780 });
  await clean(admin, 'a story, narrow');
  await shot('grant-story-narrow');
  await admin.setViewportSize({ width: 1440, height: 900 });

  await admin.getByRole('button', { name: 'Revoke', exact: true }).click();
  await admin.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
  await story().filter({ hasText: 'Revoked: its link' }).waitFor();
  const other = (await browser.newPerson()).page;
  await other.goto(link);
  await other.getByRole('button', { name: WORDS.en.start }).click();
  await other.getByText(WORDS.en.denied).waitFor();
  const { story: told } = await api.get(`/v1/grants/${grant}`);
  assert.deepEqual(told.slice(-2).map((it) => [it.change, it.detail]), [['revoked', undefined], ['denied', 'revoked']]);
});
