// Request Callback, whole: from the banner or the Help button, a number that is proven, a time, told and moved and called
// off; and the call, now or when its time has come, made at the desk.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from './support/test.mjs';
import { startBrowser } from './support/browser.mjs';
import { comingHour, movableClock } from './support/clock.mjs';
import { AGENT, beAvailable, incoming, signIn } from './support/desk.mjs';
import { focusedName, onEveryScreen } from './support/matrix.mjs';
import { Api, startServer, waitFor } from './support/server.mjs';
import { openShop } from './support/shop.mjs';

const WORDS = {
  en: {
    help: /^Help/,
    callback: /^Request a callback/,
    country: 'Country',
    number: 'Phone number',
    texts: /text messages/,
    now: /^As soon as possible/,
    book: 'Book this call',
    call: 'Call me',
    promised: /^We will call you on/,
    short: /emergency or short numbers/,
    wrong: /does not exist/,
    move: 'Choose another time',
    save: 'Move the call',
    cancel: 'Cancel the callback',
    sure: 'Really cancel?',
    cancelled: 'Your callback was cancelled.',
    again: 'Request another callback',
    waiting: /Your callback is requested/,
    takes: /is about to call you/,
    retry: /We tried to call you/,
    sms: /^Your callback is booked/,
    codeField: 'Code',
    send: 'Continue',
    wrongCode: /not the code we sent/,
    done: 'This callback is closed.',
  },
  ar: {
    help: /^المساعدة/,
    callback: /^طلب معاودة الاتصال/,
    country: 'البلد',
    number: 'رقم الهاتف',
    texts: /رسائل نصية/,
    now: /^في أقرب وقت ممكن/,
    book: 'حجز الاتصال',
    call: 'اتصلوا بي',
    promised: /^سنتصل بك:/,
    short: /أرقام الطوارئ/,
    wrong: /غير موجود/,
    move: 'اختيار وقت آخر',
    save: 'تغيير الموعد',
    cancel: 'إلغاء طلب الاتصال',
    sure: 'هل تريد الإلغاء فعلًا؟',
    cancelled: 'تم إلغاء مكالمتكم.',
    again: 'طلب اتصال آخر',
    waiting: /تم تسجيل طلبك/,
    takes: /سيتصل بك/,
    retry: /لم نتمكن من الوصول/,
    sms: /^تم حجز مكالمتكم/,
    codeField: 'الرمز',
    send: 'متابعة',
    wrongCode: /ليس هذا الرمز/,
    done: 'تم إغلاق هذه المكالمة.',
  },
};

/** The banner comes when the page says so, and not when a story happens to look like a struggle. */
const BANNER_RULE = `
[[rules]]
id = "asked-by-the-page"
when = 'event.name == "needs_help"'
action = "offer"
priority = 100
options = ["callback", "chat"]
`;

const shops = {};
let server, clock, api, agent, browser, desk, texts, textServer;

before(async () => {
  texts = [];
  textServer = createServer((request, response) => {
    let body = '';
    request.on('data', (part) => (body += part));
    request.on('end', () => {
      if (request.method === 'POST') texts.push(Object.fromEntries(new URLSearchParams(body)));
      response.writeHead(request.method === 'POST' ? 201 : 200, { 'content-type': 'application/json' });
      response.end(request.method === 'POST' ? '{"sid":"SM1"}' : '{"messages":[]}');
    });
  });
  await new Promise((listening) => textServer.listen(0, '127.0.0.1', listening));
  clock = await movableClock();
  // A whole day of times is ahead, and every story ends before midnight.
  await clock.goTo(comingHour(6));
  server = await startServer({
    env: {
      ...clock.env,
      OVERTURE_SMS__URL: `http://127.0.0.1:${textServer.address().port}`,
      OVERTURE_SMS__ACCOUNT: 'ACtest',
      OVERTURE_SMS__TOKEN: 'secret',
      OVERTURE_SMS__FROM: 'Overture',
      OVERTURE_SMS__ALLOW_PRIVATE_ADDRESSES: 'true',
    },
  });
  api = await Api.signIn(server);
  const always = Array.from({ length: 7 }, () => [[0, 1440]]);
  await api.addAgent({ ...AGENT, languages: [], hours: { days: always, time_zone: 'UTC' } });
  agent = await Api.signIn(server, AGENT.email, AGENT.password);
  await api.goLive();
  const { revision, toml } = await api.get('/v1/admin/policy');
  await api.ask('PUT', '/v1/admin/policy', { toml: toml + BANNER_RULE, base_revision: revision });
  for (const locale of Object.keys(WORDS)) shops[locale] = await openShop(server.url, server.write_key, locale);
  browser = await startBrowser();
  desk = (await browser.newPerson({ viewport: { width: 1440, height: 900 } })).page;
  await signIn(desk, server.url, AGENT);
  await beAvailable(desk);
});

