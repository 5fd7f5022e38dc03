// Smart Pause: the page keeps a draft and stands still, the customer is shown how, and goes on exactly where they were.

import assert from 'node:assert/strict';
import { after, before, test } from './support/test.mjs';
import { startBrowser } from './support/browser.mjs';
import { onEveryScreen, tabTo } from './support/matrix.mjs';
import { formPage } from './support/form-page.mjs';
import { servePages } from './support/pages.mjs';
import { Api, startServer, waitFor } from './support/server.mjs';
import { openShop } from './support/shop.mjs';
import { AGENT } from './support/desk.mjs';

const WORDS = {
  en: {
    resume: 'Resume', continue: 'Continue where I was', discard: 'Start afresh', next: 'Next', done: 'Done', close: 'Close',
    help: 'Help', way: /^Pause the page and show me how/, beside: /^Show me how it works/,
    steps: ['Your order number', 'The amount', 'Send it'],
  },
  ar: {
    resume: 'متابعة', continue: 'المتابعة من حيث كنت', discard: 'البدء من جديد', next: 'التالي', done: 'تم', close: 'إغلاق',
    help: 'المساعدة', way: /^إيقاف الصفحة مؤقتًا وإرشادي/, beside: /^أروني كيف يتم ذلك/,
    steps: ['رقم طلبكم', 'المبلغ', 'الإرسال'],
  },
};

const shops = {};
let server, api, browser, site, guide;

before(async () => {
  server = await startServer();
  api = await Api.signIn(server);
  await api.ask('POST', '/v1/admin/articles', { title: 'Cards', body_markdown: 'Use dashes.', status: 'published' });
  await api.addAgent(AGENT);
  const agent = await Api.signIn(server, AGENT.email, AGENT.password);
  await agent.ask('POST', '/v1/desk/presence', { presence: 'available' });
  await api.goLive();
  for (const locale of Object.keys(WORDS)) shops[locale] = await openShop(server.url, server.write_key, locale);
  site = await servePages({
    '/page.html': formPage(server),
    '/claim/en': claim(server, 'en'),
    '/claim/ar': claim(server, 'ar'),
    '/claim/open': claim(server, 'en', false),
  });
  guide = await publishSteps();
  browser = await startBrowser();
});

after(async () => {
  await browser?.close();
  await site?.close();
  for (const shop of Object.values(shops)) await shop.close();
  await server?.stop();
});

/** A long form with a clock of its own, and a script that would be heard of if anything were entered or sent meanwhile. */
const claim = ({ url, write_key: key }, locale, pausable = true) => `<!doctype html>
<html lang="${locale}" dir="${locale === 'ar' ? 'rtl' : 'ltr'}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>Claim</title>
<style>body { margin: 16px } form p { margin: 0 0 320px } input, button { font: inherit; max-width: 100% }</style>
<script>
  window.told = []; window.sent = 0; window.ticks = 0;
  window.overture = window.overture || function () { (overture.q = overture.q || []).push(arguments); };
  for (const name of ['paused', 'resumed']) overture('on', name, (detail) => told.push([name, detail]));
</script></head><body><main><h1>Claim</h1><form id="claim">
  <p><label>Order <input id="order" name="order"></label></p>
  <p><label>Reason <input id="reason" name="reason"></label></p>
  <p><label>Amount <input id="amount" name="amount"></label></p>
  <p><button id="send">Send</button></p></form></main>
<script>
  const form = document.getElementById('claim');
  form.addEventListener('submit', (event) => { event.preventDefault(); sent += 1; });
  let timer; const go = () => { timer = setInterval(() => { ticks += 1; }, 50); }; go();
  if (${pausable}) overture('pausable', {
    region: '#claim',
    canPause: () => true,
    pause: () => { clearInterval(timer); return { ticks, entered: [...form.elements].map((it) => it.value) }; },
    resume(state) { ticks = state.ticks; state.entered.forEach((value, at) => { form.elements[at].value = value; }); go(); },
  });
</script>
<script async src="${url}/widget.js" data-write-key="${key}" data-locale="${locale}"></script></body></html>`;

