// RudderStack's and PostHog's clients for browsers, unchanged, in Chromium.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from '../browser/support/test.mjs';
import { startBrowser } from '../browser/support/browser.mjs';
import { servePages } from '../browser/support/pages.mjs';
import { layRelay, refuseFirst } from '../browser/support/relay.mjs';
import { Api, root, startServer, waitFor } from '../browser/support/server.mjs';
import { customerOf, namesOf, timelineOf } from '../browser/support/timeline.mjs';

let server, api, browser, site;

const at = (name, inside) => join(root, 'ui/node_modules', name, inside);
const page = (script) => `<!doctype html><title>Site</title><script src="${script}"></script>`;

before(async () => {
  server = await startServer();
  api = await Api.signIn(server);
  browser = await startBrowser();
  site = await servePages(
    {
      '/rudder.html': page('/rudder/index.js'),
      '/posthog.html': page('/posthog/array.full.no-external.js'),
    },
    {
      '/rudder/': at('@rudderstack/analytics-js', 'dist/npm/modern/bundled/umd'),
      '/posthog/': at('posthog-js', 'dist'),
    },
  );
});

after(async () => {
  await browser?.close();
  await site?.close();
  await server?.stop();
});

const posts = (relay, wanted) => relay.seen.filter(({ method, path }) => method === 'POST' && wanted.test(path));

/** RudderStack's client as its documentation says, but without fetching integrations from elsewhere. */
async function startRudder(url, options = {}) {
  const person = await browser.newPerson();
  await person.page.goto(`${site.origin}/rudder.html`);
  await person.page.evaluate(
    ([dataPlane, writeKey, more]) =>
      new Promise((ready) => {
        window.client = new window.rudderanalytics.RudderAnalytics();
        window.client.load(writeKey, dataPlane, { configUrl: dataPlane, loadIntegration: false, logLevel: 'WARN', ...more });
        window.client.ready(ready);
      }),
    [url, server.write_key, options],
  );
  return person;
}

test('@rudderstack/analytics-js: a visitor becomes a person, with all that was done before', async (t) => {
  const relay = await layRelay(server.url, { answer: refuseFirst(1, ({ path }) => path.startsWith('/v1/track')) });
  t.after(relay.close);
  const { page, context, complaints } = await startRudder(relay.url);
  await page.evaluate(() => {
    const { client } = window;
    client.page('Shop', 'Checkout', { path: '/checkout', url: 'https://shop.example/checkout?card=1' });
    client.track('Looked Around', { item: 'lamp' });
    client.identify('rs-js', { email: 'rs-js@example.com', plan: 'pro' });
    client.track('Huge', { blob: Array.from({ length: 33000 }, (_, n) => n % 10).join('') });
    client.track('Bought', { total: 12.5 });
    client.group('acme', { seats: 5 });
    client.alias('rs-js', 'old-rs-js');
    client.track('Left');
  });
  // The one that was refused first comes when it is tried again, after the others.
  const wanted = ['Bought', 'Left', 'Looked Around'];
  assert.deepEqual((await namesOf(api, 'rs-js@example.com', wanted)).sort(), wanted);
  const items = await timelineOf(api, 'rs-js@example.com');
  assert.deepEqual(items.filter(({ kind }) => kind === 'page').map(({ path }) => path), ['/checkout']);
  const { traits } = await api.get(`/v1/customers/${await customerOf(api, 'rs-js@example.com')}/context`);
  assert.equal(traits.plan, 'pro');
  const tracks = posts(relay, /^\/v1\/track/);
  assert.equal(tracks[0].status, 503, 'refused first, and sent again');
  assert.ok(tracks.some(({ headers }) => headers['rsa-retry-attempt']), 'with headers of its own');
  assert.ok(tracks[0].headers.anonymousid, 'the header that needs a preflight');
  await waitFor('the event that is too large in the list', async () => {
    const { rejected } = await api.get('/v1/admin/rejected');
    return rejected.some(({ reason }) => reason === 'event_too_large');
  });
  assert.deepEqual(complaints, []);
  await context.close();
});

