// What the visitor allows: nothing is kept, watched or asked of the server before, and nothing after a refusal.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from './support/test.mjs';
import { startBrowser } from './support/browser.mjs';
import { serveFixtures, startListener } from './support/fixtures.mjs';
import { servePages } from './support/pages.mjs';
import { Api, root, startServer, waitFor } from './support/server.mjs';
import { widgetOf } from './support/shop.mjs';

let server, api, browser, real;

before(async () => {
  server = await startServer();
  api = await Api.signIn(server);
  browser = await startBrowser();
  real = await serveFixtures({ host: server.url, writeKey: server.write_key });
});

after(async () => {
  await browser?.close();
  await real?.close();
  await server?.stop();
});

/** The platforms as they stand on pages, before any answer. */
const PLATFORMS = {
  tcf: `window.__tcfapi = (command, version, callback) => {
    window.tell = (consents, eventStatus = 'useractioncomplete', gdprApplies = true) =>
      callback({ gdprApplies, eventStatus, purpose: { consents } }, true);
    callback({ gdprApplies: true, eventStatus: 'cmpuishown', purpose: { consents: {} } }, true);
  };`,
  gcm: `window.dataLayer = [{ event: 'gtm.js' }];
    window.gtag = function () { window.dataLayer.push(arguments); };
    gtag('consent', 'default', { analytics_storage: 'denied', functionality_storage: 'denied', wait_for_update: 500 });
    gtag('consent', 'default', { analytics_storage: 'granted', region: ['US-CA'] });`,
  segment: `window.analytics = { addSourceMiddleware(hook) { window.hook = hook; } };`,
  none: '',
};
const GRANT = {
  tcf: () => window.tell({ 1: true, 6: true, 8: true }),
  gcm: () =>
    window.gtag('consent', 'update', { analytics_storage: 'granted', functionality_storage: 'granted' }),
  segment: () =>
    window.hook({
      payload: { obj: { context: { consent: { categoryPreferences: { Analytics: true, Support: true } } } } },
      next() {},
    }),
  api: () => window.overture('consent', { analyse: true, contact: true }),
};
const REFUSE = {
  tcf: () => window.tell({ 1: true, 6: false, 8: false }),
  gcm: () =>
    window.gtag('consent', 'update', { analytics_storage: 'denied', functionality_storage: 'denied' }),
  segment: () =>
    window.hook({
      payload: {
        obj: { context: { consent: { categoryPreferences: { Analytics: false, Support: false } } } },
      },
      next() {},
    }),
  api: () => window.overture('consent', { analyse: false, contact: false }),
};

/** All that is kept after the site's own refusal: the refusal. */
const REFUSAL = ['overture.refused'];

/** Everything that the browser keeps for the page. */
const kept = (page) =>
  page.evaluate(async () => [
    ...Object.keys(localStorage),
    ...Object.keys(sessionStorage),
    ...document.cookie.split(';').filter(Boolean),
    ...(await indexedDB.databases()).map(({ name }) => name),
  ]);

async function openPage(t, { listener, platform = 'none', gpc = false }) {
  const { context, page, complaints } = await browser.newPerson();
  const site = await serveFixtures({ host: listener.origin });
  t.after(async () => {
    await context.close();
    await site.close();
  });
  await page.addInitScript(PLATFORMS[platform]);
  await page.addInitScript((on) => {
    window.read = [];
    const { getItem } = Storage.prototype;
    Storage.prototype.getItem = function (key) {
      window.read.push(key);
      return getItem.call(this, key);
    };
    if (on) Object.defineProperty(navigator, 'globalPrivacyControl', { value: true });
    window.overture = (...command) => (window.overture.q ??= []).push(command);
  }, gpc);
  const asked = page.waitForResponse((response) => response.url().includes('/v1/widget/terms'));
  await page.goto(`${site.origin}/plain-form.html`);
  await asked;
  return { page, complaints, site };
}

