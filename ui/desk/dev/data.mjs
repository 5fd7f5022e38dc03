// A small invented shop: its people, what they did, and what was decided. Written by hand for looking at pages.
import { mood_of, with_moods } from './mood.mjs';

const NOW = Date.now();
export const at = (secondsAgo) => new Date(NOW - secondsAgo * 1000).toISOString();
const id = (prefix, n) => `${prefix}_01k${String(n).padStart(23, '0')}`;
export { id };

export const agents = [
  {
    agent: id('agt', 1),
    name: 'Mara Lindqvist',
    email: 'mara@fernandpine.example',
    role: 'admin',
    skills: [
      { skill: 'billing', level: 5 },
      { skill: 'shipping', level: 3 },
    ],
    languages: ['en', 'sv', 'de'],
    capacity: { chat: 4, callback: 1 },
    active: true,
  },
  {
    agent: id('agt', 2),
    name: 'Tomás Ferreira',
    email: 'tomas@fernandpine.example',
    role: 'agent',
    skills: [
      { skill: 'shipping', level: 4 },
      { skill: 'returns', level: 4 },
    ],
    languages: ['en', 'pt'],
    capacity: { chat: 3, callback: 1 },
    active: true,
  },
  {
    agent: id('agt', 3),
    name: 'Aiko Brandt',
    email: 'aiko@fernandpine.example',
    role: 'supervisor',
    skills: [{ skill: 'technical', level: 5 }],
    languages: ['en', 'ja', 'de'],
    capacity: { chat: 2, callback: 2 },
    active: true,
  },
  {
    agent: id('agt', 4),
    name: 'Dele Okafor',
    email: 'dele@fernandpine.example',
    role: 'analyst',
    skills: [],
    languages: ['en'],
    capacity: { chat: 0, callback: 0 },
    active: true,
  },
  {
    agent: id('agt', 5),
    name: 'Ruth Peckham',
    email: 'ruth@fernandpine.example',
    role: 'agent',
    skills: [{ skill: 'billing', level: 2 }],
    languages: ['en'],
    capacity: { chat: 3, callback: 0 },
    active: false,
  },
];

const people = [
  ['Ingrid Solheim', 'ingrid.solheim@example.net', 0.87, 'high'],
  ['Paul Adeyemi', 'p.adeyemi@example.org', 0.62, 'medium'],
  ['Visitor 7f3a', '', 0.74, 'high'],
  ['Chiara Conti', 'chiara@example.it', 0.31, 'low'],
  ['Visitor c019', '', 0.55, 'medium'],
  ['Jonas Weidner', 'jonas.weidner@example.de', 0.12, 'low'],
  ['Noor van Dijk', 'noor@example.nl', 0.44, 'low'],
  ['Sam Whitlock', 'sam.whitlock@example.com', 0.08, 'low'],
  ['Visitor 52be', '', 0.2, 'low'],
  ['Farah Haddad', 'farah.h@example.com', 0.68, 'medium'],
];
export const customers = people.map(([label, email, need, level], n) => ({
  customer: id('cus', n + 1),
  label,
  email,
  need,
  level,
  last_seen: at([20, 95, 140, 900, 2300, 5200, 16000, 52000, 90000, 190000][n]),
}));

let seq = 0;
const line = (secondsAgo, kind, rest) => ({ seq: ++seq, at: at(secondsAgo), kind, ...rest });
export const nextSeq = () => ++seq;

