// A guide's whole story: staff pick an element on the organisation's page, write, try and publish;
// customers meet it on every screen; its element vanishes, and staff hear of it.

import assert from 'node:assert/strict';
import { after, before, test } from './support/test.mjs';
import { startBrowser, seriousFindings } from './support/browser.mjs';
import { signIn } from './support/desk.mjs';
import { onEveryScreen } from './support/matrix.mjs';
import { servePages } from './support/pages.mjs';
import { Api, startServer, waitFor } from './support/server.mjs';
import { strictHeaders } from './support/shop.mjs';
import { recordVideo } from './support/video.mjs';

const form = (field) => `<form><h1>Pay</h1>
  <p><label>Order number <input name="order"></label></p>
  <p>${field}</p>
  <p><button type="button" id="pay">Pay now</button></p></form>`;
const COUPON = '<label>Coupon <input id="coupon" name="coupon"></label>';

let server;
let api;
let browser;
let site;
let writeKey;
let hasCoupon = true;

const page = (locale) => `<!doctype html><html lang="${locale}" dir="${locale === 'ar' ? 'rtl' : 'ltr'}">
  <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Shop</title></head>
  <body><main>${form(hasCoupon ? COUPON : '<span>Coupons are over.</span>')}</main>
  <script src="${server.url}/widget.js" data-write-key="${writeKey}" data-locale="${locale}"></script></body></html>`;

before(async () => {
  server = await startServer();
  api = await Api.signIn(server);
  [{ write_keys: [{ key: writeKey }] }] = await api.get('/v1/admin/sources');
  await api.goLive();
  browser = await startBrowser();
  const paths = /^\/(en|ar)\/(pay|steps|film|strict)$/;
  site = await servePages(
    new Proxy(
      {},
      {
        get(_, path) {
          const [, locale, name] = paths.exec(path) ?? [];
          if (!name) return undefined;
          return () => ({
            body: page(locale).replaceAll('<script', '<script nonce="n1"'),
            // What the administration prints for a site, in full.
            headers: name === 'strict' || name === 'film' ? strictHeaders(server.url, 'n1') : {},
          });
        },
      },
    ),
  );
});

after(async () => {
  await browser?.close();
  await site?.close();
  await server?.stop();
});

/** Makes a guide in the desk, up to its editor, with the texts of one card or step in two languages left to write. */
async function begin(desk, { name, kind, pages }) {
  await desk.goto(`${server.url}/desk/#/admin/guides`);
  await desk.getByRole('button', { name: 'New guide' }).click();
  await desk.getByLabel('Name', { exact: true }).fill(name);
  await desk.getByLabel('Kind').selectOption({ label: kind });
  await desk.getByRole('button', { name: 'Create' }).click();
  await desk.getByRole('heading', { name, exact: true }).waitFor();
  await desk.getByLabel('Pages', { exact: true }).fill(pages);
  await desk.getByLabel('How often').selectOption('always');
}

async function writeIn(desk, locale, texts) {
  const known = desk.getByRole('group', { name: 'Language' }).getByRole('button', { name: locale, exact: true });
  if (await known.count()) await known.click();
  else {
    await desk.getByLabel('Another language').fill(locale);
    await desk.getByRole('button', { name: 'Add language' }).click();
  }
  for (const [at, { title, text }] of texts.entries()) {
    await desk.getByLabel(`Title (${locale})`).nth(at).fill(title);
    await desk.getByLabel(`Text (${locale}), Markdown`).nth(at).fill(text);
  }
}

/** Picks the element that `selector` names, on the organisation's own page. */
async function pick(desk, context, at, selector) {
  const said = desk.getByText(`Element picked for step ${at + 1}: strong.`);
  const [shop] = await Promise.all([
    context.pages().length > 1 ? context.pages().at(-1) : context.waitForEvent('page'),
    desk.getByRole('button', { name: 'Pick on the page' }).nth(at).click(),
  ]);
  await shop.locator('overture-widget').getByText(/Select an element/).waitFor();
  await shop.bringToFront();
  await shop.locator(selector).click();
  await said.waitFor();
  await desk.bringToFront();
}