/** Steps as staff would publish them; their audience is nobody, so that they are seen only when they are asked for. */
async function publishSteps() {
  const made = await api.ask('POST', '/v1/admin/guides', { name: 'How to claim', kind: 'steps' });
  const step = (tag, id, at, hint) => ({
    anchor: { tag, candidates: [{ by: 'id', value: id }] },
    hint,
    waits_for: hint === 'click' ? 'click' : 'input',
    texts: Object.fromEntries(
      Object.entries(WORDS).map(([locale, { steps }]) => [locale, { title: steps[at], text: `${steps[at]}.` }]),
    ),
  });
  const saved = await api.ask('PUT', `/v1/admin/guides/${made.id}`, {
    name: made.name,
    draft_version: made.draft_version,
    draft: {
      kind: 'steps', pages: '/claim/**', audience: 'session.page_s > 80000.0', frequency: 'ever', priority: 1,
      default_locale: 'en',
      steps: [step('input', 'order', 0, 'type'), step('input', 'amount', 1, 'type'), step('button', 'send', 2, 'click')],
    },
  });
  await api.ask('POST', `/v1/admin/guides/${made.id}/publish`, { draft_version: saved.draft_version });
  return made.id;
}

const bar = (page) => page.locator('overture-widget .pause');

/** Everything that has to be as it was. */
const standing = (page) =>
  page.evaluate(() => {
    const field = document.activeElement;
    return {
      scroll: Math.round(scrollY),
      focus: field.id,
      caret: [field.selectionStart, field.selectionEnd, field.selectionDirection],
      values: [...document.querySelectorAll('input,select')].map((it) => [it.id, it.value, it.checked]),
    };
  });

const clock = (page) => page.locator('[data-reservation]').textContent();

/** Waits until so much time has passed on the page itself. */
async function timePasses(page, ms) {
  const from = await page.evaluate(() => performance.now());
  await page.waitForFunction((until) => performance.now() >= until, from + ms);
}

/** The order is refused again and again, until help is offered. */
async function refusedUntil(page, option) {
  await waitFor('an offer with Smart Pause', async () => {
    await page.evaluate(() => document.getElementById('checkout').requestSubmit());
    await timePasses(page, 400);
    return (await option.count()) > 0;
  });
}

/** Beside the field in use there may be room for one line only, until more is asked for. */
async function takeOption(page, option, press) {
  const more = page.locator('overture-widget .card .more');
  await option.or(more).filter({ visible: true }).first().waitFor();
  if (await more.isVisible()) await press(more);
  await press(option);
}

async function pauseRows(known) {
  const { customers } = await api.get('/v1/customers?limit=100');
  const rows = [];
  for (const { customer } of customers.filter((it) => !known.has(it.customer))) {
    const { items } = await api.get(`/v1/customers/${customer}/timeline?limit=500`);
    rows.push(...items.filter(({ kind }) => kind === 'pause'));
  }
  return rows.sort((a, b) => a.seq - b.seq);
}

const everybody = async () => new Set((await api.get('/v1/customers?limit=100')).customers.map((it) => it.customer));