const paths = (listener) => [...new Set(listener.asked.map(({ path }) => path))].sort();
const bodies = (listener, path) =>
  listener.asked.filter((it) => it.path === path).map(({ body }) => JSON.parse(body));

/** Clicks about, and gives what was told of it time to arrive. */
async function wander(page) {
  await page.locator('#dead').click();
  await page.locator('#native input').first().fill('Ann');
  await page.locator('#dead').click();
}

const categories = { Analytics: 'analyse_behaviour', Support: 'contact' };

for (const by of ['tcf', 'gcm', 'segment']) {
  test(`${by}: nothing before the answer, everything after, nothing after the refusal`, async (t) => {
    const listener = await startListener({ terms: { consent_categories: categories } });
    t.after(() => listener.close());
    const { page, complaints } = await openPage(t, { listener, platform: by });
    await wander(page);
    await page.waitForTimeout(2_500); // longer than a batch waits
    assert.deepEqual(paths(listener), ['/v1/widget/terms']);
    assert.deepEqual(await kept(page), []);
    await page.getByRole('button', { name: 'Help' }).waitFor();

    await page.evaluate(GRANT[by]);
    await waitFor('a session', async () => paths(listener).includes('/v1/widget/session'));
    const said = bodies(listener, '/v1/widget/session')[0].consent;
    assert.deepEqual(said, { analyse: true, contact: true, by });
    await page.waitForFunction(() => sessionStorage.length > 0);
    await waitFor('a batch', async () => {
      await wander(page);
      return bodies(listener, '/v1/batch').some(({ batch }) =>
        batch.some(({ event }) => event === 'overture:click'),
      );
    });

    await page.evaluate(() => window.overture('signal', 'never_sent', {}));
    await page.evaluate(REFUSE[by]);
    await waitFor('the refusal', async () => bodies(listener, '/v1/widget/consent').length > 0);
    const [refusal] = bodies(listener, '/v1/widget/consent');
    assert.deepEqual(refusal.consent, { analyse: false, contact: false, by });
    assert.match(refusal.device_token, /^d/);
    assert.deepEqual(await kept(page), []);
    const before = bodies(listener, '/v1/batch').length;
    await wander(page);
    await page.waitForTimeout(2_500); // longer than a batch waits
    assert.equal(bodies(listener, '/v1/batch').length, before);
    assert.ok(!JSON.stringify(listener.asked).includes('never_sent'));

    await page.evaluate(GRANT[by]);
    await waitFor(
      'it starts again without a reload',
      async () => bodies(listener, '/v1/widget/session').length === 2,
    );
    assert.deepEqual(complaints, []);
  });
}

test('a refusal right after a permission is what the server hears last', async (t) => {
  const listener = await startListener();
  t.after(() => listener.close());
  const { page } = await openPage(t, { listener, platform: 'gcm' });
  await page.evaluate(() => {
    window.overture('consent', { analyse: true, contact: true });
    setTimeout(() => window.overture('consent', { analyse: false, contact: false }));
  });
  await waitFor('the refusal', async () => bodies(listener, '/v1/widget/consent').length > 0);
  assert.deepEqual(bodies(listener, '/v1/widget/consent').at(-1).consent, {
    analyse: false,
    contact: false,
    by: 'api',
  });
  assert.deepEqual(await kept(page), REFUSAL);
});

