// Segment's and RudderStack's clients for Node.js, unchanged, each in a process of its own.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { after, before, test } from '../browser/support/test.mjs';
import { layRelay, refuseFirst } from '../browser/support/relay.mjs';
import { Api, root, startServer, waitFor } from '../browser/support/server.mjs';
import { customerOf, namesOf, timelineOf } from '../browser/support/timeline.mjs';

let server, api;

before(async () => {
  server = await startServer();
  api = await Api.signIn(server);
});

after(() => server?.stop());

/** What each client is made with, by its documented options, and how it ends a process. */
const CLIENTS = {
  '@segment/analytics-node': {
    make: `const { Analytics } = require('@segment/analytics-node');
      const client = new Analytics({ writeKey, host: url, flushAt: 4, flushInterval: 200, maxRetries: 3 });
      client.on('error', (error) => console.error(error));`,
    end: 'await client.closeAndFlush();',
    zips: false,
  },
  '@rudderstack/rudder-sdk-node': {
    make: `const RudderAnalytics = require('@rudderstack/rudder-sdk-node').default ?? require('@rudderstack/rudder-sdk-node');
      const client = new RudderAnalytics(writeKey, { dataPlaneUrl: url, flushAt: 4, flushInterval: 200, logLevel: 'error' });`,
    end: 'await new Promise((resolve) => client.flush(resolve));',
    zips: true,
  },
};

/** Runs a script in a process of its own, which ends by itself. */
async function run(client, url, body) {
  const { make, end } = CLIENTS[client];
  const script = `(async () => { const [url, writeKey] = process.argv.slice(1); ${make}\n${body}\n${end} })();`;
  const child = spawn(process.execPath, ['-e', script, '--', url, server.write_key], {
    cwd: join(root, 'ui'),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += text));
  const [code] = await once(child, 'exit');
  assert.equal(code, 0, said);
  return said;
}

for (const [client, { zips }] of Object.entries(CLIENTS)) {
  const person = client.replaceAll(/\W+/g, '-').slice(1);
  const email = `${person}@example.com`;

  test(`${client}: a visitor becomes a person, with all that was done before`, async (t) => {
    const relay = await layRelay(server.url);
    t.after(relay.close);
    await run(
      client,
      relay.url,
      `const anonymousId = 'anon-${person}', userId = '${person}';
       client.track({ anonymousId, event: 'Looked Around', properties: { item: 'lamp' } });
       client.page({ anonymousId, name: 'Checkout', properties: { path: '/checkout', url: 'https://shop.example/checkout?card=1' } });
       client.identify({ anonymousId, userId, traits: { email: '${email}', plan: 'pro' } });
       client.track({ userId, event: 'Bought', properties: { total: 12.5 } });
       client.screen({ userId, name: 'Receipt', properties: { total: 12.5 } });
       client.group({ userId, groupId: 'acme', traits: { seats: 5 } });
       client.alias({ userId, previousId: 'old-${person}' });
       client.track({ userId, event: 'Left' });`,
    );
    assert.deepEqual(await namesOf(api, email, ['Looked Around', 'Bought', 'Left']), ['Looked Around', 'Bought', 'Left']);
    const items = await timelineOf(api, email);
    const paths = items.filter(({ kind }) => kind === 'page').map(({ path }) => path);
    assert.deepEqual(paths, ['/checkout', '/Receipt']);
    const { identifiers, traits } = await api.get(`/v1/customers/${await customerOf(api, email)}/context`);
    const values = identifiers.map(({ value }) => value);
    for (const value of [person, email, `old-${person}`]) assert.ok(values.includes(value), `${value} in ${values}`);
    assert.equal(traits.plan, 'pro');
    const sent = relay.seen.filter(({ method }) => method === 'POST');
    assert.ok(sent.length >= 2, 'in batches of four');
    for (const { path, headers, status } of sent) {
      assert.deepEqual([path, status], ['/v1/batch', 200]);
      assert.equal(headers['content-encoding'] === 'gzip', zips);
    }
  });

  test(`${client}: what was refused with 503 is sent again, and counts once`, async (t) => {
    const relay = await layRelay(server.url, { answer: refuseFirst(2) });
    t.after(relay.close);
    await run(
      client,
      relay.url,
      `client.identify({ userId: 'again-${person}', traits: { email: 'again-${email}' } });
       client.track({ userId: 'again-${person}', event: 'Sent Again', messageId: 'again-${person}-1' });`,
    );
    assert.deepEqual(await namesOf(api, `again-${email}`, ['Sent Again']), ['Sent Again']);
    const statuses = relay.seen.filter(({ method }) => method === 'POST').map(({ status }) => status);
    assert.deepEqual(statuses.slice(0, 3), [503, 503, 200]);
  });

  test(`${client}: an event that breaks a rule is listed, and its batch arrives`, async () => {
    const before = (await api.get('/v1/admin/rejected')).rejected.length;
    const said = await run(
      client,
      server.url,
      `const userId = 'bad-${person}';
       client.identify({ userId, traits: { email: 'bad-${email}' } });
       client.track({ userId, event: 'Before' });
       client.track({ userId, event: 'Huge', properties: { blob: Array.from({ length: 33000 }, (_, n) => n % 10).join('') } });
       client.track({ userId, event: 'After' });`,
    );
    assert.deepEqual(await namesOf(api, `bad-${email}`, ['Before', 'After']), ['Before', 'After'], said);
    await waitFor('the event in the list', async () => {
      const { rejected } = await api.get('/v1/admin/rejected');
      return rejected.length > before && rejected.some(({ reason }) => reason === 'event_too_large');
    });
  });
}