const D = 86400;
export const timelines = new Map();
timelines.set(customers[0].customer, [
  ...Array.from({ length: 140 }, (_, n) =>
    line(9 * D - n * 90, 'page', {
      path: ['/', '/lamps', '/lamps/alder-desk-lamp', '/rugs', '/rugs/heather'][n % 5],
    }),
  ),
  line(9 * D - 13000, 'conversation', { conversation: id('int', 90), status: 'queued', channel: 'chat' }),
  line(9 * D - 13010, 'message', {
    conversation: id('int', 90),
    message: id('msg', 900),
    author: 'customer',
    text: 'Does the Alder lamp take a standard bulb?',
  }),
  line(9 * D - 13060, 'message', {
    conversation: id('int', 90),
    message: id('msg', 901),
    author: 'agent',
    author_name: 'Tomás Ferreira',
    text: 'It does: E14, up to 8 W. Warm white suits it best.',
  }),
  line(9 * D - 13300, 'resolution', {
    conversation: id('int', 90),
    code: 'solved',
    notes: 'Bulb question, E14.',
    agent_name: 'Tomás Ferreira',
  }),
  line(86000, 'page', { path: '/account/orders' }),
  line(85940, 'identified', { identifiers: ['email ingrid.solheim@example.net'] }),
  line(1500, 'page', { path: '/' }),
  line(1440, 'page', { path: '/lamps' }),
  line(1405, 'page', { path: '/lamps/alder-desk-lamp' }),
  line(1320, 'custom', { name: 'product_added' }),
  line(1290, 'page', { path: '/cart' }),
  line(1230, 'page', { path: '/checkout', title: 'Checkout' }),
  line(1100, 'behaviour', {
    name: 'form_error',
    detail: { form: 'payment', field: 'card_expiry', code: 'invalid' },
  }),
  line(1040, 'behaviour', {
    name: 'form_error',
    detail: { form: 'payment', field: 'card_expiry', code: 'invalid' },
  }),
  line(1000, 'behaviour', {
    name: 'form_error',
    detail: { form: 'payment', field: 'card_expiry', code: 'invalid' },
  }),
  line(990, 'decision', { decision: id('dec', 3), rule: 'help_prompt', outcome: 'prompt', reasons: [] }),
  line(989, 'offer', { offer: id('off', 1), style: 'prompt', rule: 'help_prompt', state: 'shown' }),
  line(950, 'offer', { offer: id('off', 1), style: 'prompt', rule: 'help_prompt', state: 'ignored' }),
  line(930, 'behaviour', { name: 'rage_click', detail: 'near the Pay button' }),
  line(900, 'decision', { decision: id('dec', 1), rule: 'help_offer', outcome: 'offer', reasons: [] }),
  line(899, 'grant', { grant: id('grt', 1), state: 'issued' }),
  line(898, 'offer', { offer: id('off', 2), style: 'banner', rule: 'help_offer', state: 'eligible' }),
  line(897, 'offer', { offer: id('off', 2), style: 'banner', rule: 'help_offer', state: 'shown' }),
  line(870, 'offer', {
    offer: id('off', 2),
    style: 'banner',
    rule: 'help_offer',
    state: 'accepted',
    option: 'chat',
  }),
  line(869, 'conversation', { conversation: id('int', 1), status: 'queued', channel: 'chat' }),
  line(860, 'conversation', {
    conversation: id('int', 1),
    status: 'assigned',
    channel: 'chat',
    agent_name: 'Mara Lindqvist',
  }),
  line(850, 'message', {
    conversation: id('int', 1),
    message: id('msg', 1),
    author: 'customer',
    text: 'Hi, the payment form keeps rejecting my card. It says the expiry date is wrong but it is what is printed on the card.',
  }),
  line(815, 'message', {
    conversation: id('int', 1),
    message: id('msg', 2),
    author: 'agent',
    author_name: 'Mara Lindqvist',
    text: 'Hello Ingrid, I am sorry about that. I can see you were stopped three times at the expiry date. Which way did you write it?',
  }),
  line(790, 'message', {
    conversation: id('int', 1),
    message: id('msg', 3),
    author: 'customer',
    text: '2028-04. If it fails again, call me at [phone:k3v7x2aq] or write to [email:m5d2aaq7]',
    redacted: true,
  }),
  line(786, 'message', {
    conversation: id('int', 1),
    message: id('msg', 4),
    author: 'customer',
    text: 'That is how my bank app shows it',
  }),
  line(730, 'message', {
    conversation: id('int', 1),
    message: id('msg', 5),
    author: 'agent',
    author_name: 'Mara Lindqvist',
    text: 'The form wants month first: 04/28. Your cart is still there, so nothing is lost. Could you try that?',
  }),
  line(310, 'custom', { name: 'Feedback Submitted' }),
  line(309, 'mood', mood_of('feedback', 'The form keeps rejecting my card', { event: 'Feedback Submitted' })),
  line(300, 'page', { path: '/checkout', title: 'Checkout' }),
  line(140, 'message', {
    conversation: id('int', 1),
    message: id('msg', 6),
    author: 'customer',
    text: 'Oh! That worked. But now it shows delivery on 30 November for €12.50, and I am away then. Can I change the day?',
    entities: [
      { start: 46, end: 57, kind: 'date', value: '--11-30' },
      { start: 62, end: 70, kind: 'amount', value: '12.50 EUR' },
    ],
  }),
]);
timelines.set(customers[1].customer, [
  line(700, 'page', { path: '/account/returns' }),
  line(640, 'page', { path: '/help/returns' }),
  line(600, 'behaviour', { name: 'quick_back', detail: 'left /help/returns after 4 s' }),
  line(520, 'conversation', { conversation: id('int', 2), status: 'queued', channel: 'callback' }),
  line(500, 'conversation', {
    conversation: id('int', 2),
    status: 'assigned',
    channel: 'callback',
    agent_name: 'Mara Lindqvist',
  }),
]);
timelines.set(customers[2].customer, [
  line(200, 'page', { path: '/rugs/heather' }),
  line(160, 'behaviour', { name: 'dead_click', detail: 'size picker' }),
  line(150, 'behaviour', { name: 'dead_click', detail: 'size picker' }),
  line(60, 'conversation', { conversation: id('int', 3), status: 'queued', channel: 'chat' }),
  line(58, 'message', {
    conversation: id('int', 3),
    message: id('msg', 30),
    author: 'customer',
    text: 'i cannot choose a size??',
  }),
]);
// one customer with ten thousand rows, to see that a long history stays quick
timelines.set(
  customers[5].customer,
  Array.from({ length: 10_000 }, (_, n) =>
    n % 3
      ? line(40 * D - n * 300, 'message', {
          conversation: id('int', 5),
          message: id('msg', 10_000 + n),
          author: n % 2 ? 'customer' : 'agent',
          text: `Message number ${n}`,
        })
      : line(40 * D - n * 300, 'page', { path: `/page/${n}` }),
  ),
);
timelines.set(customers[9].customer, [
  line(4000, 'conversation', {
    conversation: id('int', 4),
    status: 'assigned',
    channel: 'chat',
    agent_name: 'Tomás Ferreira',
  }),
  line(3980, 'message', {
    conversation: id('int', 4),
    message: id('msg', 40),
    author: 'customer',
    text: 'My parcel says delivered and it is not here.',
  }),
  line(3900, 'message', {
    conversation: id('int', 4),
    message: id('msg', 41),
    author: 'agent',
    author_name: 'Tomás Ferreira',
    text: 'Let me ask the carrier where they left it.',
  }),
  ...[
    'Thanks, I can wait a little 😀',
    'ok',
    'Two hours now, and still nothing. I need it today!',
    'This is the third time 😡 Das ist doch lächerlich, I sat in the cafe\u0301 next door all day 👩‍👩‍👧',
    'I am fed up. Nobody answers me. Thank you for nothing!',
  ].map((text, n) =>
    line(3000 - n * 500, 'message', {
      conversation: id('int', 4),
      message: id('msg', 42 + n),
      author: 'customer',
      text,
    }),
  ),
]);
for (const [customer, items] of timelines) timelines.set(customer, with_moods(customer, items));
for (const { customer } of customers)
  if (!timelines.has(customer)) timelines.set(customer, [line(5000, 'page', { path: '/' })]);

