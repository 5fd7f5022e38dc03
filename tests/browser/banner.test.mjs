// Where the banner and the Help button go on pages as they are: beside what the customer needs, and never in front of it.
// The server is the widget's stand-in, so that each offer comes exactly when a test wants it.

import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from './support/test.mjs';
import { startServer } from '../../ui/widget/dev/server.mjs';
import { seriousFindings, startBrowser } from './support/browser.mjs';
import { servePages } from './support/pages.mjs';
import { root, waitFor } from './support/server.mjs';

const WIDE = { viewport: { width: 1440, height: 900 } };
const NARROW = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };

const ARABIC = {
  title: 'المساعدة متاحة',
  text: 'يبدو أنك تواجه صعوبة هنا. أحد موظفي الدعم جاهز لمساعدتك.',
  why: 'يظهر لك هذا لأن نموذجًا في هذه الصفحة لم يُقبل.',
  options: [
    { kind: 'callback', label: 'طلب معاودة الاتصال', wait_s: 300 },
    { kind: 'chat', label: 'بدء محادثة', wait_s: 0 },
    { kind: 'faq', label: 'عرض الأسئلة الشائعة' },
    { kind: 'smart_pause', label: 'إيقاف مؤقت مع إرشاد' },
  ],
};

const FORM = `<form style="max-width:420px"><label>Card <input name="card"></label>
  <button style="width:220px;height:48px">Pay now</button></form>`;
const MIDDLE = `<form style="position:absolute;left:0;top:330px"><button data-free style="width:340px;height:48px">Pay now</button></form>`;
const fixed = (id, style, inside = '') => `<div ${id} style="position:fixed;z-index:9999;background:#cde;${style}">${inside}</div>`;
const FOOT = 'left:0;right:0;bottom:0;height:150px';
const CORNER = 'right:20px;bottom:20px;width:60px;height:60px;border-radius:50%';

/** Pages by what must stay free on them; `[data-free]` marks it. */
const PAGES = {
  'a submit button at the foot': `<main style="height:60vh"></main><form style="position:absolute;bottom:60px;left:50%;translate:-50%"><button data-free style="width:240px;height:50px">Order</button></form>`,
  'a primary button of the page': `<a href="#x" role="button" data-primary data-free style="position:absolute;bottom:70px;left:600px;width:240px;height:50px;display:block">Continue</a>`,
  'an input that sends': `<form><input type="submit" data-free style="position:absolute;bottom:80px;left:600px;width:200px;height:44px"></form>`,
  OneTrust: fixed('id="onetrust-banner-sdk" data-free role="dialog"', FOOT),
  Cookiebot: fixed('id="CybotCookiebotDialog" data-free', FOOT),
  Usercentrics: `<div id="usercentrics-root"></div><script>
    document.getElementById('usercentrics-root').attachShadow({ mode: 'open' }).innerHTML =
      '<div data-free style="position:fixed;left:0;right:0;bottom:0;height:150px;background:#cde"></div>';</script>`,
  Didomi: `<div id="didomi-host">${fixed('data-free id="didomi-popup"', FOOT)}</div>`,
  Quantcast: fixed('class="qc-cmp2-container" data-free', FOOT),
  Osano: fixed('class="osano-cm-window" data-free', FOOT),
  iubenda: fixed('id="iubenda-cs-banner" data-free', FOOT),
  CookieYes: fixed('class="cky-consent-container" data-free', FOOT),
  'a cookie notice in the flow': `<div class="my-cookie-notice" data-free style="position:absolute;bottom:0;left:0;right:0;height:120px">We use cookies</div>`,
  Intercom: fixed('class="intercom-lightweight-app" data-free', CORNER),
  Zendesk: `<iframe id="launcher" title="Chat" data-free style="position:fixed;${CORNER}"></iframe>`,
  Drift: fixed('id="drift-widget-container" data-free', CORNER),
  Crisp: fixed('class="crisp-client" data-free', CORNER),
  tawk: `<div class="widget-visible"><iframe title="chat widget" data-free style="position:fixed;${CORNER}"></iframe></div>`,
  HubSpot: fixed('id="hubspot-messages-iframe-container" data-free', CORNER),
  LiveChat: fixed('id="chat-widget-container" data-free', CORNER),
  Freshchat: fixed('id="fc_frame" data-free', CORNER),
  'a small submit button between two looks': `<form style="position:absolute;bottom:124px;left:50%"><button data-free style="width:64px;height:24px">Go</button></form>`,
  'a button without a form': `<button type="button" data-free style="position:absolute;bottom:70px;left:50%;translate:-50%;width:240px;height:48px">Continue</button>`,
  'what acts as a button': `<div role="button" tabindex="0" data-free style="position:absolute;bottom:70px;left:50%;translate:-50%;width:200px;height:32px;background:#05c;color:#fff">Continue</div>`,
  'a button in a shadow root': `<shop-pay data-in-shadow style="display:contents"></shop-pay><script>
    document.querySelector('shop-pay').attachShadow({ mode: 'open' }).innerHTML =
      '<form style="position:absolute;bottom:100px;left:50%;translate:-50%"><button data-free style="width:150px;height:30px">Pay</button></form>';</script>`,
  'what the page names': `<p id="total" data-free style="position:absolute;bottom:70px;left:600px;width:240px;height:50px">Total 12</p>
    <script>overture('avoid', '#total')</script>`,
};
const STUB = `<script>(function(w){w.overture=w.overture||function(){(w.overture.q=w.overture.q||[]).push(arguments)}})(window)</script>`;