after(async () => {
  await browser?.close();
  for (const shop of Object.values(shops)) await shop.close();
  await server?.stop();
  await clock?.close();
  textServer?.close();
});

/** Numbers of their own, so that no story meets another's limits. */
let people = 0;
const freshNumber = () => `20 7946 0${String(100 + (people += 1)).padStart(3, '0')}`;

async function openCallback(page, shop, words, press) {
  await page.goto(`${shop.origin}/checkout.html`);
  const root = page.locator('overture-widget');
  await root.getByRole('button', { name: words.help }).waitFor();
  await press(root.getByRole('button', { name: words.help }));
  await press(root.getByRole('button', { name: words.callback }));
  await root.getByLabel(words.number).waitFor();
  return root;
}

onEveryScreen(test, 'a callback is promised, moved and called off', () => browser, async (person, { locale }) => {
  const { page, press, clean } = person;
  const words = WORDS[locale];
  const root = await openCallback(page, shops[locale], words, press);
  await clean('the form');
  await root.getByLabel(words.country).selectOption('GB');
  const number = root.getByLabel(words.number);

  for (const [typed, said] of [['999', words.short], ['20 79', words.short], ['20 7946 0018 0000', words.wrong]]) {
    await number.fill(typed);
    await number.press('Enter');
    await root.getByRole('alert').filter({ hasText: said }).waitFor();
    assert.equal(await number.getAttribute('aria-invalid'), 'true', typed);
  }
  const mine = freshNumber();
  await number.fill(mine);
  await press(root.getByLabel(words.texts));
  const slots = root.locator('fieldset fieldset').last().locator('label');
  const chosen = (await slots.nth(1).textContent()).trim();
  await press(slots.nth(1));
  await press(root.getByRole('button', { name: words.book }));
  const promised = root.getByText(words.promised);
  await promised.waitFor();
  const first = await promised.textContent();
  const hour = chosen.match(/[\d\u0660-\u0669]+:[\d\u0660-\u0669]+/)[0];
  const hours = first.match(/[\d\u0660-\u0669]+:[\d\u0660-\u0669]+/g);
  assert.equal(hours.length, 2, `${first} says from when to when`);
  assert.equal(hours[0], hour, `${first} names ${chosen}`);
  await clean('the promise');

  const e164 = `+44${mine.replace(/\s/g, '')}`;
  const sent = () => texts.filter((it) => it.To === e164).map((it) => it.Body);
  await waitFor('the confirmation by text message', () => sent().length === 1);
  assert.match(sent()[0], words.sms);
  const list = await waitFor('the promise at the desk', async () => {
    const found = await agent.get('/v1/desk/callbacks');
    return found.find((it) => it.phone === e164);
  });

  await press(root.getByRole('button', { name: words.move }));
  const others = root.locator('fieldset').last().locator('label');
  await others.nth(4).waitFor();
  await press(others.nth(4));
  await press(root.getByRole('button', { name: words.save }));
  await waitFor('another time', async () => (await promised.textContent()) !== first);
  const moved = await agent.get('/v1/desk/callbacks');
  assert.notEqual(moved.find((it) => it.conversation === list.conversation).due_at, list.due_at);

  // It is still there after the page is left.
  await page.goto(`${shops[locale].origin}/cart.html`);
  await press(root.getByRole('button', { name: words.help }));
  await press(root.locator('.choice').nth(1));
  await promised.waitFor();

  await press(root.getByRole('button', { name: words.cancel }));
  await press(root.getByRole('button', { name: words.sure }));
  await root.getByText(words.cancelled).waitFor();
  await waitFor('nobody is promised a call', async () => {
    const left = await agent.get('/v1/desk/callbacks');
    return left.every((it) => it.conversation !== list.conversation);
  });
  await root.getByRole('button', { name: words.again }).waitFor();
  await waitFor('three text messages', () => sent().length === 3);
});