const talk = (n, who, rest) => ({
  conversation: id('int', n),
  customer: customers[who].customer,
  customer_label: customers[who].label,
  channel: 'chat',
  status: 'assigned',
  agent: agents[0].agent,
  agent_name: agents[0].name,
  started_at: at(900),
  last_at: at(140),
  unread: 0,
  ...rest,
});
export const conversations = [
  talk(1, 0, {
    last_message: 'Oh! That worked. But now it shows delivery on the 30th, and I am away then.',
    unread: 1,
    issue: { label: 'delivery', p: 0.77 },
  }),
  talk(2, 1, { channel: 'callback', phone: '+44 20 7946 0958', last_at: at(500) }),
  talk(4, 9, {
    agent: agents[1].agent,
    agent_name: agents[1].name,
    last_message: 'Let me ask the carrier where they left it.',
    issue: { label: 'parcel left with a neighbour or at a shop', p: 0.64 },
    last_at: at(3900),
  }),
  talk(5, 5, { status: 'ended', last_message: 'Danke, das war alles.', last_at: at(7000) }),
];
export const queue = [
  {
    request: id('req', 3),
    conversation: id('int', 3),
    customer: customers[2].customer,
    customer_label: customers[2].label,
    channel: 'chat',
    waited_s: 58,
    skill: 'technical',
    language: 'en',
    priority: 0,
  },
  {
    request: id('req', 6),
    conversation: id('int', 6),
    customer: customers[6].customer,
    customer_label: customers[6].label,
    channel: 'callback',
    waited_s: 17,
    language: 'nl',
    priority: 0,
  },
];
export const reservation = () => ({
  reservation: id('rsv', Date.now() % 100000),
  request: id('req', 3),
  conversation: id('int', 3),
  customer: customers[2].customer,
  customer_label: customers[2].label,
  channel: 'chat',
  queue: 'Chat',
  skill: 'technical',
  language: 'en',
  waited_s: 61,
  expires_at: new Date(Date.now() + 28000).toISOString(),
  why: 'Size picker did not respond twice on /rugs/heather',
});
export const alerts = [
  {
    id: 'alert-1',
    at: at(400),
    customer: customers[9].customer,
    text: 'Farah Haddad has waited an hour for an answer',
  },
];

