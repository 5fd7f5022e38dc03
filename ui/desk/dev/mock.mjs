// tidy: long because it is one server, a route after another.
// A stand-in for the server, for looking at pages: it speaks the desk's contract from memory. Node only, never shipped.
// node dev/mock.mjs [--port 4780] [--empty] [--quiet]; any e-mail with the password "password" signs in as an admin,
// "agent@", "analyst@" and "supervisor@" as those roles.
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { call_routes, call_rows, live_calls, push_of, recording_of } from './calls.mjs';
import * as data from './data.mjs';
import { lexicon_routes } from './lexicon.mjs';
import { ISSUES, issue_of, mood_of } from './mood.mjs';
import { upgrade } from './socket.mjs';

const flag = (name) => process.argv.includes(`--${name}`);
const port = Number(process.argv[process.argv.indexOf('--port') + 1]) || 4780;
const dist = fileURLToPath(new URL('../dist/', import.meta.url));
const empty = flag('empty');
const sockets = new Set();
let me = null;
let mode = 'live';
let presence = 'available';
let reservations = [];
let revision = 3;
let policyText = data.policyText;
/** The draft that is tried on the history: { asked, began_ms, cancelled }. */
let replay = null;

function replayState() {
  if (!replay) return { state: 'idle', events: 0, share: 0 };
  const share = Math.min(1, (Date.now() - replay.began_ms) / 4000);
  const { from, to, as } = replay.asked;
  const common = { number: 1, from, to, as, started_by: me.name, events: Math.round(share * 482113), share };
  if (replay.cancelled) return { ...common, state: 'cancelled' };
  if (share < 1) return { ...common, state: 'running' };
  const side = (decisions, contacts, customers, alerts) => ({
    decisions,
    contacts,
    customers,
    alerts,
    withheld: decisions - contacts - alerts,
  });
  const same = replay.asked.toml === policyText && as === 'recorded';
  const at = data.at(7200);
  return {
    ...common,
    state: 'done',
    result: {
      exact: same,
      why: [
        same
          ? 'policy, mode, model and engine are the same: all 940 decisions were made again, ids included'
          : 'the draft is another text than the policy of then (revision 3)',
      ],
      from,
      to,
      as,
      log_from: data.at(2592000),
      log_is_whole: true,
      events: 482113,
      customers: 18240,
      left_out: 0,
      took_ms: 4000,
      happened: side(940, 212, 198, 9),
      draft: same ? side(940, 212, 198, 9) : side(905, 164, 155, 9),
      rules: [
        {
          rule: 'struggle-offer',
          happened: side(610, 130, 121, 0),
          draft: side(580, same ? 130 : 88, 84, 0),
        },
        { rule: 'struggle-prompt', happened: side(321, 82, 80, 0), draft: side(316, same ? 82 : 76, 71, 0) },
        { rule: 'extreme-negative-escalate', happened: side(9, 0, 0, 9), draft: side(9, 0, 0, 9) },
      ],
      channels: [
        { name: 'banner', happened: 130, draft: same ? 130 : 88 },
        { name: 'prompt', happened: 82, draft: same ? 82 : 76 },
      ],
      reasons: [
        { name: 'cooling_down', happened: 402, draft: same ? 402 : 431 },
        { name: 'frequency_cap', happened: 190, draft: same ? 190 : 170 },
      ],
      hours: Array.from({ length: 24 }, (_, hour) => {
        const happened = Math.round(9 + 9 * Math.sin((hour - 8) / 3.8));
        return { hour, happened, draft: same ? happened : Math.round(happened * 0.77) };
      }),
      time_zone: 'Europe/Vienna',
      customers_examples: same ? [] : [{ customer: data.customers[0].customer, happened: 3, draft: 1 }],
      differences: same
        ? { total: 0, only_then: 0, only_draft: 0, changed: 0, shown: [] }
        : {
            total: 2,
            only_then: 1,
            only_draft: 0,
            changed: 1,
            shown: [
              {
                kind: 'only_then',
                customer: data.customers[0].customer,
                rule: 'struggle-offer',
                happened: { at, rule: 'struggle-offer', what: 'contact', detail: 'banner' },
              },
              {
                kind: 'changed',
                customer: data.customers[0].customer,
                rule: 'struggle-prompt',
                happened: { at, rule: 'struggle-prompt', what: 'contact', detail: 'prompt' },
                draft: { at, rule: 'struggle-prompt', what: 'withhold', detail: 'cooling_down' },
              },
            ],
          },
      cost: {
        handle_minutes: replay.asked.handle_minutes,
        per_minute: replay.asked.cost_per_minute,
        happened: 212 * replay.asked.handle_minutes * replay.asked.cost_per_minute,
        draft: (same ? 212 : 164) * replay.asked.handle_minutes * replay.asked.cost_per_minute,
      },
    },
  };
}
const articles = ['Why was my card declined?', 'Returns and refunds'].map((title, n) => ({
  id: `faq_${n}`,
  slug: `article-${n}`,
  status: n ? 'draft' : 'published',
  place: n,
  paths: ['/checkout/**'],
  codes: ['card:declined'],
  keywords: ['visa'],
  revision: 1,
  changed_by: 'Mara',
  title,
  locales: [
    { locale: 'en', newest: 2, published: n ? undefined : 2, title, outdated: false, written_by: 'Mara' },
    { locale: 'de', newest: 1, published: 1, title, outdated: true, written_by: 'Mara' },
  ],
  outcome: { opened: 40, helpful: 21, not_helpful: 6, still_needed: 5, read_s: 900 },
}));
const article_text = (article) => ({
  version: 2,
  title: article.title,
  summary: 'What to try first.',
  body_markdown: '## First\n\n1. Check the **number**\n2. Check the date',
  based_on: 0,
  written_by: 'Mara',
  outcome: article.outcome,
});
let tokens = [{ token: 'tok_1', name: 'Order service', scopes: ['grants'], created_at: data.at(400000) }];
const change = (seconds, what, more = {}) => ({
  at: data.at(seconds),
  kind: 'change',
  change: what,
  ledger: { partition: 12, row: 4 },
  ...more,
});
const grants = [
  {
    grant: data.id('grt', 1),
    customer: data.id('cus', 1),
    customer_label: 'Ida Brandt',
    state: 'exhausted',
    used: 1,
    held: 0,
    limit: 1,
    channels: [],
    issued_at: data.at(3000),
    expires_at: data.at(-83400),
    story: [
      { at: data.at(3000), kind: 'decision', decision: data.id('dec', 1), rule: 'struggle-offer' },
      change(3000, 'issued', { limit: 1 }),
      { at: data.at(2995), kind: 'offer', offer: data.id('ofr', 1), rule: 'struggle-offer', state: 'shown' },
      change(2980, 'held', { redemption: data.id('red', 1) }),
      {
        at: data.at(2980),
        kind: 'conversation',
        conversation: data.id('int', 1),
        channel: 'chat',
        status: 'assigned',
        agent_name: 'Noor',
        code: null,
      },
      change(2970, 'connected', { redemption: data.id('red', 1) }),
    ],
  },
  {
    grant: data.id('grt', 2),
    customer: data.id('cus', 2),
    customer_label: 'Visitor 7QK2M',
    state: 'active',
    used: 0,
    held: 1,
    limit: 3,
    channels: ['chat'],
    issued_at: data.at(90000),
    expires_at: data.at(-500000),
    link: 'https://help.fernandpine.example/help/g/grtk_AQEBAQEBAQEBAQEBAQEBAQEBAQEB',
    story: [change(90000, 'issued', { limit: 3 }), change(600, 'denied', { detail: 'wrong_channel' })],
  },
];
function issue_grant(terms) {
  const link = 'https://help.fernandpine.example/help/g/grtk_AgICAgICAgICAgICAgICAgICAgICAgIC';
  const expires_at = data.at(-terms.ttl_s);
  const made = {
    ...grants[1],
    ...terms,
    grant: data.id('grt', grants.length + 1),
    used: 0,
    held: 0,
    link,
    expires_at,
  };
  grants.unshift({ ...made, issued_at: data.at(0), story: [change(0, 'issued', { limit: terms.limit })] });
  return { grant: made.grant, customer: made.customer, token: link.slice(-34), link, expires_at };
}
let sources = [
  {
    source: data.id('src', 1),
    name: 'Web shop',
    write_keys: [
      { key: 'wk_shop_4Jd8sQ2m', created_at: data.at(900000) },
      { key: 'wk_shop_old11', created_at: data.at(2000000), revoked_at: data.at(800000) },
    ],
    allowed_origins: ['https://www.fernandpine.example'],
    identity_secret: 'ids_9c1f0a7e55',
    events_total: 482113,
    last_event_at: data.at(2),
  },
  {
    source: data.id('src', 2),
    name: 'Order e-mails',
    write_keys: [{ key: 'wk_mail_77aPx0', created_at: data.at(500000) }],
    allowed_origins: [],
    events_total: 912,
    last_event_at: data.at(3700),
  },
];