onEveryScreen(test, 'a page is paused and goes on exactly as it was', () => browser, async (person, screen) => {
  const { page, press, clean } = person;
  const words = WORDS[screen.locale];
  const known = await everybody();
  const sent = [];
  page.on('request', (request) => sent.push(`${request.url()} ${request.postData() ?? ''}`));
  await page.goto(`${shops[screen.locale].origin}/checkout.html`);
  await page.evaluate(() => {
    window.told = [];
    for (const name of ['paused', 'resumed']) overture('on', name, (detail) => told.push([name, detail]));
  });
  await page.getByLabel('Street and number').fill('Wharf Lane 7');
  await page.getByLabel('City').fill('Secretville');
  const option = page.locator('overture-widget .option[data-kind=smart_pause]');
  await refusedUntil(page, option);
  await clean('the banner with four ways');

  await page.evaluate(() => {
    const street = document.getElementById('street');
    street.focus();
    street.setSelectionRange(2, 6, 'backward');
    scrollTo({ top: 180, behavior: 'instant' });
  });
  const before = await standing(page);
  await takeOption(page, option, press);
  await bar(page).waitFor();
  const stopped = await clock(page);
  assert.match(stopped, /9:\d\d/);
  await timePasses(page, 2_200);
  assert.equal(await clock(page), stopped, 'the page’s clock stands still');
  await clean('paused');

  await page.evaluate(() => document.getElementById('city').focus());
  await page.keyboard.type('x');
  assert.equal(await page.getByLabel('City').inputValue(), 'Secretville', 'nothing is entered meanwhile');
  await page.evaluate(() => scrollTo(0, 0));

  if (screen.touch) await press(bar(page).getByRole('button', { name: words.resume }));
  else await page.keyboard.press('Escape');
  await bar(page).waitFor({ state: 'detached' });
  await page.waitForFunction(() => window.told.length === 2);
  assert.deepEqual(await standing(page), before);
  const [[, paused], [, resumed]] = await page.evaluate(() => window.told);
  assert.deepEqual(resumed, {
    pause: paused.pause,
    exact: true,
    how: screen.touch ? 'button' : 'escape',
    changed: [],
  });
  await page.waitForFunction((text) => document.querySelector('[data-reservation]').textContent !== text, stopped);

  const rows = await waitFor('the pause at the desk', async () => {
    const found = await pauseRows(known);
    return found.length >= 2 ? found : undefined;
  });
  assert.deepEqual(
    rows.map(({ state, path, exact }) => [state, path, exact]),
    [
      ['started', '/checkout.html', undefined],
      ['resumed', '/checkout.html', true],
    ],
  );
  assert.ok(sent.some((it) => it.includes('/v1/widget/pause')));
  assert.deepEqual(sent.filter((it) => /Secretville|Wharf Lane/.test(it)), [], 'the draft is never sent');
});

/** Fills the form in, stops in the middle of a word, and notes how everything stands. */
async function beginClaim(page, locale) {
  await page.goto(`${site.origin}/claim/${locale}`);
  await page.locator('#order').fill('A-1');
  await page.locator('#reason').fill('It came broken');
  await page.locator('#amount').fill('12');
  await page.evaluate(() => {
    const field = document.getElementById('reason');
    field.focus();
    field.setSelectionRange(3, 7, 'forward');
    scrollTo({ top: 120, behavior: 'instant' });
  });
  await page.locator('overture-widget').getByRole('button').first().waitFor();
  return standing(page);
}

/** Each step is beside its element, with the page still; `on` takes the customer to the next. */
async function followSteps(page, words, on, looked = async () => {}) {
  const stopped = await page.evaluate(() => window.ticks);
  for (const [at, title] of words.steps.entries()) {
    const card = page.locator('overture-widget').getByRole('region', { name: title });
    await card.waitFor();
    await bar(page).waitFor();
    const target = page.locator(['#order', '#amount', '#send'][at]);
    await waitFor('the element of the step is on the screen', async () => {
      const box = await target.boundingBox();
      return box.y >= 0 && box.y + box.height <= page.viewportSize().height;
    });
    await looked(title);
    // What a step shows is not done meanwhile: neither by hand nor by the keyboard.
    await target.evaluate((it) => it.click());
    await on(card, at === words.steps.length - 1 ? words.done : words.next);
  }
  await bar(page).waitFor({ state: 'detached' });
  await page.waitForFunction(() => window.told.length === 2);
  const { told, sent } = await page.evaluate(() => ({ told: window.told, sent: window.sent }));
  assert.equal(sent, 0, 'nothing was sent while the page stood still');
  return { stopped, told };
}

async function isExact(page, before, { stopped, told }, how = 'finished') {
  assert.deepEqual(await standing(page), before);
  const [[first, { pause }], last] = told;
  assert.equal(first, 'paused');
  assert.deepEqual(last, ['resumed', { pause, exact: true, how, changed: [] }]);
  await page.waitForFunction((ticks) => window.ticks > ticks, stopped);
}

