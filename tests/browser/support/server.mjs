// A real Overture on a temporary folder, and a client of its API with an agent's session.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../../', import.meta.url));
export const binary = process.env.OVERTURE_BIN ?? join(root, 'target/debug/overture');
const LISTENING_WITHIN_MS = 30_000;

/** Asks `condition` until it answers with something truthy, and returns that. */
export async function waitFor(what, condition, withinMs = 20_000) {
  const deadline = Date.now() + withinMs;
  let last;
  for (;;) {
    last = await condition();
    if (last) return last;
    if (Date.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}; last: ${JSON.stringify(last)}`);
    await new Promise((resolve) => setTimeout(resolve, 50)); // between two questions
  }
}

/** Starts `overture serve` (or another command that prints the same line). */
export async function startServer({ command = 'serve', args = [], env = {}, prepare } = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'overture-browser-'));
  await prepare?.(folder);
  const log = await open(join(folder, 'server.log'), 'w');
  const child = spawn(
    binary,
    [command, '--data-dir', join(folder, 'data'), '--listen', '127.0.0.1:0', '--print', 'json', ...args],
    { cwd: folder, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', log.fd] },
  );
  const gone = once(child, 'exit');
  const stop = async () => {
    child.kill('SIGTERM');
    const killer = setTimeout(() => child.kill('SIGKILL'), 15_000);
    await gone;
    clearTimeout(killer);
    await log.close();
    await rm(folder, { recursive: true, force: true });
  };
  const lines = createInterface({ input: child.stdout });
  const printed = await Promise.race([
    once(lines, 'line').then(([line]) => JSON.parse(line)),
    gone.then(async () => {
      throw new Error(`the server ended: ${await readFile(join(folder, 'server.log'), 'utf8')}`);
    }),
    new Promise((_, reject) =>
      setTimeout(() => reject(new Error('the server did not say that it listens')), LISTENING_WITHIN_MS).unref(),
    ),
  ]).catch(async (error) => {
    await stop();
    throw error;
  });
  lines.on('line', () => {}); // keep its standard output empty
  const url = printed.url.replace(/\/$/, '');
  await waitFor('the server is ready', async () => (await fetch(`${url}/readyz`)).status === 200);
  return { ...printed, url, stop, data: join(folder, 'data') };
}

/** A signed-in client of the desk API. */
export class Api {
  constructor(server) {
    this.url = server.url;
  }

  static async signIn(server, email = server.admin_email, password = server.admin_password) {
    const api = new Api(server);
    const answer = await fetch(`${api.url}/v1/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email, password }),
    });
    if (!answer.ok) throw new Error(`login: ${answer.status} ${await answer.text()}`);
    api.cookie = answer.headers.getSetCookie().map((one) => one.split(';')[0]).join('; ');
    api.me = await answer.json();
    return api;
  }

  async ask(method, path, body) {
    const answer = await fetch(this.url + path, {
      method,
      headers: { cookie: this.cookie, 'x-csrf-token': this.me.csrf, 'content-type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text ? JSON.parse(text) : undefined;
  }

  get(path) {
    return this.ask('GET', path);
  }

  /** An agent who can sign in; `skills` as the admin API takes them. */
  async addAgent(agent) {
    return this.ask('POST', '/v1/admin/agents', {
      role: 'agent',
      skills: [],
      languages: ['en'],
      capacity: { chat: 3, callback: 1 },
      active: true,
      ...agent,
    });
  }

  /** Uses a grant's token, as a telephone system or a mail link would: with an API token, not a session. */
  async redeem(token, idempotencyKey) {
    const { secret } = await this.ask('POST', '/v1/admin/tokens', { name: 'test', scopes: ['grants'] });
    const answer = await fetch(`${this.url}/v1/grants/redeem`, {
      method: 'POST',
      headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
      body: JSON.stringify({ token, channel: 'chat', idempotency_key: idempotencyKey }),
    });
    if (!answer.ok) throw new Error(`redeem: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }

  /** Opens a chat for the customer: what a visit did goes to the timeline once something comes of it. */
  async openChat(customer) {
    const grant = { customer, limit: 1, ttl_s: 3600, channels: ['chat'] };
    const { token } = await this.ask('POST', '/v1/grants', grant);
    return this.redeem(token, customer);
  }

  goLive() {
    return this.ask('POST', '/v1/admin/mode', { mode: 'live', confirm: true });
  }
}

/** Steps of one story: each is a subtest, and once one fails the others are skipped, not waited for. */
export function stepsOf(t) {
  let failed = false;
  return (name, work) =>
    t.test(name, async (step) => {
      if (failed) return step.skip('an earlier step failed');
      failed = true;
      await work();
      failed = false;
      return undefined;
    });
}