let server, browser, site, frames;

const pageOf = (body, lang = 'en') => `<!doctype html><html lang="${lang}" dir="${lang === 'ar' ? 'rtl' : 'ltr'}">
  <head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>A page</title></head>
  <body style="font-family:sans-serif;background:Canvas;color:CanvasText;color-scheme:light dark">
  ${STUB}<main><h1>Checkout</h1>${body}</main>
  <script src="http://localhost:${server.port}/widget.js" data-write-key="wk"></script></body></html>`;

before(async () => {
  server = await startServer(0);
  const pay = await servePages({ '/card': '<!doctype html><title>Pay</title><label>Card number <input></label>' });
  frames = pay;
  const pages = {
    '/form': pageOf(FORM),
    '/form-ar': pageOf(FORM, 'ar'),
    '/frame': pageOf(`<iframe title="Pay" src="${pay.origin}/card"></iframe>`),
    '/middle': pageOf(MIDDLE),
    '/full': pageOf(fixed('class="cookie-wall"', 'inset:0')),
    '/accordion': pageOf('<details><summary>Have a coupon?</summary><input id="coupon"></details>'),
  };
  Object.values(PAGES).forEach((body, at) => (pages[`/${at}`] = pageOf(body)));
  site = await servePages(pages);
  browser = await startBrowser();
});

after(async () => {
  await browser?.close();
  await site?.close();
  await frames?.close();
  server?.close();
});

/** A new customer on a page, with the Help button there and the feed followed. */
async function visit(t, path, options = WIDE) {
  const { page, context, complaints } = await browser.newPerson(options);
  t.after(async () => {
    await context.close();
    server.dev.reset();
  });
  await page.addInitScript(() => {
    window.shifts = 0;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) if (!entry.hadRecentInput) { window.shifts += entry.value; (window.why ??= []).push(entry.sources.map((it) => [it.node?.nodeName, it.node?.className, JSON.stringify(it.previousRect), JSON.stringify(it.currentRect)].join(' '))); }
    }).observe({ type: 'layout-shift', buffered: true });
  });
  await page.goto(`${site.origin}${path}`);
  const widget = page.locator('overture-widget');
  await widget.locator('.launcher').waitFor();
  await waitFor('the feed is followed', () => server.state.sockets.size > 0);
  const shown = async (more = {}) => {
    const { offer } = server.dev.offer(more);
    await waitFor('the offer is reported as shown', () =>
      server.state.calls.some((it) => it.path === `/offers/${offer}/shown`),
    );
    return offer;
  };
  /** Plays a guide with these steps, and waits until its first is there. */
  const guided = async (steps, { shown: isShown = true } = {}) => {
    const whole = steps.map((step) => ({ anchor: null, placement: 'auto', waits_for: 'next', ...step }));
    server.state.guides.gde_1 = { id: 'gde_1', revision: 1, kind: 'steps', name: 'A guide', locale: 'en', steps: whole };
    server.dev.offer({ style: 'guide', guide: 'gde_1', options: [] });
    if (isShown) await widget.locator('.guide').getByRole('heading', { name: steps[0].title }).waitFor();
  };
  return { page, widget, guided, card: widget.locator('.card'), launcher: widget.locator('.launcher'), shown, complaints };
}

