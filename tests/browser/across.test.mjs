// One customer in two tabs and in two browsers: one offer, one decline, one set of caps; and no option without a seat.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, test } from './support/test.mjs';
import { startBrowser } from './support/browser.mjs';
import { AGENT } from './support/desk.mjs';
import { servePages } from './support/pages.mjs';
import { Api, startServer, waitFor } from './support/server.mjs';
import { customerOf } from './support/timeline.mjs';

/** An offer came after fewer of them. */
const STRUGGLES = 8;

let server, api, agent, browser, site, secret;

before(async () => {
  server = await startServer();
  api = await Api.signIn(server);
  await api.ask('POST', '/v1/admin/articles', { title: 'Cards', body_markdown: 'Use dashes.', status: 'published' });
  await api.addAgent({ ...AGENT, capacity: { chat: 9, callback: 1 } });
  agent = await Api.signIn(server, AGENT.email, AGENT.password);
  await api.goLive();
  // The small hint that may come first has fewer options: these stories are the banner's.
  await policy((toml) => toml.replace('id = "struggle-prompt"', 'id = "struggle-prompt"\nshadow = true'));
  const sources = await api.get('/v1/admin/sources');
  secret = sources.find(({ write_keys: keys }) => keys.some(({ key }) => key === server.write_key)).identity_secret;
  const users = Object.fromEntries([1, 2, 3, 4].map((n) => [`/user${n}.html`, html(userOf(`u-${n}`))]));
  site = await servePages({ '/form.html': html(), ...users });
  browser = await startBrowser();
});

after(async () => {
  await browser?.close();
  await site?.close();
  await server?.stop();
});

const userOf = (id) => ({ id, signature: createHmac('sha256', secret).update(id).digest('hex') });

async function policy(change) {
  const { revision, toml } = await api.get('/v1/admin/policy');
  await api.ask('PUT', '/v1/admin/policy', { toml: change(toml), base_revision: revision });
}

const presence = (presence) => agent.ask('POST', '/v1/desk/presence', { presence });

const html = (user) => `<!doctype html><html lang="en"><title>Form</title>
<form id="form" onsubmit="return false"><label>Field <input id="f" name="f" required></label><button>Send</button></form>
<script>
  window.seen = [];
  window.overture = window.overture || function () { (overture.q = overture.q || []).push(arguments); };
  ${user ? `overture('identify', ${JSON.stringify(user)});` : ''}
</script>
<script async src="${server.url}/widget.js" data-write-key="${server.write_key}"></script></html>`;

const card = (page) => page.locator('overture-widget .card');
const option = (page, kind) => card(page).locator(`.option[data-kind=${kind}]`);

/** This browser has its name: a tab opened before that would ask for one of its own, and be somebody else. */
const known = (page) => page.waitForFunction(() => localStorage.getItem('overture.device'));

async function struggleUntilOffered(page, withinMs) {
  await waitFor(
    'an offer',
    async () => {
      await page.evaluate(() => {
        overture('error', 'f', 'required');
        document.getElementById('form').requestSubmit();
      });
      return card(page).isVisible();
    },
    withinMs,
  );
}

/**
 * Struggles on in this browser, heard by the server each time. That nothing comes of it is recorded about this very
 * customer, once: it is the customer's standing, not the browser's.
 */
async function struggleInVain(page, user, reason) {
  for (let time = 0; time < STRUGGLES; time += 1) {
    const heard = page.waitForResponse((it) => it.url().endsWith('/v1/batch') && /form_error/.test(it.request().postData()));
    await page.evaluate(() => {
      overture('error', 'f', 'required');
      document.getElementById('form').requestSubmit();
    });
    assert.equal((await heard).status(), 200);
    assert.equal(await card(page).count(), 0);
  }
  const customer = await customerOf(api, user);
  await waitFor(`a decision against it: ${reason}`, () => against(customer, reason));
  assert.equal(await card(page).count(), 0);
}

/** How many decisions against the customer name the reason. */
async function against(customer, reason) {
  const { decisions } = await api.get(`/v1/decisions?outcome=withhold&reason=${reason}&customer=${customer}&limit=50`);
  return decisions.length;
}

/** How often something was shown to somebody unasked, small or large. */
async function made() {
  const of = async (outcome) => (await api.get(`/v1/decisions?outcome=${outcome}`)).decisions.length;
  return (await of('offer')) + (await of('prompt'));
}

test('two tabs of one browser show one offer, and what is put away in one is gone in the other', async () => {
  const { page: one, context, complaints } = await browser.newPerson();
  await one.goto(`${site.origin}/form.html`);
  await known(one);
  const two = await context.newPage();
  two.on('pageerror', (error) => complaints.push(String(error)));
  await two.goto(`${site.origin}/form.html`);
  await two.locator('overture-widget .launcher').waitFor();
  const before = await made();
  await struggleUntilOffered(one);
  await card(two).waitFor({ state: 'attached' });
  assert.equal(await made(), before + 1, 'one offer was made');
  await two.bringToFront();
  const closed = one.waitForFunction(() => !document.querySelector('overture-widget').shadowRoot.querySelector('.card'));
  await card(two).getByRole('button', { name: 'Not now' }).click();
  const from = performance.now();
  await closed;
  const took = performance.now() - from;
  assert.ok(took < 2_000, `closed in the other tab after ${took} ms`);
  assert.deepEqual(complaints, []);
  await context.close();
});