const load = () => ({
  chat: data.conversations.filter(
    (c) => c.agent === data.agents[0].agent && c.channel === 'chat' && c.status === 'assigned',
  ).length,
  callback: 1,
});
const state = () => ({
  seq: 1,
  me: {
    agent: me?.agent ?? data.agents[0].agent,
    name: me?.name ?? '',
    presence,
    capacity: { chat: 4, callback: 1 },
    load: empty ? { chat: 0, callback: 0 } : load(),
  },
  reservations,
  conversations: empty ? [] : data.conversations,
  queue: empty ? [] : data.queue,
  agents: data.agents.map(({ agent, name }, n) => ({
    agent,
    name,
    presence: ['available', 'busy', 'away'][n] ?? 'offline',
    load: {},
  })),
  alerts: empty ? [] : data.alerts,
  mode,
});
const pushState = () => sockets.forEach((socket) => socket.send({ state: state() }));
function append(customer, item) {
  const stored = { seq: data.nextSeq(), at: new Date().toISOString(), ...item };
  data.timelines.get(customer).push(stored);
  for (const socket of sockets) {
    if (socket.watch?.has(customer))
      socket.send({ timeline: { customer, items: [stored], seq: stored.seq } });
  }
  return stored;
}

/** The customer writes, and what their words say follows. */
function say(customer, conversation, text) {
  const message = data.id('msg', Date.now() % 1e6);
  append(customer, { kind: 'message', conversation, message, author: 'customer', text });
  append(customer, mood_of(customer, text, { message }));
  append(customer, issue_of(text, { message }));
}

