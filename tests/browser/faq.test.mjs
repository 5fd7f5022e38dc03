// Self-service: an answer is found by page, error and words, read and rated, and what was read goes along to the agent.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from './support/test.mjs';
import { join } from 'node:path';
import { seriousFindings, startBrowser } from './support/browser.mjs';
import { AGENT, accept, beAvailable, signIn } from './support/desk.mjs';
import { focusedName, onEveryScreen, tabTo } from './support/matrix.mjs';
import { servePages } from './support/pages.mjs';
import { Api, root, startServer, stepsOf, waitFor } from './support/server.mjs';

const WORDS = {
  en: {
    help: /^Help/, answers: /^Read answers/, here: 'For what you are doing', search: 'Search the answers',
    card: 'My card is refused', returns: 'Returns and refunds', typo: 'refnd', found: /answer/, none: /^Nothing found/,
    yes: 'Yes', no: 'No', missing: /^What was missing/, send: 'Send', thanks: /^Thank you/, still: /^Still need help/,
    message: 'Your message', back: 'Back',
  },
  ar: {
    help: /^المساعدة/, answers: /^قراءة الإجابات/, here: 'بحسب ما تفعلونه الآن', search: 'ابحثوا في الإجابات',
    card: 'بطاقتي مرفوضة', returns: 'الإرجاع واسترداد المبلغ', typo: 'استرداد', found: /إجاب/, none: /^لم نعثر/,
    yes: 'نعم', no: 'لا', missing: /^ما الذي كان ينقص/, send: 'إرسال', thanks: /^شكراً/, still: /^هل ما زلت/,
    message: /./, back: /./,
  },
};

let server, api, browser, site;

before(async () => {
  server = await startServer();
  api = await Api.signIn(server);
  await api.addAgent({ ...AGENT, languages: ['en', 'ar'] });
  const articles = await readFile(join(root, 'crates/overture/src/demo/articles.json'), 'utf8');
  await api.ask('POST', '/v1/admin/articles/import', JSON.parse(articles));
  const page = (lang) => `<!doctype html><html lang="${lang}" dir="${lang === 'ar' ? 'rtl' : 'ltr'}"><head><meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1"><title>Checkout</title></head><body><main><h1>Checkout</h1>
    <form><label>Card <input name="card"></label><button>Pay</button></form></main>
    <script async src="${server.url}/widget.js" data-write-key="${server.write_key}"></script></body></html>`;
  site = await servePages({ '/checkout/en': page('en'), '/checkout/ar': page('ar'), '/about/en': page('en') });
  browser = await startBrowser();
});

after(async () => {
  await browser?.close();
  await site?.close();
  await server?.stop();
});

const articleNamed = async (slug) => (await api.get('/v1/admin/articles')).articles.find((it) => it.slug === slug);
const widgetOn = (page) => page.locator('overture-widget');

async function customers() {
  return (await api.get('/v1/customers?limit=50')).customers.map(({ customer }) => customer);
}