export const contributions = [
  { factor: 'form_errors', label: 'Form errors', value: 3, weight: 0.9, contribution: 1.84 },
  { factor: 'rage_clicks', label: 'Rage clicks', value: 1, weight: 0.7, contribution: 0.72 },
  { factor: 'time_on_page', label: 'Time on page', value: 212, weight: 0.3, contribution: 0.41 },
  { factor: 'clicks', label: 'Clicks', value: 24, weight: 0.1, contribution: 0.18 },
  { factor: 'past_requests', label: 'Past requests', value: 1, weight: 0.2, contribution: 0.09 },
  { factor: 'bias', label: 'Starting point', value: 1, weight: -1.4, contribution: -1.4 },
];

const REASONS = [
  [],
  [{ code: 'shadow_mode' }],
  [{ code: 'declined_recently', detail: { days_left: 6 } }, { code: 'shadow_mode' }],
  [{ code: 'no_consent' }, { code: 'identity_too_weak' }, { code: 'shadow_mode' }],
  [{ code: 'authorization_denied', detail: 'grant_exhausted' }],
  [{ code: 'cooling_down' }, { code: 'paced' }],
  [{ code: 'already_in_contact' }],
  [{ code: 'quiet_hours', detail: 'Europe/Amsterdam' }],
];
export const decisions = Array.from({ length: 130 }, (_, n) => {
  const reasons = REASONS[n % REASONS.length];
  const who = customers[(n * 7) % customers.length];
  return {
    decision: id('dec', n + 1),
    at: at(900 + n * 431),
    customer: who.customer,
    customer_label: who.label,
    rule: ['help_offer', 'help_prompt', 'repeated_form_errors'][n % 3],
    outcome: reasons.length ? 'withhold' : n % 2 ? 'prompt' : 'offer',
    reasons,
    session: id('int', 200 + n),
    policy_revision: n < 60 ? 3 : 2,
  };
});

export const policyText = `# When Overture offers help, and what it must never do.
version = 1

[thresholds]
medium = 0.5        # contextual prompt above this
high = 0.7          # "Help is Available" above this

[limits]
offers_per_day = 3
not_now_days = 7
ignored_hours = 24

[quiet_hours]
from = "21:00"
to = "08:00"

[[rule]]
id = "help_prompt"
action = "prompt"
when = "engagement.score > thresholds.medium"

[[rule]]
id = "help_offer"
action = "offer"
when = "engagement.score > thresholds.high"

[[rule]]
id = "repeated_form_errors"
action = "offer"
when = "signals.form_errors_60s >= 3.0 && page.path == '/checkout'"
`;