onEveryScreen(test, 'a call now is made from the desk with one key', () => browser, async (person, { locale }) => {
  const { page, press, clean } = person;
  const words = WORDS[locale];
  const root = await openCallback(page, shops[locale], words, press);
  await root.getByLabel(words.country).selectOption('GB');
  await root.getByLabel(words.number).fill(freshNumber());
  await root.getByLabel(words.now).check({ force: true });
  await press(root.getByRole('button', { name: words.call, exact: true }));
  await root.getByText(words.waiting).waitFor();

  await incoming(desk).getByRole('button', { name: /^Accept/ }).first().click();
  await root.getByRole('status').filter({ hasText: words.takes }).waitFor();
  const task = desk.getByRole('region', { name: 'Callback', exact: true });
  await task.getByRole('link', { name: /^Call \+44 20 7946 0/ }).waitFor();
  assert.match(await task.getByRole('link').getAttribute('href'), /^tel:\+44207946/);
  await task.getByText('United Kingdom').waitFor();
  // Context first: where they are and why is beside the task.
  await desk.getByRole('complementary', { name: 'Customer context' }).getByText('/checkout').first().waitFor();

  // Nobody picks up: one key, and the customer is told when we try again.
  await desk.keyboard.press('2');
  await root.getByText(words.retry).waitFor();
  await clean('the next try');
  const promise = desk.getByRole('region', { name: 'Scheduled callback' });
  await promise.waitFor();
  await promise.getByRole('button', { name: 'Cancel the call' }).click();
  await desk.getByRole('dialog').getByRole('button', { name: 'Cancel the call' }).click();
  await root.getByText(words.cancelled).waitFor();
});

/** Whether numbers must be proven by a code from now on. */
async function proveNumbers(verify) {
  const { brands } = await api.get('/v1/admin/brands');
  const { brand, is_default, sources, ...fields } = brands[0];
  fields.callback.verify_sms = verify;
  await api.ask('PUT', `/v1/admin/brands/${brand}`, fields);
}