// Calls lie between what else a customer did.
if (!empty) {
  for (const { customer } of data.customers) {
    const rows = call_rows(customer);
    if (rows.length === 0 || data.timelines.get(customer).length > 1000) continue;
    const all = [...data.timelines.get(customer), ...rows].sort(
      (a, b) => Date.parse(a.at) - Date.parse(b.at),
    );
    data.timelines.set(
      customer,
      all.map((it) => ({ ...it, seq: data.nextSeq() })),
    );
  }
}

const routes = [
  ...call_routes(empty),
  [
    'POST',
    '/v1/auth/login',
    ({ body }) => {
      if (body.password !== 'password')
        return [401, { code: 'wrong_credentials', message: 'e-mail or password is wrong' }];
      const role =
        ['agent', 'analyst', 'supervisor'].find((it) => body.email.startsWith(`${it}@`)) ?? 'admin';
      me = {
        agent: data.agents[0].agent,
        name: 'Mara Lindqvist',
        email: body.email,
        role,
        csrf: 'csrf-1',
        must_change_password: body.email.startsWith('first@'),
      };
      return [200, me];
    },
  ],
  ['POST', '/v1/auth/logout', () => ((me = null), [204])],
  ['GET', '/v1/auth/me', () => (me ? [200, me] : [401, { code: 'not_signed_in', message: 'sign in first' }])],
  [
    'POST',
    '/v1/auth/password',
    ({ body }) =>
      body.current === 'password'
        ? [204]
        : [401, { code: 'wrong_credentials', message: 'current password is wrong', field: 'current' }],
  ],
  ['GET', '/v1/desk/state', () => [200, state()]],
  ['POST', '/v1/desk/presence', ({ body }) => ((presence = body.presence), setTimeout(pushState, 20), [204])],
  [
    'POST',
    '/v1/desk/reservations/:id/accept',
    () => {
      const [it] = reservations;
      if (!it) return [409, { code: 'reservation_gone', message: 'this request is gone' }];
      reservations = [];
      data.queue.shift();
      data.conversations.unshift({
        conversation: it.conversation,
        customer: it.customer,
        customer_label: it.customer_label,
        channel: 'chat',
        status: 'assigned',
        agent: me.agent,
        agent_name: me.name,
        started_at: data.at(60),
        last_message: 'i cannot choose a size??',
        last_at: data.at(58),
        unread: 1,
      });
      append(it.customer, {
        kind: 'conversation',
        conversation: it.conversation,
        status: 'assigned',
        channel: 'chat',
        agent_name: me.name,
      });
      setTimeout(pushState, 20);
      return [200, { conversation: it.conversation, customer: it.customer }];
    },
  ],
  ['POST', '/v1/desk/reservations/:id/reject', () => ((reservations = []), setTimeout(pushState, 20), [204])],
  ['POST', '/v1/desk/alerts/:id/done', () => (data.alerts.pop(), setTimeout(pushState, 20), [204])],
  [
    'GET',
    '/v1/customers',
    ({ query }) => {
      const wanted = (query.get('query') ?? '').toLowerCase();
      return [
        200,
        {
          customers: empty
            ? []
            : data.customers.filter((c) => `${c.label} ${c.email}`.toLowerCase().includes(wanted)),
        },
      ];
    },
  ],
  [
    'GET',
    '/v1/customers/:id/timeline',
    ({ id, query }) => {
      const all = data.timelines.get(id) ?? [];
      const after = Number(query.get('after'));
      const before = Number(query.get('before')) || Infinity;
      const limit = Number(query.get('limit')) || 100;
      const found = after
        ? all.filter((it) => it.seq > after).slice(0, limit)
        : all.filter((it) => it.seq < before).slice(-limit);
      return [200, { items: found, seq: all.at(-1)?.seq ?? 0, more: !after && found[0]?.seq > all[0]?.seq }];
    },
  ],
  [
    'GET',
    '/v1/customers/:id/context',
    ({ id }) => {
      const who = data.customers.find((c) => c.customer === id);
      if (!who) return [404, { code: 'not_found', message: 'no such customer' }];
      return [
        200,
        {
          customer: id,
          label: who.label,
          identifiers: who.email
            ? [
                { kind: 'email', value: who.email, verified: true },
                { kind: 'user_id', value: 'u-20417', verified: true },
              ]
            : [{ kind: 'anonymous_id', value: '7f3a-19c4-40aa', verified: false }],
          traits: who.email ? { plan: 'Regular', city: 'Bergen', orders: 4, newsletter: true } : {},
          page: { path: '/checkout', since: data.at(212) },
          visits: 7,
          past_requests: 1,
          engagement: {
            score: who.need,
            level: who.level,
            contributions: data.contributions,
            model: 'engagement-seed-1',
            thresholds: { medium: 0.5, high: 0.7 },
          },
          grant: {
            grant: data.id('grt', 1),
            used: 1,
            held: 0,
            limit: 2,
            expires_at: new Date(Date.now() + 82000000).toISOString(),
          },
          permission: { analyse_behaviour: true, contact: true, opted_out: id.endsWith('5') },
          why:
            who.need > 0.5
              ? 'Card expiry was refused three times on /checkout; then clicked Pay again and again'
              : 'Looked at delivery times twice today',
          offers: [
            { offer: data.id('off', 2), style: 'banner', state: 'accepted', at: data.at(870) },
            { offer: data.id('off', 1), style: 'prompt', state: 'ignored', at: data.at(950) },
          ],
        },
      ];
    },
  ],
  [
    'GET',
    '/v1/conversations/:id',
    ({ id }) => {
      const found = data.conversations.find((c) => c.conversation === id);
      return found ? [200, found] : [404, { code: 'not_found', message: 'no such conversation' }];
    },
  ],
  [
    'POST',
    '/v1/conversations/:id/messages',
    ({ id, body }) => {
      const talk = data.conversations.find((c) => c.conversation === id);
      if (!talk) return [404, { code: 'not_found', message: 'no such conversation' }];
      const stored = append(talk.customer, {
        kind: 'message',
        conversation: id,
        message: data.id('msg', Date.now() % 1e6),
        author: 'agent',
        author_name: me.name,
        text: body.text,
        client_key: body.client_key,
      });
      Object.assign(talk, { last_message: body.text, last_at: stored.at, unread: 0 });
      setTimeout(pushState, 20);
      if (!flag('quiet')) setTimeout(() => say(talk.customer, id, 'Thank you, that worked 😀'), 3000);
      return [200, { seq: stored.seq, message: stored.message }];
    },
  ],
  ['GET', '/v1/issues', () => [200, { model: 'shop-issues', issues: ISSUES }]],
  [
    'POST',
    '/v1/conversations/:id/messages/:seq/issue',
    ({ id, seq, body }) => {
      const has = ([, items]) => items.some((it) => it.seq === Number(seq));
      const [customer] = [...data.timelines].find(has);
      const label = body.issue ?? undefined;
      append(customer, { kind: 'labelled_issue', row: Number(seq), agent_name: me.name, label });
      const talk = data.conversations.find((it) => it.conversation === id);
      if (talk) talk.issue = label && { label, p: 1 };
      pushState();
      return [204];
    },
  ],
  [
    'POST',
    '/v1/conversations/:id/messages/:seq/label',
    ({ seq, body }) => {
      const has = ([, items]) => items.some((it) => it.seq === Number(seq));
      const [customer] = [...data.timelines].find(has);
      append(customer, {
        kind: 'labelled',
        row: Number(seq),
        agent_name: me.name,
        sentiment: body.sentiment,
      });
      return [204];
    },
  ],
  [
    'POST',
    '/v1/conversations/:id/messages/:seq/reveal',
    ({ id, seq, body }) => {
      const talk = data.conversations.find((c) => c.conversation === id);
      append(talk.customer, { kind: 'revealed', row: Number(seq), agent_name: me.name, reason: body.reason });
      return [
        200,
        { text: '2028-04. If it fails again, call me at 0151 5550 1234 or write to ingrid@example.org' },
      ];
    },
  ],
  [
    'POST',
    '/v1/conversations/:id/resolve',
    ({ id, body }) => {
      const talk = data.conversations.find((c) => c.conversation === id);
      talk.status = 'ended';
      append(talk.customer, {
        kind: 'resolution',
        conversation: id,
        code: body.code,
        notes: body.notes,
        agent_name: me.name,
      });
      setTimeout(pushState, 20);
      return [204];
    },
  ],
  [
    'GET',
    '/v1/decisions',
    ({ query }) => {
      const fits = (row, skip) =>
        ['rule', 'outcome', 'customer'].every(
          (key) => key === skip || !query.get(key) || row[key] === query.get(key),
        ) &&
        (skip === 'reason' ||
          !query.get('reason') ||
          row.reasons.some((it) => it.code === query.get('reason')));
      const tally = (rows, keys) =>
        rows.flatMap(keys).reduce((by, key) => ({ ...by, [key]: (by[key] ?? 0) + 1 }), {});
      const all = empty ? [] : data.decisions;
      const found = all.filter((row) => fits(row));
      const from = Number(query.get('cursor')) || 0;
      const limit = Number(query.get('limit')) || 50;
      return [
        200,
        {
          decisions: found.slice(from, from + limit),
          ...(from + limit < found.length ? { cursor: String(from + limit) } : {}),
          counts: {
            by_outcome: tally(
              all.filter((r) => fits(r, 'outcome')),
              (r) => [r.outcome],
            ),
            by_reason: tally(
              all.filter((r) => fits(r, 'reason')),
              (r) => r.reasons.map((it) => it.code),
            ),
          },
        },
      ];
    },
  ],
  [
    'GET',
    '/v1/decisions/:id',
    ({ id }) => {
      const row = data.decisions.find((it) => it.decision === id);
      if (!row) return [404, { code: 'not_found', message: 'no such decision' }];
      return [
        200,
        {
          ...row,
          trace: {
            signals: {
              'engagement.score': 0.8714,
              'engagement.level': 'high',
              'signals.form_errors_60s': 3,
              'signals.rage_clicks_10m': 1.2,
              'page.path': '/checkout',
              'session.visits': 7,
            },
            condition: {
              text: "signals.form_errors_60s >= 3.0 && page.path == '/checkout'",
              parts: [
                { text: 'signals.form_errors_60s >= 3.0', value: true },
                { text: "page.path == '/checkout'", value: true },
                { text: 'customer.opted_out', value: false },
              ],
            },
            score: 0.8714,
            contributions: data.contributions,
            policy_revision: row.policy_revision,
            model: 'engagement-seed-1',
            engine: '0.1.0',
          },
        },
      ];
    },
  ],
  ...lexicon_routes({ empty, name: () => me.name }),
  ['GET', '/v1/admin/sources', () => [200, empty ? [] : sources]],
  [
    'POST',
    '/v1/admin/sources',
    ({ body }) => {
      const made = {
        source: data.id('src', 9),
        name: body.name,
        write_keys: [{ key: 'wk_new_51', created_at: data.at(0) }],
        allowed_origins: body.allowed_origins ?? [],
        events_total: 0,
      };
      sources.push(made);
      return [200, made];
    },
  ],
  [
    'PATCH',
    '/v1/admin/sources/:id',
    ({ id, body }) => [
      200,
      Object.assign(
        sources.find((it) => it.source === id),
        body,
      ),
    ],
  ],
  [
    'POST',
    '/v1/admin/sources/:id/keys',
    ({ id }) => {
      const key = {
        key: `wk_${Math.random().toString(36).slice(2, 12)}`,
        created_at: new Date().toISOString(),
      };
      sources.find((it) => it.source === id).write_keys.push(key);
      return [200, key];
    },
  ],
  [
    'DELETE',
    '/v1/admin/sources/:id/keys/:key',
    ({ id, key }) => (
      (sources.find((it) => it.source === id).write_keys.find((it) => it.key === key).revoked_at =
        new Date().toISOString()),
      [204]
    ),
  ],
  ['GET', '/v1/admin/agents', () => [200, data.agents]],
  [
    'POST',
    '/v1/admin/agents',
    ({ body }) => (data.agents.push({ ...body, agent: data.id('agt', 50) }), [200, body]),
  ],
  [
    'PATCH',
    '/v1/admin/agents/:id',
    ({ id, body }) => [
      200,
      Object.assign(
        data.agents.find((it) => it.agent === id),
        body,
      ),
    ],
  ],
  [
    'GET',
    '/v1/admin/policy',
    () => [
      200,
      { revision, toml: policyText, activated_at: data.at(86000), activated_by: 'Mara Lindqvist', mode },
    ],
  ],
  [
    'PUT',
    '/v1/admin/policy',
    ({ body }) => {
      if (body.base_revision !== revision)
        return [409, { code: 'stale_revision', message: 'the policy changed meanwhile', current: revision }];
      policyText = body.toml;
      revision += 1;
      return [
        200,
        { revision, toml: policyText, activated_at: new Date().toISOString(), activated_by: me.name, mode },
      ];
    },
  ],
  [
    'POST',
    '/v1/admin/policy/validate',
    ({ body }) => {
      const lines = body.toml.split('\n');
      const wrong = lines.findIndex((it) => /^when = .*bogus/.test(it));
      const rules = [...body.toml.matchAll(/id = "(.*?)"\naction = "(.*?)"\nwhen = "(.*)"/g)].map(
        ([, rule, action, condition]) => ({ id: rule, action, condition }),
      );
      return [
        200,
        {
          errors: wrong < 0 ? [] : [{ line: wrong + 1, column: 9, message: 'unknown signal "bogus"' }],
          warnings: [],
          rules,
        },
      ];
    },
  ],
  ['GET', '/v1/admin/policy/replay', () => [200, replayState()]],
  [
    'POST',
    '/v1/admin/policy/replay',
    ({ body }) => {
      replay = { asked: body, began_ms: Date.now(), cancelled: false };
      return [202, replayState()];
    },
  ],
  [
    'DELETE',
    '/v1/admin/policy/replay',
    () => {
      if (replayState().state !== 'running')
        return [404, { code: 'not_found', message: 'no running replay' }];
      replay.cancelled = true;
      return [202, replayState()];
    },
  ],
  [
    'GET',
    '/v1/admin/policy/revisions',
    () => [
      200,
      [
        { revision: 3, activated_at: data.at(86000), activated_by: 'Mara Lindqvist', toml: policyText },
        {
          revision: 2,
          activated_at: data.at(400000),
          activated_by: 'Aiko Brandt',
          toml: data.policyText.replace('0.7', '0.75'),
        },
        {
          revision: 1,
          activated_at: data.at(900000),
          activated_by: 'shipped',
          toml: data.policyText.replace('0.7', '0.8'),
        },
      ],
    ],
  ],
  ['POST', '/v1/admin/mode', ({ body }) => ((mode = body.mode), setTimeout(pushState, 20), [200, { mode }])],
  [
    'GET',
    '/v1/admin/checklist',
    () => [
      200,
      {
        steps: [
          { id: 'source', title: 'Create a source', done: true, detail: 'Web shop', href: '#/admin/sources' },
          {
            id: 'first_event',
            title: 'Receive the first event',
            done: true,
            detail: '482,113 events so far',
          },
          {
            id: 'widget_seen',
            title: 'See the widget on a page',
            done: true,
            detail: 'Last on /checkout, a moment ago',
          },
          { id: 'agent', title: 'Add an agent with a skill', done: true, detail: 'Three people can answer' },
          {
            id: 'agent_available',
            title: 'Be available at the desk',
            done: presence === 'available',
            detail: 'Somebody with a free seat is needed before a chat can be offered',
          },
          {
            id: 'policy_reviewed',
            title: 'Review the policy',
            done: false,
            detail: 'Read it once, and save it',
          },
          {
            id: 'live',
            title: 'Go live',
            done: mode === 'live',
            detail: 'Until then nothing reaches a customer',
          },
        ],
      },
    ],
  ],
  [
    'GET',
    '/v1/admin/rejected',
    () => [
      200,
      {
        rejected: empty
          ? []
          : [
              {
                at: data.at(300),
                source: 'Web shop',
                reason: 'event_too_large',
                field: 'properties',
                excerpt: '{"type":"track","event":"cart_viewed","properties":{"lines":[{"sku":"AL-1…',
              },
              {
                at: data.at(4000),
                source: 'Order e-mails',
                reason: 'missing_field',
                field: 'messageId',
                excerpt: '{"type":"track","event":"order_shipped"}',
              },
            ],
      },
    ],
  ],
  ['GET', '/v1/admin/skipped', () => [200, { skipped: [] }]],
  ['GET', '/v1/admin/tokens', () => [200, tokens]],
  [
    'POST',
    '/v1/admin/tokens',
    ({ body }) => {
      const made = { token: `tok_${tokens.length + 1}`, ...body, created_at: new Date().toISOString() };
      tokens.push(made);
      return [200, { ...made, secret: 'ovt_3nq0v7cyk1m2d8xw' }];
    },
  ],
  ['DELETE', '/v1/admin/tokens/:id', ({ id }) => ((tokens = tokens.filter((it) => it.token !== id)), [204])],
  [
    'GET',
    '/v1/grants',
    ({ query }) => [200, { grants: grants.filter((it) => !query.state || it.state === query.state) }],
  ],
  ['POST', '/v1/grants', ({ body }) => [200, issue_grant(body)]],
  ['GET', '/v1/grants/:id', ({ id }) => [200, grants.find((it) => it.grant === id) ?? grants[0]]],
  [
    'POST',
    '/v1/grants/:id/revoke',
    ({ id }) => {
      const grant = grants.find((it) => it.grant === id) ?? grants[0];
      grant.state = 'revoked';
      delete grant.link;
      grant.story.push({
        at: new Date().toISOString(),
        kind: 'change',
        change: 'revoked',
        ledger: { partition: 12, row: 9 },
      });
      return [204];
    },
  ],
  ['GET', '/v1/admin/articles', () => [200, { articles, main_locale: 'en', articles_max: 2000 }]],
  ['GET', '/v1/admin/articles/missed', () => [200, { searches: [] }]],
  ['POST', '/v1/admin/articles/try', () => [200, { answers: [] }]],
  [
    'GET',
    '/v1/admin/articles/:id',
    ({ id }) => {
      const article = articles.find((it) => it.id === id) ?? articles[0];
      return [200, { article, texts: { en: article_text(article) }, main_locale: 'en' }];
    },
  ],
  [
    'GET',
    '/v1/admin/status',
    () => [
      200,
      {
        version: '0.1.0',
        store: 'SQLite',
        uptime_s: 93211,
        events_total: 483025,
        events_per_s: 40 + 25 * Math.random(),
        commit_p99_ms: 2 + Math.random() * 3,
        customers: 18231,
        disk: { used_bytes: 3.1e9, free_bytes: 41e9, refusing: false },
        skipped: 0,
        rejected: 2,
        demo: true,
        text_model: { name: 'text-1', problem: null },
        issue_classifier: { name: 'shop-issues', issues: ISSUES.length, problem: null },
        remote_text: null,
      },
    ],
  ],
  ['POST', '/v1/admin/demo/wipe', () => [204]],
];

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};