onEveryScreen(test, 'answers help, or a person does', () => browser, async ({ page, press, clean }, { locale }, t) => {
  const say = WORDS[locale];
  const widget = widgetOn(page);
  const button = (name) => widget.getByRole('button', { name });
  const known = new Set(await customers());
  const before = (await articleNamed('returns')).outcome;
  const step = stepsOf(t);

  await step('what fits the page and the error comes first', async () => {
    await page.goto(`${site.origin}/checkout/${locale}`);
    await button(say.help).waitFor();
    // On another page this code says nothing; here it lifts its article.
    await page.evaluate(() => window.overture('error', 'card', 'declined'));
    await press(button(say.help));
    await press(button(say.answers));
    await widget.getByRole('heading', { name: say.here }).waitFor();
    const first = widget.locator('.choice:visible').first();
    assert.match(await first.textContent(), new RegExp(say.card));
    await clean('suggestions');
    const box = await widget.locator('.panel').boundingBox();
    const { width } = page.viewportSize();
    assert.ok(box.x >= 0 && box.x + box.width <= width, 'the panel is on the screen');
  });

  await step('words find an article while they are typed', async () => {
    await widget.getByLabel(say.search).fill(say.typo);
    await widget.getByRole('status').filter({ hasText: say.found }).waitFor();
    await press(widget.locator('.choice:visible').filter({ hasText: say.returns }).first());
    await widget.getByRole('heading', { name: say.returns }).waitFor();
    await widget.locator('.article strong').first().waitFor();
    assert.equal(await widget.locator('.article').getAttribute('lang'), locale);
    await clean('article');
  });

  await step('the customer says that it did not help, and why', async () => {
    await press(widget.locator('.faq-votes').getByRole('button', { name: say.no, exact: true }));
    await widget.getByLabel(say.missing).fill('The label was not in my parcel');
    await clean('rating');
    await press(widget.locator('.faq-reason button'));
    await widget.getByText(say.thanks).waitFor();
  });

  await step('words that find nothing are told so', async () => {
    await press(widget.locator('.head .back'));
    await widget.getByLabel(say.search).fill(`xylophone${locale}`);
    await widget.getByText(say.none).waitFor();
    await clean('nothing found');
  });

  await step('going on to a person opens the chat', async () => {
    await press(button(say.still));
    const message = widget.locator('textarea#message');
    await message.waitFor();
    await message.fill('I still need the label');
    await message.press('Enter');
  });

  await step('the agent has what was read and looked for', async () => {
    const customer = await waitFor('the new customer', async () => (await customers()).find((it) => !known.has(it)));
    const context = await waitFor('what was read', async () => {
      const found = await api.get(`/v1/customers/${customer}/context`);
      return found.reading?.still_needed && found.reading.searches.length >= 2 ? found : undefined;
    });
    const [read] = context.reading.articles;
    assert.equal(read.title, say.returns);
    assert.equal(read.locale, locale);
    assert.equal(read.helpful, false);
    assert.ok(context.reading.searches.some(({ words, found }) => words === `xylophone${locale}` && found === 0));
    const facts = await waitFor('the facts', async () => {
      const { items } = await api.get(`/v1/customers/${customer}/timeline?limit=200`);
      const articles = items.filter(({ kind }) => kind === 'article');
      return articles.some(({ what }) => what === 'still_needed') ? articles : undefined;
    });
    assert.equal(facts.filter(({ what }) => what === 'opened').length, 1);
    assert.ok(facts.some(({ what, reason }) => what === 'rated' && reason === 'The label was not in my parcel'));
    const outcome = (await articleNamed('returns')).outcome;
    assert.equal(outcome.opened, before.opened + 1);
    assert.equal(outcome.not_helpful, before.not_helpful + 1);
    const { searches } = await api.get('/v1/admin/articles/missed');
    assert.ok(searches.some(({ words }) => words === `xylophone${locale}`));
  });
});

test('by keyboard alone, and what is not translated stands in', async (t) => {
  t.after(() => browser.picture('faq-keyboard'));
  const say = WORDS.en;
  const { page, complaints } = await browser.newPerson({ viewport: { width: 1440, height: 900 } });
  await page.goto(`${site.origin}/about/en`);
  const widget = widgetOn(page);
  await widget.getByRole('button', { name: say.help }).waitFor();
  await tabTo(page, say.help);
  await page.keyboard.press('Enter');
  await widget.getByRole('button', { name: say.answers }).waitFor();
  await tabTo(page, say.answers);
  await page.keyboard.press('Enter');
  await waitFor('the focus on the words', async () => (await focusedName(page)) === say.search);
  await page.keyboard.type('espresso');
  await widget.getByRole('status').filter({ hasText: /^1 answer/ }).waitFor();
  await page.keyboard.press('ArrowDown');
  assert.match(await focusedName(page), /Which grind/);
  await page.keyboard.press('Enter');
  await widget.locator('.article').waitFor();
  await tabTo(page, /^Yes$/);
  await page.keyboard.press('Enter');
  await widget.getByText(say.thanks).waitFor();
  await tabTo(page, /^Back$/);
  await page.keyboard.press('Enter');
  await waitFor('the focus back in the list', async () => /Which grind/.test(await focusedName(page)));
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Escape');
  await waitFor('the words gone, the panel still there', async () =>
    (await widget.getByLabel(say.search).inputValue()) === '' && widget.getByLabel(say.search).isVisible());
  await page.keyboard.press('Escape');
  await widget.getByLabel(say.search).waitFor({ state: 'hidden' });
  const grind = await waitFor('the rating', async () => {
    const found = await articleNamed('grind');
    return found.outcome.helpful === 1 ? found : undefined;
  });
  assert.equal(grind.outcome.opened, 1);
  assert.deepEqual(complaints, []);
});