test('@rudderstack/analytics-js: in batches, and by a beacon when the page goes', async (t) => {
  const relay = await layRelay(server.url);
  t.after(relay.close);
  const { page, context } = await startRudder(relay.url, {
    useBeacon: true,
    beaconQueueOptions: { maxItems: 3, flushQueueInterval: 600_000 },
  });
  await page.evaluate(() => {
    window.client.identify('rs-beacon', { email: 'rs-beacon@example.com' });
    window.client.track('One');
    window.client.track('Two');
    window.client.track('Last');
  });
  await page.goto('about:blank');
  const wanted = ['One', 'Two', 'Last'];
  assert.deepEqual((await namesOf(api, 'rs-beacon@example.com', wanted)).sort(), wanted.sort());
  const statuses = new Set(posts(relay, /^\//).map(({ status }) => status));
  assert.deepEqual([...statuses], [200]);
  await context.close();
});

/** PostHog's client as its documentation says; what a program drives, it takes for a robot without the last option. */
async function startPosthog(url, options = {}) {
  const person = await browser.newPerson();
  await person.page.goto(`${site.origin}/posthog.html`);
  await person.page.evaluate(
    ([api_host, writeKey, more]) =>
      new Promise((loaded) => {
        window.posthog.init(writeKey, {
          api_host,
          opt_out_useragent_filter: true,
          disable_external_dependency_loading: true,
          loaded,
          ...more,
        });
      }).then(() => undefined),
    [url, server.write_key, options],
  );
  return person;
}

for (const [name, options, type] of [
  ['zipped', {}, 'text/plain'],
  ['plain', { disable_compression: true }, 'application/json'],
]) {
  test(`posthog-js, ${name}: a visitor becomes a person, with all that was done before`, async (t) => {
    const id = `ph-${name}`;
    const email = `${id}@example.com`;
    const relay = await layRelay(server.url, { answer: refuseFirst(1, ({ path }) => /^\/(e|i\/v0\/e)\//.test(path)) });
    t.after(relay.close);
    const { page, context, complaints } = await startPosthog(relay.url, { capture_pageview: false, ...options });
    await page.evaluate(
      ([user, mail]) => {
        const { posthog } = window;
        posthog.capture('$pageview');
        posthog.capture('Looked Around', { item: 'lamp' });
        posthog.identify(user, { email: mail, plan: 'pro' });
        posthog.capture('Bought', { total: 12.5 });
        posthog.group('company', 'acme', { seats: 5 });
        posthog.alias(`old-${user}`);
        posthog.capture('Left');
      },
      [id, email],
    );
    const wanted = ['Looked Around', 'Bought', 'Left'];
    assert.deepEqual(await namesOf(api, email, wanted), wanted);
    const items = await timelineOf(api, email);
    assert.deepEqual(items.filter(({ kind }) => kind === 'page').map(({ path }) => path), ['/posthog.html']);
    const { traits, identifiers } = await api.get(`/v1/customers/${await customerOf(api, email)}/context`);
    assert.equal(traits.plan, 'pro');
    assert.ok(identifiers.some(({ value }) => value === id), JSON.stringify(identifiers));
    const sent = posts(relay, /^\/(e|i\/v0\/e)\//);
    assert.equal(sent[0].status, 503, 'refused first, and sent again');
    assert.deepEqual(new Set(sent.map(({ headers }) => headers['content-type'])), new Set([type]));
    const unexpected = relay.seen.filter(({ status }) => status >= 400 && status !== 503);
    assert.deepEqual(unexpected.map(({ path, status }) => `${status} ${path}`), []);
    assert.deepEqual(complaints, []);
    await context.close();
  });
}

test('posthog-js: what waits is sent when the page goes', async (t) => {
  const relay = await layRelay(server.url);
  t.after(relay.close);
  const { page, context } = await startPosthog(relay.url, { request_queue_config: { flush_interval_ms: 5_000 } });
  await page.evaluate(() => window.posthog.identify('ph-leave', { email: 'ph-leave@example.com' }));
  await customerOf(api, 'ph-leave@example.com'); // the client sends this at once
  await page.evaluate(() => window.posthog.capture('Last'));
  await page.goto('about:blank');
  assert.ok((await namesOf(api, 'ph-leave@example.com', ['Last'])).includes('Last'));
  assert.ok(relay.seen.every(({ status }) => status === undefined || status < 300));
  await context.close();
});

test('posthog-js: an event that breaks a rule is listed, and its batch arrives', async () => {
  const { page, context } = await startPosthog(server.url);
  await page.evaluate(() => {
    window.posthog.identify('ph-bad', { email: 'ph-bad@example.com' });
    window.posthog.capture('Before');
    window.posthog.capture('Huge', { blob: Array.from({ length: 33000 }, (_, n) => n % 10).join('') });
    window.posthog.capture('After');
  });
  assert.deepEqual(await namesOf(api, 'ph-bad@example.com', ['Before', 'After']), ['Before', 'After']);
  await waitFor('the event in the list', async () => {
    const { rejected } = await api.get('/v1/admin/rejected');
    return rejected.some(({ reason, excerpt }) => reason === 'event_too_large' && excerpt.includes('Huge'));
  });
  await context.close();
});