onEveryScreen(test, 'the steps are played on the paused page, and their end is the way back', () => browser, async (person, screen) => {
  const { page, press, clean } = person;
  const words = WORDS[screen.locale];
  const known = await everybody();
  const facts = [];
  page.on('request', (it) => it.url().endsWith(`/guides/${guide}/facts`) && facts.push(it.postDataJSON()));
  const before = await beginClaim(page, screen.locale);
  const root = page.locator('overture-widget');
  await press(root.getByRole('button', { name: words.help, exact: true }));
  await press(root.getByRole('button', { name: words.way }));
  const end = await followSteps(
    page,
    words,
    (card, name) => press(card.getByRole('button', { name, exact: true })),
    async (title) => {
      await clean(title);
      const [card, line] = [await root.locator('.guide').boundingBox(), await bar(page).boundingBox()];
      const isApart = card.y >= line.y + line.height || card.y + card.height <= line.y || card.x >= line.x + line.width || card.x + card.width <= line.x;
      assert.ok(isApart, `${title}: neither hides the other`);
    },
  );
  await isExact(page, before, end);
  const rows = await waitFor('both ends at the desk', async () => {
    const found = await pauseRows(known);
    return found.length === 2 ? found : undefined;
  });
  assert.deepEqual(rows.map(({ state, exact }) => [state, exact]), [['started', undefined], ['resumed', true]]);
  // What is told goes in turn: with the second end at the desk, all before it is there.
  assert.deepEqual(
    facts.map(({ fact, step }) => `${fact} ${step}`),
    ['step 0', 'step 1', 'step 2', 'completed 2'],
  );
});

test('the whole way with the keyboard alone', async () => {
  const { page, context, complaints } = await browser.newPerson();
  const words = WORDS.en;
  await beginClaim(page, 'en');
  // On the way to Help the keyboard passes the rest of the form: where it was last is where it comes back to.
  await tabTo(page, /^Send$/);
  const before = await standing(page);
  assert.equal(before.focus, 'send');
  const enter = async (name) => {
    await tabTo(page, name);
    await page.keyboard.press('Enter');
  };
  await enter(/^Help$/);
  await page.locator('overture-widget').getByRole('button', { name: words.way }).waitFor();
  await enter(words.way);
  const end = await followSteps(page, words, (_, name) => enter(new RegExp(`^${name}$`)));
  await isExact(page, before, end);
  assert.deepEqual(complaints, []);
  await context.close();
});

test('steps that are put away early give the page back as well', async () => {
  const { page, context, complaints } = await browser.newPerson();
  const words = WORDS.en;
  for (const [how, end] of [
    ['button', (card) => card.getByRole('button', { name: words.close, exact: true }).click()],
    ['escape', () => page.keyboard.press('Escape')],
  ]) {
    const before = await beginClaim(page, 'en');
    const stopped = await page.evaluate(() => {
      overture('smart_pause');
      return window.ticks;
    });
    const card = page.locator('overture-widget').getByRole('region', { name: words.steps[0] });
    await card.waitFor();
    await end(card);
    await card.waitFor({ state: 'detached' });
    await page.waitForFunction(() => window.told.length === 2);
    await isExact(page, before, { stopped, told: await page.evaluate(() => window.told) }, how);
  }
  assert.deepEqual(complaints, []);
  await context.close();
});

test('where nothing can be paused the steps are shown beside the page, and waited for', async () => {
  const { page, context, complaints } = await browser.newPerson();
  const words = WORDS.en;
  await beginClaim(page, 'open');
  const root = page.locator('overture-widget');
  await root.getByRole('button', { name: words.help, exact: true }).click();
  await root.getByRole('button', { name: words.beside }).click();
  const card = (at) => root.getByRole('region', { name: words.steps[at] });
  await card(0).waitFor();
  assert.equal(await bar(page).count(), 0);
  await page.locator('#order').fill('B-2');
  await card(1).waitFor();
  await page.locator('#amount').fill('13');
  await card(2).waitFor();
  await page.locator('#send').click();
  await card(2).waitFor({ state: 'detached' });
  assert.deepEqual(await page.evaluate(() => [window.sent, window.told]), [1, []], 'the page was never stopped');
  assert.deepEqual(complaints, []);
  await context.close();
});