const server = createServer(async (request, response) => {
  const url = new URL(request.url, 'http://mock');
  if (!url.pathname.startsWith('/v1/')) return serveFile(url.pathname, response);
  const [, recorded] = /^\/v1\/calls\/([^/]+)\/recording$/.exec(url.pathname) ?? [];
  if (recorded && request.method === 'GET') return play(recording_of(recorded), request, response);
  let text = '';
  for await (const chunk of request) text += chunk;
  const [status, body] = answer(request, url, text ? JSON.parse(text) : {});
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(body === undefined ? '' : JSON.stringify(body));
});

function answer(request, url, body) {
  const open = url.pathname.startsWith('/v1/auth/');
  if (!open && !me) return [401, { code: 'not_signed_in', message: 'sign in first' }];
  if (!open && request.method !== 'GET' && request.headers['x-csrf-token'] !== 'csrf-1')
    return [403, { code: 'csrf_missing', message: 'x-csrf-token is missing' }];
  const parts = url.pathname.split('/');
  for (const [method, pattern, handle] of routes) {
    const wanted = pattern.split('/');
    if (method !== request.method || wanted.length !== parts.length) continue;
    const found = {};
    if (
      wanted.every((part, n) =>
        part.startsWith(':') ? (found[part.slice(1)] = decodeURIComponent(parts[n])) : part === parts[n],
      )
    ) {
      return handle({ ...found, query: url.searchParams, body });
    }
  }
  return [404, { code: 'not_found', message: `no route ${request.method} ${url.pathname}` }];
}

