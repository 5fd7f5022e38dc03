// The printed proxy texts, given to the real nginx: sockets, large files and long waits come through.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request as plain } from 'node:http';
import { request as secure } from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from '../browser/support/test.mjs';
import { Api, root, startServer, waitFor } from '../browser/support/server.mjs';

const CERTIFICATES = join(root, 'crates/overture/tests/system/certificates');
const FILE_BYTES = 5_242_880;

function findNginx() {
  for (const place of ['nginx', '/usr/sbin/nginx', '/usr/local/sbin/nginx']) {
    try {
      execFileSync(place, ['-v'], { stdio: 'ignore' });
      return place;
    } catch {
      // Not there: the next place.
    }
  }
  return undefined;
}

const nginx = findNginx();
const skip = nginx ? false : 'did not run: nginx is missing';
let server, api, proxy, folder;
/** Where each way's widget is loaded from, and the name by which it is asked. */
const ways = {};

async function freePort() {
  const socket = createServer().listen(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  await once(socket, 'close');
  return port;
}

const certificate = (text) =>
  text
    .replace(/ssl_certificate \S+;/, `ssl_certificate ${join(CERTIFICATES, 'good.pem')};`)
    .replace(/ssl_certificate_key \S+;/, `ssl_certificate_key ${join(CERTIFICATES, 'key.pem')};`);

before(async () => {
  if (!nginx) return;
  const [front, own, site] = [await freePort(), await freePort(), await freePort()];
  server = await startServer({ env: { OVERTURE_TRUSTED_PROXIES: '["127.0.0.0/8"]' } });
  api = await Api.signIn(server);
  const [{ source }] = await api.get('/v1/admin/sources');
  // Asked as through what stands in front of us, so that this is where the texts lead.
  const printed = async (way, address) => {
    const asked = `/v1/admin/sources/${source}/installation?site=${address}`;
    const headers = { cookie: api.cookie, 'x-forwarded-proto': 'https' };
    const { body } = await ask({ base: server.url, host: `localhost:${front}` }, 'GET', asked, undefined, headers);
    return body.ways.find(({ id }) => id === way).recipes.find(({ title }) => title === 'nginx').text;
  };
  folder = await mkdtemp(join(tmpdir(), 'overture-nginx-'));
  // In front of us stands what a company has: TLS that answers only to whoever names it.
  await writeFile(
    join(folder, 'nginx.conf'),
    `daemon off; master_process off; pid ${folder}/pid; error_log stderr; events {}
    http {
      access_log off; client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy;
      fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
      server { listen 127.0.0.1:${front} ssl default_server; ssl_reject_handshake on; }
      server {
        listen 127.0.0.1:${front} ssl; server_name localhost;
        ${certificate('ssl_certificate x; ssl_certificate_key x;')}
        client_max_body_size 0;
        location / {
          proxy_pass ${server.url}; proxy_http_version 1.1; proxy_set_header Host $http_host;
          proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $http_connection;
        }
      }
      ${certificate(await printed('subdomain', `https://www.localhost:${own}`))}
      server {
        listen 127.0.0.1:${site};
        ${await printed('first_party', `http://localhost:${site}`)}
      }
    }`,
  );
  proxy = spawn(nginx, ['-p', folder, '-c', join(folder, 'nginx.conf')], { stdio: ['ignore', 'ignore', 'inherit'] });
  ways.subdomain = { base: `https://127.0.0.1:${own}`, host: `help.localhost:${own}` };
  ways.first_party = { base: `http://127.0.0.1:${site}/assist`, host: `localhost:${site}` };
  for (const way of Object.values(ways))
    await waitFor('nginx answers', async () => (await ask(way, 'GET', '/w.js').catch(() => ({}))).status === 200);
});

after(async () => {
  if (proxy && proxy.exitCode === null) {
    proxy.kill('SIGTERM');
    await once(proxy, 'exit');
  }
  await server?.stop();
  if (folder) await rm(folder, { recursive: true, force: true });
});

function open({ base, host }, method, path, headers = {}) {
  const send = base.startsWith('https:') ? secure : plain;
  const name = host.split(':')[0];
  return send(`${base}${path}`, { method, headers: { host, ...headers }, rejectUnauthorized: false, servername: name });
}

async function ask(way, method, path, body, headers) {
  const asked = open(way, method, path, headers);
  asked.end(body instanceof Buffer ? body : body && JSON.stringify(body));
  const [answer] = await once(asked, 'response');
  const parts = [];
  for await (const part of answer) parts.push(part);
  const bytes = Buffer.concat(parts);
  const isJson = answer.headers['content-type']?.includes('json');
  return { status: answer.statusCode, headers: answer.headers, body: isJson ? JSON.parse(bytes) : bytes };
}

for (const id of ['subdomain', 'first_party']) {
  test(`through nginx as printed: ${id}`, { skip, timeout: 60_000 }, async (t) => {
    const way = ways[id];
    const started = await ask(way, 'POST', '/v1/widget/session', { write_key: server.write_key, page: { path: '/' } });
    assert.equal(started.status, 200, JSON.stringify(started.body));
    const token = started.body.session_token;
    const authorization = { authorization: `Bearer ${token}` };

    await t.test('the script is what browsers run', async () => {
      const { headers } = await ask(way, 'GET', '/w.js');
      assert.match(headers['content-type'], /^text\/javascript/);
      assert.equal(headers['access-control-allow-origin'], '*');
    });

    await t.test('a socket opens and stays open longer than its quiet', async () => {
      const asked = open(way, 'GET', `/v1/widget/socket?token=${token}&after=0`, {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': Buffer.alloc(16, 7).toString('base64'),
      });
      asked.end();
      const [answer, socket, head] = await once(asked, 'upgrade');
      assert.equal(answer.statusCode, 101);
      let heard = head.toString('latin1');
      socket.on('data', (part) => (heard += part.toString('latin1')));
      await waitFor('the feed', () => heard.includes('"items"'));
      await waitFor('the ping that comes every 20 s', () => heard.includes('"ping"'), 30_000);
      socket.destroy();
    });

    await t.test('the largest attachment comes through', async () => {
      const help = { channel: 'chat', idempotency_key: `file-${id}`, text: 'Look at this' };
      const { body } = await ask(way, 'POST', '/v1/widget/help', help, authorization);
      const sent = await ask(
        way,
        'POST',
        `/v1/widget/conversations/${body.conversation}/attachments?name=log.txt`,
        Buffer.alloc(FILE_BYTES, 'a line of a log\n'),
        { ...authorization, 'content-type': 'text/plain' },
      );
      assert.equal(sent.status, 200, JSON.stringify(sent.body));
      assert.equal(sent.body.bytes, FILE_BYTES);
      const kept = await ask(way, 'GET', `/v1/widget/attachments/${sent.body.id}`, undefined, authorization);
      assert.equal(kept.body.length, FILE_BYTES);
    });
  });
}

test('a long wait is not cut short', { skip, timeout: 60_000 }, async () => {
  const page = 'https://www.example.com';
  const { id } = await api.ask('POST', '/v1/admin/guides', { name: 'Waiting', kind: 'steps' });
  const asked = { url: `${page}/`, mode: 'show', locale: 'en' };
  const { address } = await api.ask('POST', `/v1/admin/guides/${id}/preview`, asked);
  const bearer = (token) => ({ authorization: `Bearer ${token}`, origin: page });
  const token = new URL(address).searchParams.get('overture_preview');
  const entered = await ask(ways.subdomain, 'POST', '/v1/widget/preview', undefined, bearer(token));
  assert.equal(entered.status, 200, JSON.stringify(entered.body));
  const began = Date.now();
  const hear = '/v1/widget/preview/messages?after=0';
  const heard = await ask(ways.subdomain, 'GET', hear, undefined, bearer(entered.body.page));
  assert.deepEqual([heard.status, heard.body], [200, { after: 0, messages: [] }]);
  assert.ok(Date.now() - began > 10_000, 'it waited for something to be said');
});