test('the agent reads in the desk what the customer read', async (t) => {
  t.after(() => browser.picture('faq-desk'));
  const desk = await browser.newPerson({ viewport: { width: 1440, height: 900 } });
  await signIn(desk.page, server.url, AGENT);
  await beAvailable(desk.page);
  await accept(desk.page);
  await desk.page.getByRole('heading', { name: 'Answers read in this visit' }).waitFor();
  await desk.page.getByText('did not help').first().waitFor();
  await desk.page.getByText(/Searched the answers for/).first().waitFor();
  assert.deepEqual(await seriousFindings(desk.page), [], 'the desk');
});

for (const [name, options] of [
  ['wide and light', { viewport: { width: 1440, height: 900 } }],
  ['narrow and dark', { viewport: { width: 360, height: 740 }, colorScheme: 'dark' }],
]) {
  test(`an article is written, published, and changed by two people: ${name}`, async (t) => {
    t.after(() => browser.picture('faq-admin'));
    const { page } = await browser.newPerson(options);
    const clean = async (where) => assert.deepEqual(await seriousFindings(page), [], where);
    const step = stepsOf(t);
    const title = `Gift wrapping ${options.viewport.width}`;
    let id;

    await step('the list has languages and numbers, and filters', async () => {
      await signIn(page, server.url, { email: server.admin_email, password: server.admin_password });
      await page.goto(`${server.url}/desk/#/admin/faqs`);
      await page.getByRole('link', { name: 'Returns and refunds' }).waitFor();
      await clean('list');
      const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth + 1);
      assert.equal(wide, false, 'the page does not scroll sideways');
      await page.getByLabel('Filter articles').fill('kreditkarte');
      await page.getByRole('link', { name: 'My card is refused' }).waitFor();
      assert.equal(await page.getByRole('link', { name: 'Returns and refunds' }).count(), 0);
    });

    await step('a new article shows as the widget will show it', async () => {
      await page.goto(`${server.url}/desk/#/admin/faqs/new`);
      await page.getByLabel('Title').fill(title);
      await page.getByLabel('Answer', { exact: false }).first().fill('## How\n\n1. Choose **gift**\n2. Done <img src=x onerror=alert(1)>');
      const preview = page.getByRole('region', { name: 'Preview' });
      await preview.getByRole('heading', { name: 'How' }).waitFor();
      assert.equal(await preview.locator('li strong').textContent(), 'gift');
      assert.equal(await preview.locator('img').count(), 0);
      await page.getByLabel('Pages', { exact: false }).first().fill('no slash');
      await page.getByRole('button', { name: 'Save draft' }).click();
      await page.getByRole('alert').filter({ hasText: /paths/i }).waitFor();
      await page.getByLabel('Pages', { exact: false }).first().fill('/gifts/**');
      await page.getByRole('button', { name: 'Save and publish' }).click();
      // The version that they see is marked once the article's own page is there; for a while the toast says nearly the same.
      await page.getByText('customers see it', { exact: true }).waitFor();
      id = (await api.get('/v1/admin/articles')).articles.find((it) => it.title === title).id;
      await clean('editor');
    });

    await step('a translation is flagged when the main text moves on', async () => {
      await page.getByRole('group', { name: 'Languages' }).getByRole('button', { name: /^de/ }).click();
      await page.getByLabel('Title').fill('Als Geschenk verpacken');
      await page.getByLabel('Answer', { exact: false }).first().fill('Wählen Sie **Geschenk**.');
      await page.getByRole('button', { name: 'Save and publish' }).click();
      await page.getByRole('group', { name: 'Languages' }).getByRole('button', { name: /^de.*published/ }).waitFor();
      // Somebody else changes the English text meanwhile.
      await api.ask('PUT', `/v1/admin/articles/${id}/texts/en`, { base_version: 1, title, body_markdown: 'Theirs.', publish: true });
      await page.getByRole('group', { name: 'Languages' }).getByRole('button', { name: /^en/ }).click();
      await page.getByLabel('Answer', { exact: false }).first().fill('Mine.');
      await page.getByRole('button', { name: 'Save draft' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByText('Theirs.').waitFor();
      await clean('the difference');
      await dialog.getByRole('button', { name: 'Take theirs' }).click();
      await page.getByRole('group', { name: 'Languages' }).getByRole('button', { name: /^de.*outdated/ }).waitFor();
    });

    await step('an earlier version comes back', async () => {
      await page.getByRole('button', { name: 'Publish version 1' }).click();
      await page.getByText('Customers see version 1 now.').waitFor();
      const { article } = await api.get(`/v1/admin/articles/${id}`);
      assert.equal(article.locales.find(({ locale }) => locale === 'en').published, 1);
    });

    await step('the test box says what a customer would see', async () => {
      await page.goto(`${server.url}/desk/#/admin/faqs/insight`);
      await page.getByLabel('Page', { exact: true }).fill('/gifts/wrap');
      await page.getByRole('button', { name: 'Try' }).click();
      const first = page.getByRole('region', { name: 'What the customer sees' }).getByRole('row').nth(1);
      await first.getByText(/Gift wrapping/).waitFor();
      await page.getByText('xylophoneen').waitFor();
      await clean('insight');
    });

    await step('unpublished, archived, removed', async () => {
      await page.goto(`${server.url}/desk/#/admin/faqs/${id}`);
      await page.getByRole('button', { name: 'Unpublish' }).click();
      await page.getByText('draft', { exact: true }).first().waitFor();
      await page.getByRole('button', { name: 'Archive' }).click();
      await page.getByRole('button', { name: 'Remove' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
      await page.getByLabel('Filter articles').waitFor();
      await assert.rejects(api.get(`/v1/admin/articles/${id}`), /404/);
    });
  });
}

test('an article behind the closed panel is not being read', async () => {
  const { page, context, complaints } = await browser.newPerson();
  const reads = [];
  page.on('request', (it) => /\/faqs\/.*\/read$/.test(it.url()) && reads.push(it.postDataJSON().seconds));
  await page.goto(`${site.origin}/checkout/en`);
  const widget = widgetOn(page);
  await widget.getByRole('button', { name: WORDS.en.help }).waitFor();
  await page.evaluate(() => overture.open('faq'));
  await widget.getByRole('button', { name: WORDS.en.card }).first().click();
  await widget.locator('.article').waitFor();
  /** Minutes later the tab is left, or is in front again. */
  const later = (isHidden, minutes = 1) =>
    page.evaluate(([value, ms]) => {
      const now = Date.now() + ms;
      Date.now = () => now;
      Object.defineProperty(document, 'hidden', { value, configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
    }, [isHidden, minutes * 60_000]);
  await later(true);
  await later(false);
  await page.evaluate(() => overture.close());
  for (const hidden of [true, false, true, false]) await later(hidden);
  await page.evaluate(() => overture.open('faq'));
  await later(true, 2);
  await waitFor('both times in front of somebody', async () => reads.length >= 2);
  assert.deepEqual(reads.map((it) => Math.round(it / 60)), [1, 2]);
  assert.deepEqual(complaints, []);
  await context.close();
});