async function staff(t, name) {
  const { page: desk, context, complaints } = await browser.newPerson({ viewport: { width: 1440, height: 1200 } });
  t.after(async () => {
    await browser.picture(name);
    await context.close();
  });
  await signIn(desk, server.url, { email: server.admin_email, password: server.admin_password });
  return { desk, context, complaints };
}

async function publish(desk) {
  await desk.getByRole('button', { name: 'Publish' }).click();
  await desk.getByText('live, revision 1').waitFor();
}

const isApart = (one, other) =>
  one.x >= other.x + other.width || one.x + one.width <= other.x || one.y >= other.y + other.height || one.y + one.height <= other.y;

const words = {
  en: { title: 'Have a coupon?', text: 'Type it **here** before you pay.' },
  ar: { title: 'هل لديك قسيمة؟', text: 'اكتبها هنا قبل الدفع.' },
};

let guide;

test('staff pick an element, write, try and publish', async (t) => {
  const { page: desk, context, complaints } = await browser.newPerson({ viewport: { width: 1440, height: 900 } });
  t.after(async () => {
    await browser.picture('guides-desk');
    await context.close();
  });
  await signIn(desk, server.url, { email: server.admin_email, password: server.admin_password });
  await desk.goto(`${server.url}/desk/#/admin/guides`);
  await desk.getByText('No guides yet').waitFor();
  await desk.getByRole('button', { name: 'New guide' }).click();
  await desk.getByLabel('Name', { exact: true }).fill('Coupon field');
  await desk.getByRole('button', { name: 'Create' }).click();
  await desk.getByRole('heading', { name: 'Coupon field' }).waitFor();
  guide = new URL(desk.url()).hash.split('/')[3];

  await desk.getByLabel('Pages', { exact: true }).fill('/*/pay');
  await desk.getByLabel(/^Audience/).fill('session.pth == "x"');
  await desk.getByText(/Line 1, column 1: .*session\.path/).waitFor();
  await desk.getByLabel(/^Audience/).fill('session.wid');
  await desk.getByRole('button', { name: 'session.widget' }).click();
  await desk.getByText(/customers last heard of match now/).waitFor();

  await desk.getByLabel(/^Address to pick on/).fill(`${site.origin}/en/pay`);
  const [shop] = await Promise.all([
    context.waitForEvent('page'),
    desk.getByRole('button', { name: 'Pick on the page' }).click(),
  ]);
  const bar = shop.locator('overture-widget').getByRole('region', { name: 'Guide preview' });
  await bar.getByText(/Select an element/).waitFor();
  assert.ok(!shop.url().includes('overture_preview'), 'the token does not stay in the address');
  const before = (await api.get('/v1/customers?query=')).customers.length;
  // With the keyboard: down the page to the coupon, and take it.
  const announced = shop.locator('overture-widget .pick-box');
  await waitFor('the coupon field is marked', async () => {
    await shop.keyboard.press('Tab');
    return /input.*reliably/.test(await announced.textContent()) && shop.locator('#coupon').evaluate((field) => {
      const box = document.querySelector('overture-widget').shadowRoot.querySelector('.pick-box').getBoundingClientRect();
      const own = field.getBoundingClientRect();
      return Math.abs(box.top - own.top) < 4 && Math.abs(box.left - own.left) < 4;
    });
  });
  await shop.keyboard.press('Enter');
  await desk.getByText('Element picked for step 1: strong.').waitFor();
  await desk.getByText('<input> id=coupon').waitFor();

  await desk.getByLabel('Title (en)').fill(words.en.title);
  await desk.getByLabel('Text (en), Markdown').fill(words.en.text);
  await desk.getByLabel('Another language').fill('ar');
  await desk.getByRole('button', { name: 'Add language' }).click();
  await desk.getByLabel('Title (ar)').fill(words.ar.title);
  await desk.getByLabel('Text (ar), Markdown').fill(words.ar.text);
  await desk.getByRole('button', { name: 'Show this step' }).click();
  await shop.locator('overture-widget').getByRole('heading', { name: words.ar.title }).waitFor();
  await desk.getByRole('button', { name: 'en', exact: true }).click();
  await shop.locator('overture-widget').getByRole('heading', { name: words.en.title }).waitFor();
  await desk.getByLabel('Title (en)').fill('Got a coupon?');
  await shop.locator('overture-widget').getByRole('heading', { name: 'Got a coupon?' }).waitFor();
  await desk.getByLabel('Title (en)').fill(words.en.title);
  assert.deepEqual(await seriousFindings(shop), []);
  const after = (await api.get('/v1/customers?query=')).customers.length;
  assert.equal(after, before, 'a preview is no visit');

  await desk.getByLabel('How often').selectOption('visit');
  assert.deepEqual(await seriousFindings(desk), []);
  await desk.getByRole('button', { name: 'Publish' }).click();
  await desk.getByText('live, revision 1').waitFor();
  assert.deepEqual(complaints, []);
});