const overlap = (a, b) =>
  a.x < b.x + b.width && a.x + a.width > b.x && a.y < b.y + b.height && a.y + a.height > b.y;

async function picture(page, name) {
  const folder = process.env.OVERTURE_SHOTS ?? join(root, 'test-results');
  await mkdir(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`) });
}

test('four options of equal weight, and three ways to say no or why', async (t) => {
  const { page, card, shown, complaints } = await visit(t, '/form');
  await shown();
  const options = await card.locator('.option').evaluateAll((all) =>
    all.map((it) => {
      const { width, height } = it.getBoundingClientRect();
      const { backgroundColor, color, fontSize, fontWeight, borderColor } = getComputedStyle(it);
      return JSON.stringify([Math.round(width), Math.round(height), backgroundColor, color, fontSize, fontWeight, borderColor]);
    }),
  );
  assert.equal(options.length, 4);
  assert.equal(new Set(options).size, 1, options.join('\n'));
  await card.getByRole('button', { name: 'Why am I seeing this?' }).click();
  await card.getByText('reported an error twice').waitFor();
  await card.getByRole('button', { name: 'Don’t offer again' }).waitFor();
  await card.getByRole('button', { name: 'Not now' }).filter({ visible: true }).click();
  await card.waitFor({ state: 'detached' });
  await waitFor('it is dismissed', () => server.state.calls.some(({ body }) => body.how === 'not_now'));
  assert.equal(await page.evaluate(() => window.shifts), 0);
  assert.deepEqual(complaints, []);
});

for (const [path, words, show, none] of [
  ['/form', {}, 'Show', 'Not now'],
  ['/form-ar', ARABIC, 'عرض', 'ليس الآن'],
]) {
  test(`at 360 px ${path} has one line, at most a fifth of the height, that opens by a tap`, async (t) => {
    const { page, card, shown } = await visit(t, path, NARROW);
    await shown(words);
    const line = await card.boundingBox();
    assert.ok(line.height <= 740 * 0.2, `${line.height} px`);
    assert.ok(line.x >= 0 && line.x + line.width <= 360, JSON.stringify(line));
    assert.equal(await card.locator('.option').first().isVisible(), false);
    const button = card.getByRole('button', { name: show, exact: true });
    assert.equal(await button.getAttribute('aria-expanded'), 'false');
    for (const it of await card.locator('.bar button').all()) {
      const { width, height } = await it.boundingBox();
      assert.ok(width >= 44 && height >= 44, `${width} by ${height}`);
    }
    await picture(page, `banner-line${path.slice(1)}`);
    await button.tap();
    assert.equal(await card.locator('.option').filter({ visible: true }).count(), 4);
    const whole = await card.boundingBox();
    assert.ok(whole.y >= 0 && whole.x >= 0 && whole.x + whole.width <= 360, JSON.stringify(whole));
    await picture(page, `banner-open${path.slice(1)}`);
    await card.getByRole('button', { name: none }).filter({ visible: true }).first().tap();
    await card.waitFor({ state: 'detached' });
    assert.equal(await page.evaluate(() => window.shifts), 0);
  });
}

test('an offer waits while somebody types, and comes two seconds after the last key', async (t) => {
  const { page, card } = await visit(t, '/form');
  const field = page.getByLabel('Card');
  await field.pressSequentially('4111');
  server.dev.offer({});
  for (let key = 0; key < 6; key += 1) {
    await page.waitForTimeout(500); // the pace of somebody who types
    await field.press('1');
    assert.equal(await card.count(), 0, `after key ${key}`);
  }
  const last = Date.now();
  await card.waitFor();
  assert.ok(Date.now() - last >= 1_700, `after ${Date.now() - last} ms`);
  assert.ok(await field.evaluate((it) => it === document.activeElement), 'the field keeps the focus');
  const button = await page.getByRole('button', { name: 'Pay now' }).boundingBox();
  assert.equal(overlap(await card.boundingBox(), button), false);
});

for (const [at, name] of Object.keys(PAGES).entries()) {
  for (const [size, options] of Object.entries({ wide: WIDE, narrow: NARROW })) {
    test(`${name} stays free (${size})`, async (t) => {
      const { page, card, launcher, shown } = await visit(t, `/${at}`, options);
      await shown();
      const free = await page.locator('[data-free]').boundingBox();
      await waitFor('the Help button has moved off', async () => !overlap(await launcher.boundingBox(), free), 5_000);
      assert.equal(overlap(await card.boundingBox(), free), false, 'the offer');
      assert.equal(await page.evaluate(() => window.shifts), 0, JSON.stringify(await page.evaluate(() => window.why), null, 1));
      if (size === 'wide') return;
      const more = card.locator('.more');
      const height = await page.evaluate(() => innerHeight);
      for (const [pressed, shown] of [['opened', 4], ['folded', 0], ['opened again', 4]]) {
        await more.tap();
        assert.equal(await card.locator('.option').filter({ visible: true }).count(), shown, pressed);
        const box = await card.boundingBox();
        assert.equal(overlap(box, free), false, `${pressed}: ${JSON.stringify([box, free])}`);
        assert.ok(box.y >= 0 && box.y + box.height <= height, `${pressed}: ${JSON.stringify(box)}`);
        assert.equal(await card.evaluate((it) => it.getRootNode().activeElement?.className), 'more', pressed);
      }
    });
  }

  for (const [size, options] of Object.entries({ wide: WIDE, narrow: NARROW })) {
    test(`${name} stays free of a guide (${size})`, async (t) => {
      const { page, widget, guided } = await visit(t, `/${at}`, options);
      await guided([{ title: 'Just to say', text: 'This is new here.' }, { title: 'And this', text: 'too.' }]);
      const free = await page.locator('[data-free]').boundingBox();
      const guide = widget.locator('.guide');
      const box = await guide.boundingBox();
      assert.equal(overlap(box, free), false, JSON.stringify([box, free]));
      await guide.getByRole('button', { name: 'Next' }).click();
      await guide.getByRole('heading', { name: 'And this' }).waitFor();
      assert.equal(overlap(await guide.boundingBox(), free), false, 'the next step');
      assert.equal(await page.evaluate(() => window.shifts), 0);
    });
  }
}

test('in the middle of a small screen what sends the form leaves room for less of an opened offer', async (t) => {
  const { page, card, shown } = await visit(t, '/middle', NARROW);
  await shown();
  const free = await page.locator('[data-free]').boundingBox();
  await card.locator('.more').tap();
  const box = await card.boundingBox();
  assert.equal(overlap(box, free), false, JSON.stringify([box, free]));
  assert.ok(box.height >= 160, JSON.stringify(box));
  await card.getByRole('button', { name: 'Smart Pause' }).scrollIntoViewIfNeeded();
  const scrolled = await card.evaluate((it) => it.scrollTop);
  assert.ok(scrolled > 0);
  await page.waitForTimeout(2_000); // longer than between two looks
  assert.equal(await card.evaluate((it) => it.scrollTop), scrolled, 'what was looked at stays in view');
});

test('a banner that comes later moves a guide, which never stands over its own element', async (t) => {
  const { page, widget, guided } = await visit(t, '/form');
  const anchor = { tag: 'button', hosts: [], candidates: [{ by: 'css', value: 'form>button' }] };
  await guided([{ title: 'Pay here', text: 'When all is filled in.', anchor }]);
  const guide = widget.locator('.guide');
  const own = await page.getByRole('button', { name: 'Pay now' }).boundingBox();
  const before = await guide.boundingBox();
  assert.equal(overlap(before, own), false);
  await page.evaluate(({ y, height }) => {
    const banner = document.body.appendChild(document.createElement('div'));
    banner.className = 'cookie-notice';
    banner.style.cssText = `position:fixed;left:0;width:600px;top:${y}px;height:${height}px;background:#cde`;
  }, before);
  const free = await page.locator('.cookie-notice').boundingBox();
  await waitFor('the guide has moved off', async () => !overlap(await guide.boundingBox(), free), 5_000);
  assert.equal(overlap(await guide.boundingBox(), own), false);
});