for (const [name, terms, platform, gpc] of [
  ['required', { consent: 'required', unsaid: { analyse: false, contact: false } }, 'none', false],
  ['a platform that waits', {}, 'tcf', false],
  ['Global Privacy Control', {}, 'none', true],
]) {
  test(`${name}: what the page tells before consent is never sent, also when help is asked for`, async (t) => {
    const listener = await startListener({ terms });
    t.after(() => listener.close());
    const { page, complaints } = await openPage(t, { listener, platform, gpc });
    await page.evaluate(() => {
      window.overture('signal', 'too_early', { a: 1 });
      window.overture('error', 'card', 'too_early');
    });
    await page.getByRole('button', { name: 'Help' }).click();
    await waitFor('a session', async () => paths(listener).includes('/v1/widget/session'));
    await page.evaluate(() => window.overture('signal', 'too_early', { a: 2 }));
    await page.waitForTimeout(2_500); // longer than a batch waits
    assert.ok(!paths(listener).includes('/v1/batch'));

    await page.evaluate(GRANT.api);
    await page.evaluate(() => window.overture('signal', 'allowed', {}));
    await waitFor('what is allowed', async () => JSON.stringify(bodies(listener, '/v1/batch')).includes('allowed'));
    assert.ok(!JSON.stringify(listener.asked).includes('too_early'));
    assert.deepEqual(complaints, []);
  });
}

test('a refusal by the site’s own word holds on the next page and in the other tabs', async (t) => {
  const listener = await startListener();
  t.after(() => listener.close());
  const { page, site } = await openPage(t, { listener });
  const other = await page.context().newPage();
  await other.goto(`${site.origin}/plain-form.html`);
  await waitFor('both begin', async () => bodies(listener, '/v1/widget/session').length === 2);
  await other.waitForFunction(() => sessionStorage.length > 0);
  await page.waitForFunction(() => sessionStorage.length > 0);

  await page.evaluate(REFUSE.api);
  await other.waitForFunction(() => sessionStorage.length === 0);
  await waitFor('the refusal', async () => bodies(listener, '/v1/widget/consent').length > 0);
  const told = listener.asked.length;
  await other.evaluate(() => window.overture('signal', 'never_sent', {}));
  await wander(other);
  const asked = page.waitForResponse((response) => response.url().includes('/v1/widget/terms'));
  await page.reload();
  await asked;
  await wander(page);
  await page.waitForTimeout(2_500); // longer than a batch waits
  const since = listener.asked.slice(told).map(({ path }) => path);
  assert.ok(!since.includes('/v1/batch') && !since.includes('/v1/widget/session'), since.join());
  assert.ok(!JSON.stringify(listener.asked).includes('never_sent'));
  assert.deepEqual([await kept(page), await kept(other)], [REFUSAL, REFUSAL]);

  await other.close();
  await page.evaluate(GRANT.api);
  await waitFor('it begins again', async () => bodies(listener, '/v1/widget/session').length === 3);
  assert.equal(bodies(listener, '/v1/widget/session')[2].device_token, undefined);
  assert.ok(!(await kept(page)).includes(REFUSAL[0]));
});

test('a reset that waits for the script forgets the person of the page before', async (t) => {
  const listener = await startListener();
  t.after(() => listener.close());
  const { page } = await openPage(t, { listener });
  await waitFor('a session', async () => bodies(listener, '/v1/widget/session').length === 1);
  await page.waitForFunction(() => localStorage.length > 0 && sessionStorage.length > 0);
  await page.addInitScript(() => window.overture('reset'));
  await page.reload();
  await waitFor('a session of its own', async () => bodies(listener, '/v1/widget/session').length === 2);
  assert.equal(bodies(listener, '/v1/widget/session')[1].device_token, undefined);
});

test('the surest word wins: the site, then the browser, then the platform', async (t) => {
  const listener = await startListener();
  t.after(() => listener.close());
  const { page } = await openPage(t, { listener, platform: 'gcm', gpc: true });
  await page.evaluate(GRANT.gcm);
  await page.waitForTimeout(1_200); // two looks at the data layer
  assert.deepEqual(paths(listener), ['/v1/widget/terms'], 'Global Privacy Control outweighs the platform');
  await page.evaluate(GRANT.api);
  await waitFor('the site outweighs it', async () => paths(listener).includes('/v1/widget/session'));
  assert.equal(bodies(listener, '/v1/widget/session')[0].consent.by, 'api');
});