onEveryScreen(test, 'a customer meets the guide', () => browser, async ({ page: shop, press, tabTo, clean }, { locale, touch }) => {
  await shop.goto(`${site.origin}/${locale}/pay`);
  const widget = shop.locator('overture-widget');
  const card = widget.getByRole('region', { name: words[locale].title });
  await card.waitFor();
  assert.equal(await shop.evaluate(() => document.activeElement === document.body), true, 'the focus is left alone');
  await clean('the guide is open');
  const [own, field] = [await card.boundingBox(), await shop.locator('#coupon').boundingBox()];
  assert.ok(isApart(own, field), 'the card is not over its element');
  assert.ok(isApart(own, await shop.locator('#pay').boundingBox()), 'nor over what pays');
  assert.ok(own.x >= 0 && own.x + own.width <= shop.viewportSize().width, 'the card is on the screen');
  const close = /^(Close|إغلاق)$/;
  if (touch) await press(card.getByRole('button', { name: close }));
  else {
    await tabTo(close);
    await shop.keyboard.press('Escape');
  }
  await card.waitFor({ state: 'detached' });
  await shop.reload();
  await widget.getByRole('button').first().waitFor();
  await clean('the guide was closed');
  assert.equal(await card.isVisible(), false, 'closed, it does not come back in the same visit');
});

test('what customers did with it is counted', async () => {
  const { guides: [row] } = await waitFor('four views', async () => {
    const found = await api.get('/v1/admin/guides');
    return found.guides[0].counts.shown === 4 && found.guides[0].counts.closed === 4 && found;
  });
  assert.equal(row.broken, undefined);
  assert.equal(row.counts.steps[0], 4);
});

test('when its element is gone, staff hear of it, and again when it is back', async () => {
  hasCoupon = false;
  const visit = async (until) => {
    const { page: shop, context } = await browser.newPerson();
    const told = shop.waitForResponse((it) => it.url().endsWith('/facts') && until.test(it.request().postData()));
    await shop.goto(`${site.origin}/en/pay`);
    await told;
    assert.equal(await shop.locator('overture-widget').getByText(words.en.title).count() > 0, hasCoupon);
    await context.close();
  };
  await Promise.all([1, 2, 3].map(() => visit(/anchor_missing/)));
  const alerts = async () => (await api.get('/v1/desk/state')).alerts.filter((it) => it.text.includes('Coupon field'));
  const [alert] = await waitFor('the alert', async () => ((found) => found.length && found)(await alerts()));
  assert.match(alert.text, /step 1 was not found for 3 of/);
  const { guides: [row] } = await api.get('/v1/admin/guides');
  assert.deepEqual(row.broken.step, 1);
  hasCoupon = true;
  await Promise.all([1, 2, 3].map(() => visit(/"step"/)));
  await waitFor('the alert is over', async () => (await alerts()).length === 0);
  assert.equal((await api.get('/v1/admin/guides')).guides[0].broken, undefined);
});

const steps = {
  en: [
    { title: 'Your order number', text: 'It is on the **receipt**.' },
    { title: 'Then your coupon', text: 'If you have one.' },
    { title: 'And pay', text: 'That is all.' },
  ],
  ar: [
    { title: 'رقم طلبك', text: 'تجده على **الإيصال**.' },
    { title: 'ثم القسيمة', text: 'إن كانت لديك.' },
    { title: 'وادفع', text: 'هذا كل شيء.' },
  ],
};