test('a decline holds in another browser of the same customer', async () => {
  const first = await browser.newPerson();
  await first.page.goto(`${site.origin}/user1.html`);
  await struggleUntilOffered(first.page);
  await card(first.page).getByRole('button', { name: 'Not now' }).click();
  await card(first.page).waitFor({ state: 'detached' });
  const second = await browser.newPerson();
  await second.page.goto(`${site.origin}/user1.html`);
  await second.page.locator('overture-widget .launcher').waitFor();
  await struggleInVain(second.page, 'u-1', 'declined_recently');
  assert.equal(await card(second.page).count(), 0);
  assert.deepEqual([...first.complaints, ...second.complaints], []);
  await first.context.close();
  await second.context.close();
});

test('"Don’t offer again" holds in another browser of the same customer, and of nobody else', async () => {
  const first = await browser.newPerson();
  await first.page.goto(`${site.origin}/user3.html`);
  await struggleUntilOffered(first.page);
  await card(first.page).getByRole('button', { name: 'Don’t offer again' }).click();
  await card(first.page).waitFor({ state: 'detached' });
  const second = await browser.newPerson();
  await second.page.goto(`${site.origin}/user3.html`);
  await second.page.locator('overture-widget .launcher').waitFor();
  await struggleInVain(second.page, 'u-3', 'opted_out');
  assert.equal(await card(second.page).count(), 0);
  const other = await browser.newPerson();
  await other.page.goto(`${site.origin}/user4.html`);
  await struggleUntilOffered(other.page);
  assert.equal(await against(await customerOf(api, 'u-4'), 'opted_out'), 0);
  assert.deepEqual([...first.complaints, ...second.complaints, ...other.complaints], []);
  for (const { context } of [first, second, other]) await context.close();
});

test('a cap holds over two browsers of the same customer', async () => {
  await policy((toml) => toml.replace('contacts = 4', 'contacts = 1').replace('contact_min = 30', 'contact_min = 0'));
  const first = await browser.newPerson();
  await first.page.goto(`${site.origin}/user2.html`);
  await struggleUntilOffered(first.page);
  await option(first.page, 'faq').click();
  await card(first.page).waitFor({ state: 'detached' });
  const second = await browser.newPerson();
  await second.page.goto(`${site.origin}/user2.html`);
  await second.page.locator('overture-widget .launcher').waitFor();
  await struggleInVain(second.page, 'u-2', 'frequency_cap');
  assert.equal(await card(second.page).count(), 0);
  await policy((toml) => toml.replace('contacts = 1', 'contacts = 4').replace('contact_min = 0', 'contact_min = 30'));
  await first.context.close();
  await second.context.close();
});

test('when the last seat vanishes the chat option is gone within two seconds, and so is a banner that had no other', async (t) => {
  for (const [name, options, left] of [
    ['the option goes', '["callback", "chat", "faq"]', ['callback', 'faq']],
    ['the banner goes', '["chat"]', null],
  ]) {
    for (const gone of ['away', 'offline']) {
      await t.test(`${name} when the agent is ${gone}`, async () => {
        await policy((toml) => toml.replace(/(id = "struggle-offer"[\s\S]*?options = )\[[^\]]*\]/, `$1${options}`));
        await presence('available');
        const { page, context, complaints } = await browser.newPerson();
        await page.goto(`${site.origin}/form.html`);
        await waitFor('an offer with chat', async () => {
          await page.evaluate(() => {
            overture('error', 'f', 'required');
            document.getElementById('form').requestSubmit();
          });
          return option(page, 'chat').isVisible();
        });
        await option(page, 'chat').focus();
        const change = page.waitForFunction(
          () => !document.querySelector('overture-widget').shadowRoot.querySelector('.card .option[data-kind=chat]'),
        );
        const from = performance.now();
        await presence(gone);
        await change;
        const took = performance.now() - from;
        t.diagnostic(`${name}, ${gone}: ${Math.round(took)} ms`);
        assert.ok(took < 2_000, `${took} ms`);
        if (left) {
          const kinds = await card(page).locator('.option').evaluateAll((all) => all.map((it) => it.dataset.kind));
          assert.deepEqual(kinds, left);
          await waitFor('the focus stays in the banner', async () =>
            left.includes(await page.evaluate(() => document.querySelector('overture-widget').shadowRoot.activeElement?.dataset.kind)),
          );
          assert.doesNotMatch(await card(page).textContent(), /agent is available/i);
        } else {
          await card(page).waitFor({ state: 'detached' });
        }
        assert.deepEqual(complaints, []);
        await context.close();
      });
    }
  }
});