for (const [name, terms, platform, starts] of [
  [
    'required and nothing said',
    { consent: 'required', unsaid: { analyse: false, contact: false } },
    'none',
    false,
  ],
  ['a policy that wants consent', { unsaid: { analyse: false, contact: false } }, 'none', false],
  ['no platform and a legitimate interest', {}, 'none', true],
  ['not required, although a platform is there', { consent: 'not_required' }, 'gcm', true],
]) {
  test(`${name}: it ${starts ? 'starts' : 'waits'}`, async (t) => {
    const listener = await startListener({ terms });
    t.after(() => listener.close());
    const { page } = await openPage(t, { listener, platform });
    if (starts) await waitFor('a session', async () => paths(listener).includes('/v1/widget/session'));
    else {
      await page.waitForTimeout(1_200); // two looks
      assert.deepEqual(paths(listener), ['/v1/widget/terms']);
      assert.deepEqual(await kept(page), []);
      assert.deepEqual([...new Set(await page.evaluate(() => window.read))], REFUSAL);
    }
  });
}

test('where the law does not ask, the platform says so', async (t) => {
  const listener = await startListener();
  t.after(() => listener.close());
  const { page } = await openPage(t, { listener, platform: 'tcf' });
  await page.evaluate(() => window.tell({}, 'tcloaded', false));
  await waitFor('a session', async () => paths(listener).includes('/v1/widget/session'));
});

/** Segment's own client, as its documentation loads it, from a network of our own. */
const SEGMENT = join(root, 'ui/node_modules/@segment/analytics-next/dist/umd');

for (const first of ['the consent wrapper', 'the widget']) {
  test(`Segment’s own client with categories on its events, ${first} first`, async (t) => {
    const [source] = await api.get('/v1/admin/sources');
    const change = (body) => api.ask('PATCH', `/v1/admin/sources/${source.source}`, body);
    await change({ consent: 'required', consent_categories: categories });
    const site = await servePages(
      {
        '/': `<!doctype html><title>Shop</title>
          <script>
            window.analytics = { _cdn: location.origin };
            window.overture = function () { (overture.q = overture.q || []).push(arguments); };
          </script>
          <script src="/analytics-next/bundles/index.js"></script>
          <script async src="${server.url}/widget.js" data-write-key="${server.write_key}"></script>`,
      },
      { '/analytics-next/bundles/': SEGMENT },
    );
    const { context, page, complaints } = await browser.newPerson();
    t.after(async () => {
      await change({ consent: 'platform', consent_categories: {} });
      await context.close();
      await site.close();
    });
    const said = [];
    page.on('request', (request) => {
      if (/widget\/(session|consent)$/.test(request.url())) said.push(request.postDataJSON().consent);
    });
    const terms = page.waitForResponse((response) => response.url().includes('/v1/widget/terms'));
    await page.goto(site.origin);
    await terms;
    await page.evaluate(
      ([url, writeKey]) => {
        window.client = window.AnalyticsNext.AnalyticsBrowser.load(
          { writeKey, cdnURL: url },
          { integrations: { 'Segment.io': { apiHost: `${new URL(url).host}/v1`, protocol: 'http' } } },
        );
        // As Segment's consent wrapper stamps every event.
        window.wrap = () =>
          window.client.addSourceMiddleware(({ payload, next }) => {
            payload.obj.context.consent = {
              ...payload.obj.context.consent,
              categoryPreferences: window.preferences,
            };
            next(payload);
          });
      },
      [server.url, server.write_key],
    );
    if (first === 'the consent wrapper') await page.evaluate(() => window.wrap());
    await page.evaluate(() => {
      const { register } = window.client;
      window.client.register = (plugin) => {
        window.widgetListens = true;
        return register.call(window.client, plugin);
      };
      window.analytics = window.client;
    });
    await page.waitForFunction(() => window.widgetListens);
    if (first === 'the widget') await page.evaluate(() => window.wrap());

    const track = (preferences) =>
      page.evaluate((now) => {
        window.preferences = now;
        return window.client.track('Looked around');
      }, preferences);
    await track({ Advertising: true });
    await page.waitForTimeout(1_200); // two looks
    assert.deepEqual(said, [], 'a category that stands for nothing here says nothing');
    await track({ Analytics: true, Support: true });
    await waitFor('a session', async () => said.length === 1);
    await page.waitForFunction(() => sessionStorage.getItem('overture.session'));
    await track({ Analytics: false, Support: false });
    await waitFor('the refusal', async () => said.length === 2);
    assert.deepEqual(said, [
      { analyse: true, contact: true, by: 'segment' },
      { analyse: false, contact: false, by: 'segment' },
    ]);
    assert.ok(!(await kept(page)).some((it) => it.startsWith('overture')));
    assert.deepEqual(complaints, []);
  });
}