test('staff write a guide of steps', async (t) => {
  const { desk, context, complaints } = await staff(t, 'guides-steps');
  await begin(desk, { name: 'Paying, step by step', kind: 'Steps', pages: '/*/steps' });
  await desk.getByLabel(/^Address to pick on/).fill(`${site.origin}/en/steps`);
  for (let more = 1; more < 3; more += 1) await desk.getByRole('button', { name: 'Add a step' }).click();
  await writeIn(desk, 'en', steps.en);
  for (const [at, selector] of ['[name=order]', '#coupon', '#pay'].entries()) await pick(desk, context, at, selector);
  await desk.getByLabel('Goes on by').nth(0).selectOption('input');
  await desk.getByLabel('Animation').nth(0).selectOption('type');
  await writeIn(desk, 'ar', steps.ar);
  assert.deepEqual(await seriousFindings(desk), []);
  await publish(desk);
  assert.deepEqual(complaints, []);
});

onEveryScreen(test, 'a customer follows the steps', () => browser, async ({ page: shop, press, clean }, { locale }) => {
  await shop.goto(`${site.origin}/${locale}/steps`);
  const widget = shop.locator('overture-widget');
  const selectors = ['[name=order]', '#coupon', '#pay'];
  for (const [at, { title }] of steps[locale].entries()) {
    const card = widget.getByRole('region', { name: title });
    await card.waitFor();
    const own = await card.boundingBox();
    assert.ok(isApart(own, await shop.locator(selectors[at]).boundingBox()), `step ${at + 1} is not over its element`);
    if (at < 2) assert.ok(isApart(own, await shop.locator('#pay').boundingBox()), `step ${at + 1} is not over what pays`);
    assert.ok(own.x >= 0 && own.x + own.width <= shop.viewportSize().width, 'the card is on the screen');
    const [now, count] = await shop.evaluate(([of, step]) => [step.toLocaleString(of), (3).toLocaleString(of)], [locale, at + 1]);
    await card.getByText(new RegExp(`${now}.*${count}`)).waitFor();
    const ring = widget.locator('.guide-ring');
    assert.equal(await ring.locator('i').evaluate((it) => getComputedStyle(it).animationName), 'none', 'motion is reduced');
    if (at === 0) {
      assert.equal(await ring.getAttribute('data-hint'), 'type');
      await clean('the first step');
      // What the step waits for takes the customer on.
      await shop.locator('[name=order]').pressSequentially('A-17');
    } else await press(card.getByRole('button', { name: /^(Next|Done|التالي|تم)$/ }));
  }
  await widget.locator('.guide').waitFor({ state: 'detached' });
});

test('the steps that were reached and the ends are counted', async () => {
  await waitFor('four that were followed', async () => {
    const { guides } = await api.get('/v1/admin/guides');
    const { counts } = guides.find((it) => it.name === 'Paying, step by step');
    return counts.completed === 4 && counts.steps.slice(0, 3).every((it) => it === 4);
  });
});

const film = {
  en: [{ title: 'How to pay', text: 'In two seconds.' }],
  ar: [{ title: 'كيف تدفع', text: 'في ثانيتين.' }],
};
const captions = { en: 'First the number', ar: 'الرقم أولاً' };
const vtt = (text) => `WEBVTT\n\n00:00.000 --> 00:05.000\n${text}\n`;

test('staff write a guide with a captioned film', async (t) => {
  const { desk, complaints } = await staff(t, 'guides-film');
  await begin(desk, { name: 'Paying, as a film', kind: 'Video', pages: '/*/film' });
  const buffer = await recordVideo(desk, 2_000);
  const film_file = desk.getByLabel(/^Video file/);
  await film_file.setInputFiles({ name: 'not.webm', mimeType: 'video/webm', buffer: Buffer.from('no film') });
  await desk.getByRole('alert').getByText(/MP4 or WebM/).waitFor();
  await film_file.setInputFiles({ name: 'pay.webm', mimeType: 'video/webm', buffer });
  await desk.getByText(/Video received: 2 s/).waitFor();
  for (const locale of ['en', 'ar']) {
    await writeIn(desk, locale, film[locale]);
    await desk
      .getByLabel(`Captions in ${locale}`)
      .setInputFiles({ name: `${locale}.vtt`, mimeType: 'text/vtt', buffer: Buffer.from(vtt(captions[locale])) });
    await desk.getByText(`There are captions in ${locale}.`).waitFor();
  }
  assert.deepEqual(await seriousFindings(desk), []);
  await publish(desk);
  assert.deepEqual(complaints, []);
});