test('a guide waits until there is room for it', async (t) => {
  const { page, widget, guided } = await visit(t, '/full');
  await guided([{ title: 'Just to say', text: 'This is new here.' }], { shown: false });
  const guide = widget.locator('.guide');
  await guide.waitFor({ state: 'attached' });
  await page.waitForTimeout(1_000); // it would have been drawn
  assert.equal(await guide.isVisible(), false);
  assert.equal(server.state.calls.some(({ body }) => body?.fact === 'step'), false, 'it is not called seen');
  await page.evaluate(() => document.querySelector('.cookie-wall').remove());
  await guide.getByRole('heading', { name: 'Just to say' }).waitFor();
});

test('a guide whose element is in a closed accordion waits, and calls nothing missing', async (t) => {
  const { page, widget, guided } = await visit(t, '/accordion');
  const anchor = { tag: 'input', hosts: [], candidates: [{ by: 'id', value: 'coupon' }] };
  await guided([{ title: 'Coupon', text: 'Type it here.', anchor }], { shown: false });
  await page.waitForTimeout(6_500); // longer than an element has to come
  const guide = widget.locator('.guide');
  assert.equal(await guide.isVisible(), false);
  assert.equal(server.state.calls.some(({ path }) => path.endsWith('/facts')), false);
  await page.getByText('Have a coupon?').click();
  await guide.getByRole('heading', { name: 'Coupon' }).waitFor();
});

