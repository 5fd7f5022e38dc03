// Calls for the mock: made from a number, so that each is the same on every start. Live ones move with the clock.
import { agents, customers, id } from './data.mjs';
import { mood_of } from './mood.mjs';

const NOW = Date.now();
const LEVEL_S = 0.25;
const RATE_HZ = 8000;
const ALERT = { on: 0.7, off: 0.5 };
const LINES = [
  'Hello, my lamp arrived yesterday and the shade is broken.',
  'I wrote to you on Monday and nobody answered me.',
  'Yes, the order number is on the slip, one moment please.',
  'No, I do not want a voucher. I want the lamp that I paid for.',
  'This is the third time that I call about it, and I am fed up.',
  'Oh great, that is exactly what I was hoping to hear.',
  'All right, so when would the new one be here?',
  'Thursday would be fine, somebody is at home from nine.',
  'That worked, thanks. I love the colour, by the way.',
  'Could you say that again? The line is not very good.',
  'It was terrible, the box was wet and open on one side.',
  'Fine. Send me an e-mail with the number, then.',
];
const decimal = (value) => Math.round(value * 1e3) / 1e3;
const clamp = (value) => Math.min(1, Math.max(0, value));

function random(seed) {
  let state = seed * 2654435761 + 1;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** A whole call: `heat(part)` is how angry the voice sounds at that part of it, 0..1. */
function make(seed, seconds, { heat, agent = true, words = true }) {
  const rand = random(seed);
  const turns = [];
  for (let at = 400, party = 'agent'; at < seconds * 1000;) {
    const long = 900 + rand() * (party === 'customer' ? 7500 : 5000);
    if (party === 'customer' || agent)
      turns.push({
        party,
        start_ms: Math.round(at),
        end_ms: Math.round(Math.min(seconds * 1000, at + long)),
      });
    at += long + (rand() < 0.12 ? -600 : 250 + rand() * (rand() < 0.04 ? 9000 : 1400));
    party = party === 'agent' ? 'customer' : 'agent';
  }
  turns.sort((a, b) => a.start_ms - b.start_ms);
  const levels = { customer: [], agent: [] };
  const count = Math.floor(seconds / LEVEL_S);
  for (const who of ['customer', 'agent']) {
    if (who === 'agent' && !agent) continue;
    levels[who] = Array.from({ length: count }, () => Math.round(rand() * 4));
    for (const turn of turns.filter((it) => it.party === who))
      for (let n = Math.ceil(turn.start_ms / 250); n < Math.min(count, turn.end_ms / 250); n += 1)
        levels[who][n] = Math.round(18 + 62 * Math.abs(Math.sin(n * 1.7 + seed)) * (0.55 + 0.45 * rand()));
  }
  const points = [];
  for (const turn of turns.filter((it) => it.party === 'customer'))
    for (let ms = turn.start_ms + 1000; ms <= turn.end_ms; ms += 1000) {
      const at_s = ms / 1000;
      const anger = clamp(heat(at_s / seconds) + (rand() - 0.5) * 0.16);
      points.push({
        at_s: decimal(at_s),
        anger: decimal(anger),
        sadness: decimal((1 - anger) * 0.2),
        joy: decimal((1 - anger) * 0.2 * rand()),
        neutral: decimal((1 - anger) * 0.6),
        arousal: decimal(clamp(0.3 + anger * 0.55 + (rand() - 0.5) * 0.2)),
        quality: decimal(clamp(0.5 + 0.5 * Math.sin(at_s / 23 + seed) + 0.1 * rand())),
        pitch_semitones: ms - turn.start_ms < 2000 ? null : decimal(anger * 4 - 1),
        loudness_db: decimal(anger * 8 - 2),
        pace: decimal(0.9 + anger * 0.4),
      });
    }
  let score = null;
  const utterances = turns
    .filter((it) => it.party === 'customer' && it.end_ms - it.start_ms > 1200)
    .map(({ start_ms, end_ms }, n) => {
      const text = words ? LINES[(n + seed) % LINES.length] : null;
      const mood = text ? mood_of(`call ${seed} ${n}`, text, {}) : null;
      const anger = clamp(heat(end_ms / 1000 / seconds) + (rand() - 0.5) * 0.1);
      const fused = clamp(0.85 * anger + (mood ? 0.3 * Math.max(0, -mood.sentiment.score) : 0.35 * anger));
      score = score === null ? fused : score + 0.35 * (fused - score);
      return {
        start_ms,
        end_ms,
        text,
        evidence: mood?.evidence ?? [],
        sentiment: mood?.sentiment.score ?? null,
        voice_anger: decimal(anger),
        quality: decimal(0.25 + 0.7 * rand()),
        fused: decimal(fused),
        confidence: decimal(0.5 + 0.4 * rand()),
        score: decimal(score),
        disagree: Boolean(mood && anger > 0.5 && mood.sentiment.score > 0.3),
        sarcasm: mood ? decimal(anger > 0.5 && mood.sentiment.score > 0.3 ? 0.58 : mood.sarcasm) : null,
      };
    });
  return { levels, points, turns, utterances };
}

function dynamics_of(turns, seconds) {
  const spoken = { customer: 0, agent: 0 };
  const latencies = { customer: [], agent: [] };
  const interruptions = { customer: 0, agent: 0 };
  let [until, covered, overlap, dead] = [0, 0, 0, 0];
  let before;
  for (const turn of turns) {
    spoken[turn.party] += turn.end_ms - turn.start_ms;
    overlap += Math.max(0, Math.min(until, turn.end_ms) - turn.start_ms);
    covered += Math.max(0, turn.end_ms - Math.max(until, turn.start_ms));
    if (until) dead = Math.max(dead, turn.start_ms - until);
    if (before && before.party !== turn.party) {
      if (turn.start_ms < before.end_ms) interruptions[turn.party] += 1;
      else latencies[turn.party].push(turn.start_ms - before.end_ms);
    }
    until = Math.max(until, turn.end_ms);
    before = turn;
  }
  const median = (list) => list.sort((a, b) => a - b)[Math.floor(list.length / 2)] ?? null;
  const all = spoken.customer + spoken.agent;
  const whole = Math.max(1, seconds * 1000);
  return {
    seconds,
    customer_share: all ? decimal(spoken.customer / all) : 0.5,
    overlap_share: decimal(overlap / whole),
    silence_share: decimal(Math.max(0, 1 - covered / whole)),
    dead_air_s: decimal(dead / 1000),
    interruptions_by_customer: interruptions.customer,
    interruptions_by_agent: interruptions.agent,
    interruptions_per_min: decimal(
      (60 * (interruptions.customer + interruptions.agent)) / Math.max(1, seconds),
    ),
    customer_latency_ms: median(latencies.customer),
    agent_latency_ms: median(latencies.agent),
  };
}

const rising = (part) => 0.2 + 0.75 * Math.min(1, part * 22);
const calm = () => 0.14;
const passing = (part) => 0.2 + 0.65 * Math.exp(-(((part - 0.45) / 0.16) ** 2));
const waves = (part) => 0.3 + 0.3 * Math.sin(part * 21);

/** What is set of each call by hand; the rest is made from its number. */
const SET = [
  { n: 301, who: 0, via: 'twilio', agent: 0, began_s: 133, heat: rising, words_from: 'openai:whisper-1' },
  {
    n: 302,
    who: 9,
    via: 'stream',
    agent: 1,
    began_s: 724,
    heat: calm,
    words_from: 'scripted',
    synthetic: true,
  },
  { n: 303, who: 3, via: 'twilio', agent: 2, began_s: 48, not_analysed: 'not_disclosed' },
  { n: 304, who: 5, via: 'stream', agent: null, began_s: 7210, heat: waves, one_party: true },
  {
    n: 305,
    who: 6,
    via: 'twilio',
    agent: 1,
    began_s: 21,
    heat: calm,
    words_from: 'openai:whisper-1',
    trouble: 'The speech-to-text service has not answered for 40 s; the voice is read on.',
  },
  {
    n: 310,
    who: 0,
    via: 'twilio',
    agent: 0,
    ended_s: 3600,
    seconds: 95,
    heat: passing,
    words_from: 'openai:whisper-1',
    recording: true,
  },
  { n: 311, who: 1, via: 'twilio', agent: 1, ended_s: 7200, seconds: 312, not_analysed: 'not_enabled' },
  { n: 312, who: 6, via: 'stream', agent: 2, ended_s: 9000, seconds: 420, heat: waves },
  {
    n: 313,
    who: 5,
    via: 'recording',
    agent: 1,
    ended_s: 12000,
    seconds: 7200,
    heat: waves,
    words_from: 'openai:whisper-1',
    recording: true,
  },
  ...Array.from({ length: 200 }, (_, n) => ({
    n: 400 + n,
    who: n % customers.length,
    via: ['twilio', 'stream', 'recording'][n % 3],
    agent: n % 3,
    ended_s: 20000 + n * 5400,
    seconds: 40 + ((n * 97) % 900),
    ...(n % 11 === 4 ? { not_analysed: 'opted_out' } : { heat: [calm, passing, waves][n % 3] }),
    ...(n % 2 ? { words_from: 'openai:whisper-1' } : {}),
    recording: n % 4 === 0,
  })),
];
const made = new Map();
const recordings_removed = new Set();
let none = false;
let live_ended = new Set();

function whole_of(it) {
  if (!made.has(it.n)) {
    const seconds = it.seconds ?? Math.max(1800, it.began_s + 1200);
    made.set(
      it.n,
      make(it.n, seconds, { heat: it.heat, agent: !it.one_party, words: Boolean(it.words_from) }),
    );
  }
  return made.get(it.n);
}
const is_live = (it) => it.began_s !== undefined && !live_ended.has(it.n);
const started_ms = (it) => NOW - (it.began_s ?? it.ended_s + it.seconds) * 1000;
const length_s = (it) => it.seconds ?? (Date.now() - started_ms(it)) / 1000;

/** The call as far as it went by now. */
function detail_of(it) {
  const seconds = decimal(length_s(it));
  const analysed = !it.not_analysed;
  const base = {
    id: id('int', it.n),
    customer: customers[it.who].customer,
    customer_name: customers[it.who].label,
    via: it.via,
    external_id: `CA${it.n}`,
    direction: it.n % 5 === 2 ? 'outbound' : 'inbound',
    started_at: new Date(started_ms(it)).toISOString(),
    ended_at: is_live(it) ? null : new Date(started_ms(it) + seconds * 1000).toISOString(),
    status: is_live(it) ? 'live' : 'ended',
    agent: it.agent === null ? null : agents[it.agent].agent,
    agent_name: it.agent === null ? null : agents[it.agent].name,
    synthetic: Boolean(it.synthetic),
    analysed,
    not_analysed: it.not_analysed ?? null,
    words_from: analysed ? (it.words_from ?? null) : null,
    trouble: it.trouble ?? null,
    seconds,
    recording:
      it.recording && !recordings_removed.has(it.n)
        ? { seconds, bytes: 44 + Math.round(seconds * RATE_HZ) * 2 }
        : null,
  };
  if (!analysed) {
    const nothing = { anger: null, arousal: null, quality: null, fused: null, fused_max: null, trend: null };
    return {
      call: { ...base, ...nothing, alert: false, dynamics: null },
      trace: { levels: { customer: [], agent: [] }, points: [], turns: [] },
      utterances: [],
      partial: null,
    };
  }
  const all = whole_of(it);
  const ms = seconds * 1000;
  const levels = Math.floor(seconds / LEVEL_S);
  const points = all.points.filter((point) => point.at_s <= seconds);
  const turns = all.turns
    .filter((turn) => turn.start_ms < ms)
    .map((turn) => ({ ...turn, end_ms: Math.round(Math.min(turn.end_ms, ms)) }));
  const utterances = all.utterances.filter((said) => said.end_ms <= ms);
  const now = all.utterances.find((said) => said.start_ms < ms && said.end_ms > ms);
  const words = now?.text?.split(' ') ?? [];
  const part = now ? (ms - now.start_ms) / (now.end_ms - now.start_ms) : 0;
  const scores = utterances.map((said) => said.score);
  const earlier = utterances.findLast((said) => said.end_ms <= ms - 30000)?.score;
  let alert = false;
  for (const score of scores) alert = alert ? score >= ALERT.off : score >= ALERT.on;
  const last = points.at(-1);
  const fused = scores.at(-1) ?? null;
  return {
    call: {
      ...base,
      anger: last?.anger ?? null,
      arousal: last?.arousal ?? null,
      quality: last?.quality ?? null,
      fused,
      fused_max: scores.length ? Math.max(...scores) : null,
      trend: fused !== null && earlier !== undefined ? decimal(fused - earlier) : null,
      alert: is_live(it) && alert,
      dynamics: dynamics_of(turns, seconds),
    },
    trace: {
      levels: { customer: all.levels.customer.slice(0, levels), agent: all.levels.agent.slice(0, levels) },
      points,
      turns,
    },
    utterances,
    partial: words.slice(0, Math.floor(words.length * part)).join(' ') || null,
  };
}

const summary_of = (it) => detail_of(it).call;
const found = (call) => (none ? undefined : SET.find((it) => id('int', it.n) === call));
export const live_calls = () => (none ? [] : SET.filter(is_live).map(summary_of));

/** What a desk that follows `call` has not been sent yet; `sent` is kept between the pushes. */
export function push_of(call, sent) {
  const it = found(call);
  if (!it) return undefined;
  const { call: summary, trace, utterances, partial } = detail_of(it);
  const from = {
    levels: sent.levels ?? 0,
    points: sent.points ?? 0,
    turns: Math.max(0, (sent.turns ?? 0) - 1),
    utterances: sent.utterances ?? 0,
  };
  Object.assign(sent, {
    levels: trace.levels.customer.length,
    points: trace.points.length,
    turns: trace.turns.length,
    utterances: utterances.length,
  });
  return {
    call: summary,
    from,
    trace: {
      levels: {
        customer: trace.levels.customer.slice(from.levels),
        agent: trace.levels.agent.slice(from.levels),
      },
      points: trace.points.slice(from.points),
      turns: trace.turns.slice(from.turns),
    },
    utterances: utterances.slice(from.utterances),
    partial,
  };
}

/** The rows of a customer's timeline that calls leave, oldest first and without numbers. */
export function call_rows(customer) {
  return SET.filter((it) => it.n < 400 && customers[it.who].customer === customer).flatMap((it) => {
    const { call, utterances } = detail_of(it);
    const row = (after_s, rest) => ({
      at: new Date(started_ms(it) + after_s * 1000).toISOString(),
      call: call.id,
      ...rest,
    });
    const change = (after_s, what) =>
      row(after_s, {
        kind: 'call',
        change: what,
        via: call.via,
        not_analysed: call.not_analysed,
        seconds: what === 'ended' ? call.seconds : null,
      });
    const said = utterances.map((it) => row(it.end_ms / 1000, { kind: 'utterance', ...it }));
    const upset = utterances.find((it) => it.score >= ALERT.on);
    return [
      change(0, 'began'),
      ...said,
      ...(upset ? [change(upset.end_ms / 1000, 'alert')] : []),
      ...(call.status === 'ended' ? [change(call.seconds, 'ended')] : []),
    ].sort((a, b) => (a.at < b.at ? -1 : 1));
  });
}

/** A recording as sound: a hum that is as loud as the call was. */
export function recording_of(call) {
  const it = found(call);
  if (!it?.recording || recordings_removed.has(it.n)) return undefined;
  const { customer, agent } = detail_of(it).trace.levels;
  const samples = Math.round(Math.min(120, length_s(it)) * RATE_HZ);
  const wav = Buffer.alloc(44 + samples * 2);
  wav.write('RIFF', 0);
  wav.writeUInt32LE(36 + samples * 2, 4);
  wav.write('WAVEfmt ', 8);
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20);
  wav.writeUInt16LE(1, 22);
  wav.writeUInt32LE(RATE_HZ, 24);
  wav.writeUInt32LE(RATE_HZ * 2, 28);
  wav.writeUInt16LE(2, 32);
  wav.writeUInt16LE(16, 34);
  wav.write('data', 36);
  wav.writeUInt32LE(samples * 2, 40);
  for (let n = 0; n < samples; n += 1) {
    const at = Math.floor(n / RATE_HZ / LEVEL_S);
    const hum = (level, hertz) => ((level ?? 0) / 100) * Math.sin((2 * Math.PI * hertz * n) / RATE_HZ);
    wav.writeInt16LE(Math.round(6000 * (hum(customer[at], 210) + hum(agent[at], 140))), 44 + n * 2);
  }
  return wav;
}