onEveryScreen(test, 'a customer watches the film', () => browser, async ({ page: shop, press, clean }, { locale }) => {
  await shop.goto(`${site.origin}/${locale}/film`);
  const widget = shop.locator('overture-widget');
  const card = widget.getByRole('region', { name: film[locale][0].title });
  await card.waitFor();
  const video = card.locator('video');
  await waitFor('the film is there', () => video.evaluate((it) => it.readyState >= 1));
  assert.equal(await video.evaluate((it) => it.paused && !it.autoplay), true, 'it does not start by itself');
  const own = await card.boundingBox();
  const { width, height } = shop.viewportSize();
  assert.ok(own.x >= 0 && own.x + own.width <= width && own.y >= 0 && own.y + own.height <= height, JSON.stringify(own));
  assert.ok(isApart(own, await shop.locator('#pay').boundingBox()), 'it is not over what pays');
  await clean('the film');
  await video.evaluate((it) => (it.muted = true));
  await press(video);
  if (await video.evaluate((it) => it.paused)) await video.evaluate((it) => it.play());
  const shown = await waitFor('the caption', () =>
    video.evaluate((it) => {
      const [track, ...others] = [...it.textTracks].filter(({ mode }) => mode === 'showing');
      return others.length === 0 && track?.activeCues?.[0] && [track.language, track.activeCues[0].text];
    }),
  );
  assert.deepEqual(shown, [locale, captions[locale]]);
  assert.equal(await card.evaluate((it) => it.getAnimations({ subtree: true }).length), 0, 'nothing else moves');
  await waitFor('its end', () => video.evaluate((it) => it.ended));
});

test('watching it to its end is counted', async () => {
  await waitFor('four ends', async () => {
    const { guides } = await api.get('/v1/admin/guides');
    return guides.find((it) => it.name === 'Paying, as a film').counts.completed === 4;
  });
});

test('a link with a preview the server does not know is a visit like any other, also under the strict headers', async () => {
  for (const [path, prepare] of [
    ['/en/pay?a=1&overture_preview=x#top', () => {}],
    ['/en/strict?overture_preview=x', () => {}],
    // Another site's tab of that name, or a preview that ended elsewhere.
    ['/en/strict', () => (window.name = 'overture-preview')],
  ]) {
    const { page: shop, context, complaints } = await browser.newPerson();
    const said = [];
    shop.on('console', (message) => message.type() === 'error' && said.push(message.text()));
    await shop.addInitScript(prepare);
    const session = shop.waitForResponse((it) => it.url().endsWith('/v1/widget/session'));
    await shop.goto(site.origin + path);
    const widget = shop.locator('overture-widget');
    await widget.getByRole('button', { name: 'Help' }).waitFor();
    await session;
    assert.equal(await shop.locator('overture-widget').count(), 1);
    assert.equal(await widget.getByText('Guide preview').count(), 0);
    assert.equal(await widget.getByText('preview is over').count(), 0);
    assert.equal(new URL(shop.url()).search, path.includes('a=1') ? '?a=1' : '');
    assert.deepEqual(await shop.evaluate(() => [window.name, sessionStorage.getItem('overture.preview')]), ['', null]);
    await widget.getByRole('button', { name: 'Help' }).click();
    await widget.getByRole('dialog').waitFor();
    // The browser's own word for the refused token.
    assert.deepEqual(said.filter((it) => !/401/.test(it)), []);
    assert.deepEqual(complaints, []);
    await context.close();
  }
});

test('archived, it is on no page any more', async () => {
  await api.ask('POST', `/v1/admin/guides/${guide}/archive`, {});
  const { page: shop, context } = await browser.newPerson();
  const paged = shop.waitForResponse((it) => it.url().endsWith('/v1/batch'));
  await shop.goto(`${site.origin}/en/pay`);
  await paged;
  assert.equal(await shop.locator('overture-widget').getByText(words.en.title).count(), 0);
  await context.close();
});