test('a later step without its element shows its words, and is called missing once', async (t) => {
  const { widget, guided } = await visit(t, '/form');
  const gone = { tag: 'input', hosts: [], candidates: [{ by: 'id', value: 'gone' }] };
  await guided([{ title: 'First', text: '1' }, { title: 'Second', text: '2', anchor: gone }, { title: 'Third', text: '3' }]);
  const guide = widget.locator('.guide');
  await guide.getByRole('button', { name: 'Next' }).click();
  await guide.getByRole('heading', { name: 'Second' }).waitFor();
  await guide.getByRole('button', { name: 'Next' }).click();
  await guide.getByRole('heading', { name: 'Third' }).waitFor();
  await guide.getByRole('button', { name: 'Back' }).click();
  await guide.getByRole('heading', { name: 'Second' }).waitFor();
  const facts = () => server.state.calls.filter(({ path }) => path.endsWith('/facts')).map(({ body }) => `${body.fact} ${body.step}`);
  await waitFor('the facts', () => facts().length >= 3);
  assert.deepEqual(facts(), ['step 0', 'anchor_missing 1', 'step 2']);
});

test('an offer waits while somebody is in a frame, where no key is heard, and comes when they leave it', async (t) => {
  const { page, card } = await visit(t, '/frame');
  const field = page.frameLocator('iframe').getByLabel('Card number');
  await field.click();
  await field.pressSequentially('4111');
  server.dev.offer({});
  await page.waitForTimeout(4_000); // longer than the pause after a key
  assert.equal(await card.count(), 0);
  await field.press('1');
  await page.locator('h1').click();
  await card.waitFor({ timeout: 3_000 });
});

test('a bubble that comes later is made room for', async (t) => {
  const { page, launcher } = await visit(t, '/form');
  await page.evaluate((style) => {
    const bubble = document.body.appendChild(document.createElement('div'));
    bubble.id = 'late';
    bubble.style.cssText = `position:fixed;${style}`;
  }, CORNER);
  const free = await page.locator('#late').boundingBox();
  await waitFor('the Help button has moved off', async () => !overlap(await launcher.boundingBox(), free), 5_000);
});

