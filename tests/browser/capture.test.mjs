// Segment's browser client, unchanged, in a real browser against the capture API.

import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import { after, before, test } from './support/test.mjs';
import { require, startBrowser } from './support/browser.mjs';
import { servePages } from './support/pages.mjs';
import { Api, startServer, waitFor } from './support/server.mjs';

let server, api, browser, site;
const chats = new Set();

before(async () => {
  server = await startServer();
  api = await Api.signIn(server);
  browser = await startBrowser();
  const client = dirname(require.resolve('@segment/analytics-next/package.json'));
  site = await servePages(
    {
      '/index.html': `<!doctype html><title>Site</title><script src="/umd/index.js"></script>`,
    },
    { '/umd/': join(client, 'dist/umd') },
  );
});

after(async () => {
  await browser?.close();
  await site?.close();
  await server?.stop();
});

/** What is on the customer's timeline once a chat brings it there. */
async function timelineOf(email) {
  const [found] = await waitFor(`customer ${email}`, async () => {
    const { customers } = await api.get(`/v1/customers?query=${encodeURIComponent(email)}`);
    return customers.length ? customers : undefined;
  });
  if (!chats.has(found.customer)) {
    await api.openChat(found.customer);
    chats.add(found.customer);
  }
  const { items } = await api.get(`/v1/customers/${found.customer}/timeline?limit=100`);
  return items;
}

async function load(page, options) {
  await page.goto(`${site.origin}/index.html`);
  await page.evaluate(
    async ({ url, writeKey, more }) => {
      const host = new URL(url);
      window.analytics = window.AnalyticsNext.AnalyticsBrowser.load(
        { writeKey, cdnURL: url },
        { integrations: { 'Segment.io': { apiHost: `${host.host}/v1`, protocol: 'http', ...more } } },
      );
      await window.analytics.ready();
    },
    { url: server.url, writeKey: server.write_key, more: options },
  );
}

for (const [name, options] of [
  ['one request an event', {}],
  ['batches', { deliveryStrategy: { strategy: 'batching', config: { size: 3, timeout: 200 } } }],
]) {
  test(`analytics-next with ${name}`, async () => {
    const person = name.replaceAll(' ', '-');
    const email = `${person}@example.com`;
    const { page, context, complaints } = await browser.newPerson();
    await load(page, options);
    await page.evaluate(
      async ([id, mail]) => {
        await window.analytics.page('Home');
        await window.analytics.track('Looked Around', { item: 'lamp' });
        await window.analytics.identify(id, { email: mail });
        await window.analytics.track('Bought', { total: 12 });
      },
      [person, email],
    );
    const items = await waitFor('all four events', async () => {
      const found = await timelineOf(email);
      const names = found.filter(({ kind }) => kind === 'custom').map((item) => item.name);
      return names.includes('Looked Around') && names.includes('Bought') ? found : undefined;
    });
    assert.deepEqual(items.filter(({ kind }) => kind === 'page').map(({ path }) => path), ['/index.html']);
    assert.equal(items.filter((item) => item.name === 'Bought').length, 1);
    assert.deepEqual(complaints, []);
    await context.close();
  });
}

test('an unknown write key is an error to the page, not a lost page', async () => {
  const { page, context } = await browser.newPerson();
  await page.goto(`${site.origin}/index.html`);
  const status = await page.evaluate(async (url) => {
    const answer = await fetch(`${url}/v1/t`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain' },
      body: JSON.stringify({ writeKey: 'nope', type: 'track', event: 'x', anonymousId: 'a', messageId: 'm' }),
    });
    return [answer.status, (await answer.json()).code];
  }, server.url);
  assert.deepEqual(status, [401, 'unknown_write_key']);
  await context.close();
});