/** The routes. `terms` is what `GET /v1/calls/terms` answers but for what is set here. */
export const call_routes = (empty) => {
  none = empty;
  return [
    // not of the server's: shows the page without calls, and ends the live ones
    ['GET', '/v1/mock/calls', ({ query }) => ((none = query.get('none') === '1'), [204])],
    [
      'GET',
      '/v1/mock/hang-up',
      ({ query }) => {
        const it = SET.find(({ n }) => n === Number(query.get('n')));
        it.seconds = decimal(length_s(it));
        live_ended = new Set([...live_ended, it.n]);
        return [204];
      },
    ],
    [
      'GET',
      '/v1/calls',
      ({ query }) => {
        const [status, before] = [query.get('status'), query.get('before')];
        const limit = Number(query.get('limit')) || 50;
        const all = none
          ? []
          : SET.filter((it) => !status || (status === 'live') === is_live(it))
              .filter((it) => !query.get('customer') || customers[it.who].customer === query.get('customer'))
              .sort((a, b) => started_ms(b) - started_ms(a));
        const from = before ? all.findIndex((it) => id('int', it.n) === before) + 1 : 0;
        return [
          200,
          { calls: all.slice(from, from + limit).map(summary_of), more: all.length > from + limit },
        ];
      },
    ],
    [
      'GET',
      '/v1/calls/terms',
      () => [
        200,
        {
          enabled: !none,
          recording_days: none ? 0 : 30,
          model: none ? null : 'voice-1',
          words_from: none ? null : 'openai:whisper-1',
          alert_on: ALERT.on,
          alert_off: ALERT.off,
        },
      ],
    ],
    [
      'GET',
      '/v1/calls/:id',
      ({ id: call }) => {
        const it = found(call);
        return it ? [200, detail_of(it)] : [404, { code: 'not_found', message: 'no such call' }];
      },
    ],
    ['DELETE', '/v1/calls/:id/recording', ({ id: call }) => (recordings_removed.add(found(call)?.n), [204])],
  ];
};