for (const [how, options] of [['clicked', WIDE], ['tapped', NARROW]])
  test(`the Help button stays under the finger while it is ${how}`, async (t) => {
    const { page, widget, launcher } = await visit(t, '/form', options);
    const box = await launcher.boundingBox();
    const middle = [box.x + box.width / 2, box.y + box.height / 2];
    // What it has to move off comes as it is pressed.
    await page.evaluate((style) => {
      addEventListener(
        'pointerdown',
        () => {
          const bubble = document.body.appendChild(document.createElement('div'));
          bubble.id = 'late';
          bubble.style.cssText = `position:fixed;${style}`;
        },
        { capture: true, once: true },
      );
    }, CORNER);
    if (how === 'tapped') await page.touchscreen.tap(...middle);
    else {
      await page.mouse.move(...middle);
      await page.mouse.down();
      await page.waitForTimeout(400);
      await page.mouse.up();
    }
    await widget.locator('.panel, .bare').waitFor({ timeout: 5_000 });
    await page.keyboard.press('Escape');
    await launcher.waitFor();
    const free = await page.locator('#late').boundingBox();
    await waitFor('it moves off afterwards', async () => !overlap(await launcher.boundingBox(), free), 5_000);
  });

test('offset keeps off the edges, by command and by CSS', async (t) => {
  const { page, launcher } = await visit(t, '/form');
  const before = await launcher.boundingBox();
  await page.evaluate(() => window.overture.offset({ bottom: 80, side: 30 }));
  const moved = await launcher.boundingBox();
  assert.deepEqual([Math.round(before.y - moved.y), Math.round(before.x - moved.x)], [80, 30]);
  await page.evaluate(() => window.overture('offset', { bottom: 0, side: 0 }));
  assert.equal(Math.round((await launcher.boundingBox()).y), Math.round(before.y));
});

test('an offer that the server takes back is gone within two seconds, and it is said', async (t) => {
  const { card, widget, shown } = await visit(t, '/form');
  const offer = await shown();
  const at = Date.now();
  server.dev.withdraw({ offer });
  await card.waitFor({ state: 'detached' });
  assert.ok(Date.now() - at < 2_000);
  await widget.getByText('The offer of help has ended').waitFor({ state: 'attached' });
});

test('the brand colours the Help button, puts it in its corner and words it', async (t) => {
  const look = { accent: '#005a3c', on_accent: '#ffffff', accent_dark: '#8fd9b6', on_accent_dark: '#06281b', position: 'start' };
  server.state.session = {
    brand: { id: 'brd_1', look, chat: {}, callback: { countries: [] } },
    texts: { help: 'Ask the barista' },
  };
  t.after(() => (server.state.session = {}));
  const { launcher, page } = await visit(t, '/form');
  assert.equal(await launcher.textContent(), 'Ask the barista');
  assert.equal(await launcher.evaluate((it) => getComputedStyle(it).backgroundColor), 'rgb(0, 90, 60)');
  assert.ok((await launcher.boundingBox()).x < 100);
  assert.equal(await page.evaluate(() => window.shifts), 0);
});

for (const colorScheme of ['light', 'dark']) {
  for (const [size, options] of Object.entries({ wide: WIDE, narrow: NARROW })) {
    for (const [language, path, words] of [['en', '/form', {}], ['ar', '/form-ar', ARABIC]]) {
      test(`axe finds nothing in the banner: ${language}, ${colorScheme}, ${size}`, async (t) => {
        const { page, card, shown } = await visit(t, path, { ...options, colorScheme });
        await shown(words);
        assert.deepEqual(await seriousFindings(page), [], 'as it comes');
        if (size === 'narrow') {
          await card.locator('.more').tap();
          assert.deepEqual(await seriousFindings(page), [], 'opened');
        }
        await picture(page, `banner-${language}-${colorScheme}-${size}`);
      });
    }
  }
}