test('help before consent is a chat in memory; a refusal is on the timeline and ends the analysis', async (t) => {
  const [source] = await api.get('/v1/admin/sources');
  const change = (body) => api.ask('PATCH', `/v1/admin/sources/${source.source}`, body);
  await change({ consent: 'required' });
  t.after(() => change({ consent: 'platform' }));
  const { context, page, complaints } = await browser.newPerson();
  t.after(() => context.close());
  await page.addInitScript(() => {
    window.overture = (...command) => (window.overture.q ??= []).push(command);
    window.overture('identify', { id: 'eve', signature: '', traits: { email: 'eve@example.com' } });
  });
  await page.goto(`${real.origin}/plain-form.html`);
  const widget = widgetOf(page);
  await widget.openChat();
  await widget.say('Can you help me?');
  const find = async () => (await api.get('/v1/customers?query=eve@example.com')).customers[0];
  const { customer } = await waitFor('the customer', find);
  const timeline = async (kind) =>
    (await api.get(`/v1/customers/${customer}/timeline?limit=200`)).items.filter((it) => it.kind === kind);
  await waitFor('the message', async () => (await timeline('message')).length > 0);
  assert.deepEqual(await kept(page), []);
  assert.deepEqual(await timeline('page'), []);

  await page.evaluate(() => window.overture('consent', { analyse: true, contact: true }));
  await waitFor('both purposes', async () => (await timeline('consent')).length === 2);
  await page.waitForFunction(() => localStorage.length > 0);
  await page.evaluate(() => window.overture('signal', 'allowed', {}));
  await waitFor('what was allowed', async () =>
    (await timeline('custom')).some(({ name }) => name === 'allowed'),
  );

  await page.evaluate(() => window.overture('consent', { analyse: false, contact: false }));
  const facts = await waitFor('the refusal', async () => {
    const found = await timeline('consent');
    return found.length === 4 && found;
  });
  assert.deepEqual(
    facts.map(({ purpose, granted, by }) => [purpose, granted, by]),
    [
      ['analyse_behaviour', true, 'api'],
      ['contact', true, 'api'],
      ['analyse_behaviour', false, 'api'],
      ['contact', false, 'api'],
    ],
  );
  assert.deepEqual(await kept(page), REFUSAL);
  // The chat goes on, and what Segment's clients tell of the same person is not taken.
  await widget.say('Still there?');
  await waitFor('the second message', async () => (await timeline('message')).length > 1);
  const answer = await fetch(`${server.url}/v1/track`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      writeKey: server.write_key,
      event: 'after_refusal',
      userId: 'eve',
      messageId: 'm1',
    }),
  });
  assert.equal(answer.status, 200);
  await widget.say('And now?');
  await waitFor('the third message', async () => (await timeline('message')).length > 2);
  assert.ok(!(await timeline('custom')).some(({ name }) => name === 'after_refusal'));
  assert.deepEqual(complaints, []);
});