onEveryScreen(test, 'a reload in the middle offers to continue', () => browser, async (person, screen) => {
  const { page, press, clean, tabTo } = person;
  await page.goto(`${shops[screen.locale].origin}/checkout.html`);
  await page.getByLabel('Full name').fill('Ada Lovelace');
  await page.getByLabel('City').fill('London');
  await page.getByLabel('City').focus();
  await page.evaluate(() => scrollTo({ top: 150, behavior: 'instant' }));
  const before = await standing(page);
  await page.evaluate(() => overture('smart_pause'));
  await bar(page).waitFor();
  const stopped = await clock(page);
  await page.reload();
  const words = WORDS[screen.locale];
  const on = bar(page).getByRole('button', { name: words.continue });
  await on.waitFor();
  await clean('continue where you were');
  assert.equal(await page.getByLabel('City').inputValue(), '');
  await page.evaluate(() => {
    window.told = [];
    overture('on', 'resumed', (detail) => told.push(detail));
  });
  if (screen.touch) await press(on);
  else {
    await tabTo(new RegExp(words.continue));
    await page.keyboard.press('Enter');
  }
  await page.waitForFunction(() => window.told.length === 1);
  const [{ exact, how }] = await page.evaluate(() => window.told);
  assert.deepEqual([exact, how], [true, 'reloaded']);
  assert.deepEqual(await standing(page), before);
  assert.ok((await clock(page)) <= stopped, 'the clock goes on from where it was');
  await page.reload();
  await page.locator('overture-widget').getByRole('button').first().waitFor();
  assert.equal(await bar(page).count(), 0, 'what was continued is not offered again');
});

/** How a page can answer, what the customer gets, and what is told. */
const ANSWERS = [
  ['says no', { canPause: 'return false' }, 'refused'],
  ['says no with a reason of its own', { canPause: 'return { canPause: false }' }, 'refused'],
  ['throws when asked', { canPause: 'throw new Error("no")' }, 'refused'],
  ['never answers', { canPause: 'return new Promise(() => {})' }, 'no_answer'],
  ['gives a draft that is not data', { pause: 'const a = {}; a.a = a; return a' }, 'not_storable'],
  ['gives a draft that is too large', { pause: 'return "x".repeat(70000)' }, 'too_large'],
  ['fails to pause', { pause: 'going = false; throw new Error("cannot")' }, 'pause_failed'],
  ['fails to pause after a while', { pause: 'going = false; return new Promise((_, no) => setTimeout(no, 100))' }, 'pause_failed'],
  ['is never done pausing', { pause: 'going = false; return new Promise(() => {})' }, 'no_answer'],
];

test('whatever a page answers, it is left going and help is shown without a pause', async (t) => {
  for (const [name, answer, why] of ANSWERS) {
    await t.test(name, async () => {
      const known = await everybody();
      const { page, complaints, context } = await browser.newPerson();
      await page.goto(`${site.origin}/page.html`);
      await page.evaluate((parts) => {
        window.going = true;
        const of = (body, fallback) => new Function('state', body ?? fallback);
        overture('pausable', {
          canPause: of(parts.canPause, 'return { canPause: true }'),
          pause: of(parts.pause, 'going = false; return {}'),
          resume: of(undefined, 'going = true'),
        });
        overture('smart_pause');
      }, answer);
      await page.locator('overture-widget .panel').waitFor();
      assert.equal(await bar(page).count(), 0);
      const rows = await waitFor('why it failed', async () => {
        const found = await pauseRows(known);
        return found.length ? found : undefined;
      });
      assert.deepEqual(rows.map(({ state, why: told }) => [state, told]), [['failed', why]]);
      assert.equal(await page.evaluate(() => window.going), true, 'it is let go again');
      assert.deepEqual(await page.evaluate(() => window.seen), []);
      assert.deepEqual(complaints, []);
      await context.close();
    });
  }
});

