// Why, or why not: two people after each other in one browser, and what the desk says of each; and how many a draft matches.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, test } from './support/test.mjs';
import { seriousFindings, startBrowser } from './support/browser.mjs';
import { signIn } from './support/desk.mjs';
import { servePages } from './support/pages.mjs';
import { Api, startServer, stepsOf, waitFor } from './support/server.mjs';

const RULE = 'known-only';
const SIZES = [
  { colorScheme: 'light', viewport: { width: 1280, height: 900 } },
  { colorScheme: 'dark', viewport: { width: 360, height: 740 } },
];
let server, api, browser, site, secret;

before(async () => {
  server = await startServer();
  api = await Api.signIn(server);
  await api.goLive();
  const { revision, toml: shipped } = await api.get('/v1/admin/policy');
  const toml = `${shipped.slice(0, shipped.search(/^\[\[rules\]\]/m))}
[[rules]]
id = "${RULE}"
about = "Asked for help on the account page"
when = 'event.name == "stuck" || session.path.startsWith("/account")'
action = "prompt"
min_identity = "verified"
options = ["faq"]
`;
  await api.ask('POST', '/v1/admin/articles', { title: 'Cards', body_markdown: 'Use dashes.', status: 'published' });
  await api.ask('PUT', '/v1/admin/policy', { toml, base_revision: revision });
  const sources = await api.get('/v1/admin/sources');
  secret = sources.find(({ write_keys: keys }) => keys.some(({ key }) => key === server.write_key)).identity_secret;
  const page = `<!doctype html><html lang="en"><title>Account</title><body><h1>Account</h1>
<script>window.overture = window.overture || function () { (overture.q = overture.q || []).push(arguments); };</script>
<script src="${server.url}/widget.js" data-write-key="${server.write_key}"></script></body></html>`;
  site = await servePages({ '/': page, '/account': page });
  browser = await startBrowser();
});

after(async () => {
  await browser?.close();
  await site?.close();
  await server?.stop();
});

const decided = async (query) => (await api.get(`/v1/decisions?rule=${RULE}&${query}`)).decisions;

test('who signed in is helped, who uses the browser next is not, and the desk says which identity was needed', async (t) => {
  t.after(() => browser.picture('why'));
  const step = stepsOf(t);
  const { page } = await browser.newPerson();
  const card = page.locator('overture-widget .card');
  let first, second;

  await step('Ada, proven, is contacted', async () => {
    await page.goto(`${site.origin}/`);
    const user = { id: 'ada', signature: createHmac('sha256', secret).update('ada').digest('hex') };
    await page.evaluate((it) => overture('identify', it), user);
    await waitFor('Ada is known', async () => (await api.get('/v1/customers?query=ada')).customers.length === 1);
    await page.goto(`${site.origin}/account`);
    await page.evaluate((it) => overture('identify', it), user);
    [first] = await waitFor('a prompt', async () => {
      await page.evaluate(() => overture('track', 'stuck'));
      const made = await decided('outcome=prompt');
      return made.length && made;
    });
    await card.waitFor();
  });

  await step('she signs out, and whoever comes next is not', async () => {
    await page.evaluate(() => overture('reset'));
    await card.waitFor({ state: 'detached' });
    await page.goto(`${site.origin}/account`);
    [second] = await waitFor('a decision against it', async () => {
      await page.evaluate(() => overture('track', 'stuck'));
      const against = await decided('outcome=withhold&reason=identity_too_weak');
      return against.length && against;
    });
    assert.notEqual(second.customer, first.customer);
    assert.equal(await card.count(), 0);
    const shown = await page.locator('overture-widget').evaluateAll((all) => all.map((it) => it.shadowRoot?.textContent).join(' '));
    assert.doesNotMatch(shown, /\bada\b/i);
    assert.equal((await decided('outcome=prompt')).length, 1, 'nobody but Ada was contacted');
  });

  for (const options of SIZES) {
    const { width } = options.viewport;
    await step(`the recorded decision leads to how it is now, ${options.colorScheme}, ${width} px`, async () => {
      const { page: desk, complaints } = await browser.newPerson(options);
      await signIn(desk, server.url, { email: server.admin_email, password: server.admin_password });
      await desk.goto(`${server.url}/desk/#/decisions/${second.decision}`);
      await desk.getByText('Identity too weak').first().waitFor();
      const link = desk.getByRole('link', { name: 'How is it now?' });
      await link.focus();
      await desk.keyboard.press('Enter');
      await desk.getByRole('heading', { name: 'Why, or why not?' }).waitFor();
      await desk.getByText('Needed: verified. There is: anonymous.').waitFor();
      await desk.getByText('event.name == "stuck"').waitFor();
      await desk.getByText('Any of these').waitFor();
      await desk.getByText('/account', { exact: true }).first().waitFor();
      assert.equal(await desk.getByLabel('Rule').inputValue(), RULE);
      assert.deepEqual(await seriousFindings(desk), []);
      const wide = await desk.evaluate(() => document.documentElement.scrollWidth > innerWidth);
      assert.equal(wide, false, 'nothing is wider than the page');
      assert.doesNotMatch(await desk.locator('main').innerText(), /\bada\b/i, 'nothing of Ada is said of the other');
      assert.deepEqual(complaints, []);
    });
  }
});

test('the policy editor says how many customers match while it is written', async (t) => {
  t.after(() => browser.picture('why-matches'));
  for (const options of SIZES) {
    const { page: desk } = await browser.newPerson(options);
    await signIn(desk, server.url, { email: server.admin_email, password: server.admin_password });
    await desk.goto(`${server.url}/desk/#/admin/policy`);
    const panel = desk.getByRole('region', { name: 'Matching now' });
    await panel.getByText('seen in the last 30 minutes').waitFor();
    const text = desk.getByRole('textbox').first();
    const before = await text.inputValue();
    await text.fill(`${before}\n[[rules]]\nid = "all-of-them"\nwhen = 'permission.opted_out == false'\naction = "notify"\n`);
    await panel.getByText('all-of-them').waitFor();
    await panel.getByText(/^\s*Matches all \d+ customers seen in the last 30 minutes/).waitFor();
    await panel.getByText('examples').first().click();
    await panel.getByRole('link').first().waitFor();
    assert.deepEqual(await seriousFindings(desk), []);
    desk.on('dialog', (dialog) => dialog.accept());
    await desk.close();
  }
});