/** Sound in parts, as players ask for it. */
function play(sound, request, response) {
  if (!sound) return response.writeHead(404).end();
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
  const [start, end] = [Number(from ?? 0), Math.min(sound.length - 1, Number(to || sound.length - 1))];
  response.writeHead(from === undefined ? 200 : 206, {
    'content-type': 'audio/wav',
    'accept-ranges': 'bytes',
    'content-length': end - start + 1,
    ...(from === undefined ? {} : { 'content-range': `bytes ${start}-${end}/${sound.length}` }),
  });
  response.end(sound.subarray(start, end + 1));
}

async function serveFile(path, response) {
  const file = path === '/desk/' ? 'index.html' : normalize(path.replace(/^\/desk\//, ''));
  const body = file.startsWith('..') ? undefined : await readFile(join(dist, file)).catch(() => undefined);
  response.writeHead(body ? 200 : 404, { 'content-type': TYPES[extname(file)] ?? 'text/plain' });
  response.end(body ?? 'not found');
}

server.on('upgrade', (request, socket) => {
  if (!me) return socket.end('HTTP/1.1 401 Unauthorized\r\n\r\n');
  const peer = upgrade(
    request,
    socket,
    (text) => {
      const message = JSON.parse(text);
      if (message.call !== undefined) {
        peer.follows = message.call && { call: message.call, sent: {} };
        return tell_call(peer);
      }
      if (!message.watch) return; // somebody types
      peer.watch = new Set(message.watch);
      for (const customer of peer.watch) {
        const items = (data.timelines.get(customer) ?? []).filter(
          (it) => it.seq > (message.after?.[customer] ?? 0),
        );
        peer.send({ timeline: { customer, items, seq: items.at(-1)?.seq ?? 0 } });
      }
    },
    () => sockets.delete(peer),
  );
  sockets.add(peer);
  peer.send({ state: state() });
  tell_calls([peer]);
});

// Calls go on.
function tell_call(peer) {
  const push = peer.follows && push_of(peer.follows.call, peer.follows.sent);
  if (push) peer.send({ call: push });
}
let told_calls = 0;
function tell_calls(peers) {
  const calls = live_calls();
  if (calls.length + told_calls > 0) for (const peer of peers) peer.send({ calls });
  told_calls = calls.length;
}
setInterval(() => sockets.forEach(tell_call), 250);
setInterval(() => tell_calls(sockets), 1000);

// Live traffic: a visitor wanders, and now and then a request rings.
if (!flag('quiet') && !empty) {
  setInterval(
    () =>
      append(data.customers[0].customer, {
        kind: 'page',
        path: ['/checkout', '/delivery', '/cart'][Date.now() % 3],
      }),
    15000,
  );
  setTimeout(() => {
    reservations = [data.reservation()];
    pushState();
  }, 6000);
}
server.listen(port, '127.0.0.1', () => console.log(`mock at http://127.0.0.1:${port}/desk/`));