test('a page that changed meanwhile, or cannot go on, is told honestly', async (t) => {
  for (const [name, resume, expected, told] of [
    ['a changed value', 'document.getElementById("name").value = "else"', [false, 'button', 'values'], ['resumed', false]],
    ['a moved focus', 'document.getElementById("size").remove()', [false, 'button', 'values'], ['resumed', false]],
    ['a resume that throws', 'throw new Error("cannot")', [false, 'button', ''], ['failed', undefined]],
  ]) {
    await t.test(name, async () => {
      const known = await everybody();
      const { page, complaints, context } = await browser.newPerson();
      await page.goto(`${site.origin}/page.html`);
      await page.getByLabel('Name').fill('Ada');
      await page.evaluate((body) => {
        overture('pausable', { canPause: () => true, pause: () => 1, resume: new Function(body) });
        overture('smart_pause');
      }, resume);
      await bar(page).getByRole('button', { name: 'Resume' }).click();
      await page.waitForFunction(() => window.seen.length === 2);
      const [, [, ...resumed]] = await page.evaluate(() => window.seen);
      assert.deepEqual(resumed, expected);
      const rows = await waitFor('both ends at the desk', async () => {
        const found = await pauseRows(known);
        return found.length === 2 ? found : undefined;
      });
      assert.deepEqual([rows[1].state, rows[1].exact], told);
      assert.deepEqual(complaints, []);
      await context.close();
    });
  }
});

test('a plain form is paused by the built-in helper, in memory only and without its secrets', async () => {
  const { page, complaints } = await browser.newPerson();
  await page.goto(`${site.origin}/page.html`);
  await page.getByLabel('Name').fill('Ada');
  await page.getByLabel('Password').fill('hunter2');
  await page.getByLabel('Size').selectOption('M');
  await page.getByLabel('Agree').check();
  const before = await standing(page);
  await page.evaluate(() => {
    const form = document.getElementById('form');
    window.submits = 0;
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      submits += 1;
    });
    overture.pausableForm?.(form) ?? overture('pausableForm', form);
    overture('smart_pause');
  });
  await bar(page).waitFor();
  await page.evaluate(() => {
    document.getElementById('form').requestSubmit();
    document.getElementById('name').value = 'changed';
    document.getElementById('agree').checked = false;
  });
  assert.equal(await page.evaluate(() => submits), 0, 'nothing is submitted meanwhile');
  const stored = await page.evaluate(() => JSON.stringify([{ ...sessionStorage }, { ...localStorage }]));
  assert.doesNotMatch(stored, /hunter2|overture\.pause/);
  await bar(page).getByRole('button', { name: 'Resume' }).click();
  await page.waitForFunction(() => window.seen.length === 2);
  assert.deepEqual(await standing(page), before);
  await page.evaluate(() => document.getElementById('form').requestSubmit());
  assert.equal(await page.evaluate(() => submits), 1, 'the form can be sent again');
  assert.deepEqual(complaints, []);
});

test('without storage a pause is kept in memory, and a page that declares nothing gets help beside it', async () => {
  const { page, complaints } = await browser.newPerson();
  await page.addInitScript(() => {
    for (const name of ['localStorage', 'sessionStorage'])
      Object.defineProperty(window, name, { get: () => { throw new DOMException('denied', 'SecurityError'); } });
  });
  await page.goto(`${site.origin}/page.html`);
  await page.evaluate(() => overture('smart_pause'));
  await page.locator('overture-widget .panel').waitFor();
  assert.equal(await bar(page).count(), 0);
  await page.evaluate(() => {
    overture('close');
    overture('pausable', { canPause: () => true, pause: () => ({ a: 1 }), resume: (state) => { window.back = state; } });
    overture('smart_pause');
  });
  await bar(page).getByRole('button', { name: 'Resume' }).click();
  await page.waitForFunction(() => window.back?.a === 1);
  assert.deepEqual(complaints, []);
});

test('nothing moves where motion is not wanted', async () => {
  for (const [reducedMotion, expected] of [['reduce', 'none'], ['no-preference', 'pause-in']]) {
    const { page, context } = await browser.newPerson({ reducedMotion });
    await page.goto(`${site.origin}/page.html`);
    await page.evaluate(() => {
      overture('pausable', { canPause: () => true, pause: () => 1, resume() {} });
      overture('smart_pause');
    });
    await bar(page).waitFor();
    assert.equal(await bar(page).evaluate((it) => getComputedStyle(it).animationName), expected);
    await context.close();
  }
});