const KEPT = 'a promise from the banner, proven by a code, is kept at the desk';
onEveryScreen(test, KEPT, () => browser, async ({ page, press, clean }, { locale }, t) => {
  const words = WORDS[locale];
  await proveNumbers(true);
  t.after(() => proveNumbers(false));
  await page.goto(`${shops[locale].origin}/checkout.html`);
  const root = page.locator('overture-widget');
  await root.getByRole('button', { name: words.help }).waitFor();
  await page.evaluate(() => window.overture('signal', 'needs_help'));
  const card = root.locator('.card');
  await card.waitFor();
  // On a narrow screen the banner is one line until somebody wants more of it.
  const option = card.locator('.option[data-kind=callback]');
  if (!(await option.isVisible())) await press(card.locator('.more'));
  await clean('the banner');
  await press(option);

  const number = root.getByLabel(words.number);
  await number.waitFor();
  await root.getByLabel(words.country).selectOption('GB');
  const mine = freshNumber();
  const e164 = `+44${mine.replace(/\s/g, '')}`;
  await number.fill(mine);
  const times = root.locator('fieldset fieldset').last().locator('label');
  await press(times.first());
  await press(root.getByRole('button', { name: words.book }));

  const code = root.getByLabel(words.codeField, { exact: true });
  await code.waitFor();
  await clean('the code');
  const sent = await waitFor('the code by text message', () => texts.find((it) => it.To === e164)?.Body);
  const right = sent.match(/\d{6}/)[0];
  await code.fill(right === '000000' ? '111111' : '000000');
  await press(root.getByRole('button', { name: words.send }));
  await root.getByRole('alert').filter({ hasText: words.wrongCode }).waitFor();
  assert.equal(await code.getAttribute('aria-invalid'), 'true');
  await clean('a wrong code');
  await code.fill(right);
  await press(root.getByRole('button', { name: words.send }));
  await root.getByText(words.promised).waitFor();
  await card.waitFor({ state: 'detached' });
  const promise = await waitFor('the promise at the desk', async () => {
    const all = await agent.get('/v1/desk/callbacks');
    return all.find((it) => it.phone === e164);
  });

  // Its time comes; that the page says something wakes whoever waits.
  await clock.goTo(promise.due_at);
  await page.evaluate(() => window.overture('signal', 'still_here'));
  await root.getByText(words.waiting).waitFor();
  await clean('the call is due');
  await incoming(desk).getByRole('button', { name: /^Accept/ }).first().click();
  await root.getByRole('status').filter({ hasText: words.takes }).waitFor();
  const task = desk.getByRole('region', { name: 'Callback', exact: true });
  await task.getByRole('link', { name: /^Call \+44 20 7946 0/ }).waitFor();
  await task.getByRole('timer').filter({ hasText: /^Promised by/ }).waitFor();
  assert.equal(await task.getByRole('link').getAttribute('href'), `tel:${e164}`);
  await desk.keyboard.press('1');
  await root.getByText(words.done).waitFor();
  await clean('the end');
  await root.getByRole('button', { name: words.again }).waitFor();
  const left = await agent.get('/v1/desk/callbacks');
  assert.ok(left.every((it) => it.conversation !== promise.conversation));
});

/** What begins with these words. */
const begins = (words) => (words instanceof RegExp ? words : new RegExp(`^${words}`));

onEveryScreen(test, 'everything is done without a pointer', () => browser, async (person, { locale }) => {
  const { page, tabTo, clean } = person;
  const words = WORDS[locale];
  await page.goto(`${shops[locale].origin}/checkout.html`);
  const root = page.locator('overture-widget');
  await root.getByRole('button', { name: words.help }).waitFor();
  await tabTo(words.help, 80);
  await page.keyboard.press('Enter');
  await root.getByRole('button', { name: words.callback }).waitFor();
  await tabTo(words.callback);
  await page.keyboard.press('Enter');
  await root.getByLabel(words.number).waitFor();
  await tabTo(begins(words.number));
  await page.keyboard.type(`+44 ${freshNumber()}`);
  await tabTo(words.now);
  await page.keyboard.press('Tab');
  // Arrow keys choose the day, then a time; down is onward whichever way is written.
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Space');
  await page.keyboard.press('ArrowDown');
  await tabTo(begins(words.book));
  await page.keyboard.press('Enter');
  const promised = root.getByText(words.promised);
  await promised.waitFor();
  const first = await promised.textContent();

  await tabTo(begins(words.move));
  await page.keyboard.press('Enter');
  await root.getByRole('button', { name: words.save }).waitFor();
  await clean('choosing another time');
  // The focus is on the days; the times come after them.
  await page.keyboard.press('Tab');
  await page.keyboard.press('Space');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await tabTo(begins(words.save));
  await page.keyboard.press('Enter');
  await waitFor('another time', async () => (await promised.textContent()) !== first);
  await waitFor('the focus is where it was', async () => begins(words.move).test(await focusedName(page)));

  await page.keyboard.press('Tab');
  assert.match(await focusedName(page), begins(words.cancel));
  await page.keyboard.press('Enter');
  await page.keyboard.press('Enter');
  await root.getByText(words.cancelled).waitFor();
  await waitFor('the focus is on what can be done next', async () => begins(words.again).test(await focusedName(page)));
  await clean('the end');
});
