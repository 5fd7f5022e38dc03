import { describe, expect, test } from 'vitest';
import {
  anger_level,
  by_attention,
  call_seconds,
  evidence_of,
  figures_of,
  join_calls,
  merge_call,
  newly_alert,
  notes_of,
  strip_text,
  trend_of,
  way_text,
  why_not,
  words_text,
} from './calls';
import type {
  CallDetail,
  CallDynamics,
  CallPoint,
  CallPush,
  CallSummary,
  NotAnalysed,
  Utterance,
} from './wire';

const BEGAN = '2026-11-21T09:00:00.000Z';
const at_s = (seconds: number) => Date.parse(BEGAN) + seconds * 1000;
const call = (rest: Partial<CallSummary> = {}): CallSummary => ({
  id: 'int_1',
  customer: 'cus_1',
  customer_name: 'Ingrid',
  via: 'twilio',
  external_id: 'CA1',
  direction: 'inbound',
  started_at: BEGAN,
  ended_at: null,
  status: 'live',
  agent: null,
  agent_name: null,
  synthetic: false,
  analysed: true,
  not_analysed: null,
  words_from: null,
  trouble: null,
  seconds: 60,
  anger: 0.1,
  arousal: 0.3,
  quality: 0.8,
  fused: 0.2,
  fused_max: 0.4,
  trend: 0,
  alert: false,
  dynamics: null,
  recording: null,
  ...rest,
});
const said = (rest: Partial<Utterance> = {}): Utterance => ({
  start_ms: 0,
  end_ms: 900,
  text: 'Hello',
  evidence: [{ start: 0, end: 5, weight: 1 }],
  sentiment: 0,
  voice_anger: 0.2,
  quality: 0.8,
  fused: 0.2,
  confidence: 0.9,
  score: 0.2,
  disagree: false,
  sarcasm: 0,
  ...rest,
});
const dynamics: CallDynamics = {
  seconds: 60,
  customer_share: 0.62,
  overlap_share: 0.04,
  silence_share: 0.2,
  dead_air_s: 6.53,
  interruptions_by_customer: 0,
  interruptions_by_agent: 2,
  interruptions_per_min: 2,
  customer_latency_ms: 810,
  agent_latency_ms: null,
};

describe('a call put together from what is pushed', () => {
  const point = (at: number) => ({ at_s: at, anger: at / 10 }) as CallPoint;
  const push = (
    from: number,
    levels: number[],
    rest: Partial<{ turns: CallPush['trace']['turns']; from_turns: number; agent: number[] }> = {},
  ): CallPush => ({
    call: call(),
    from: { levels: from, points: from, turns: rest.from_turns ?? 0, utterances: from },
    trace: {
      levels: { customer: levels, agent: rest.agent ?? levels },
      points: levels.map((_, at) => point(from + at)),
      turns: rest.turns ?? [],
    },
    utterances: levels.map((_, at) => said({ text: `${from + at}` })),
    partial: null,
  });
  const merged = (...pushes: CallPush[]) =>
    pushes.reduce<CallDetail | undefined>((known, next) => merge_call(known ?? null, next), undefined);

  test('what is new follows what is known', () => {
    const it = merged(push(0, [1, 2]), push(2, [3]));
    expect(it?.trace.levels.customer).toEqual([1, 2, 3]);
    expect(it?.trace.points.map((one) => one.at_s)).toEqual([0, 1, 2]);
    expect(it?.utterances.map((one) => one.text)).toEqual(['0', '1', '2']);
  });

  test('what is sent from a number on stands in for what was there: the last turn grows', () => {
    const turn = (end_ms: number, start_ms = 0) => ({ party: 'customer' as const, start_ms, end_ms });
    const it = merged(
      push(0, [1], { turns: [turn(500), turn(900, 600)] }),
      push(1, [2], { turns: [turn(1400, 600), turn(2000, 1900)], from_turns: 1 }),
    );
    expect(it?.trace.turns).toEqual([turn(500), turn(1400, 600), turn(2000, 1900)]);
  });

  test('all from the beginning replaces all', () => {
    expect(merged(push(0, [1, 2, 3]), push(0, [9]))?.trace.levels.customer).toEqual([9]);
  });

  test('a push that begins after what is known cannot be put together', () => {
    expect(merge_call(null, push(3, [1]))).toBeUndefined();
    expect(merge_call(merged(push(0, [1]))!, push(3, [1]))).toBeUndefined();
  });

  test('a party that is not in the call has no levels, and is not missed', () => {
    const it = merged(push(0, [1, 2], { agent: [] }), push(2, [3], { agent: [] }));
    expect(it?.trace.levels).toEqual({ customer: [1, 2, 3], agent: [] });
  });

  test('what did not change is the same object, so that nothing is drawn anew', () => {
    const known = merged(push(0, [1, 2]))!;
    expect(merge_call(known, push(2, []))?.utterances).toBe(known.utterances);
  });
});

test('a live call ticks, one that is over does not', () => {
  expect(call_seconds(call(), at_s(133))).toBe(133);
  expect(call_seconds(call({ status: 'ended', seconds: 60 }), at_s(133))).toBe(60);
  expect(call_seconds(call(), at_s(-5))).toBe(0);
});

test.each<[Partial<CallSummary>, string]>([
  [{ anger: 0.1 }, 'On the phone now · 2:13 · anger in the voice: low'],
  [{ anger: 0.5 }, 'On the phone now · 2:13 · anger in the voice: medium'],
  [{ anger: 0.9 }, 'On the phone now · 2:13 · anger in the voice: high'],
  [{ anger: null }, 'On the phone now · 2:13 · no reading yet'],
  [{ analysed: false, anger: null }, 'On the phone now · 2:13 · not analysed'],
])('%j is one line: %s', (rest, text) => expect(strip_text(call(rest), at_s(133))).toBe(text));

test.each([
  [0, 'low'],
  [0.35, 'medium'],
  [0.65, 'high'],
])('%s sounds %s', (anger, level) => expect(anger_level(anger)).toBe(level));

test.each([
  [null, undefined],
  [0.01, 'Steady over the last half minute'],
  [0.12, 'Up 12 points in half a minute'],
  [-0.2, 'Down 20 points in half a minute'],
])('a trend of %s reads as %s', (trend, text) => expect(trend_of(trend)?.text).toBe(text));

test('calls that need attention stand first, then the longest', () => {
  const order = by_attention([
    call({ id: 'short', started_at: '2026-11-21T09:05:00Z' }),
    call({ id: 'long' }),
    call({ id: 'alert', started_at: '2026-11-21T09:09:00Z', alert: true }),
  ]);
  expect(order.map((it) => it.id)).toEqual(['alert', 'long', 'short']);
});

test('a call that comes to need attention is told once', () => {
  const alert = call({ alert: true });
  expect(newly_alert([call()], [alert])).toEqual([alert]);
  expect(newly_alert([alert], [alert])).toEqual([]);
  expect(newly_alert([], [call()])).toEqual([]);
});

test('pages of a list join without a call twice, and the newer copy stays', () => {
  const joined = join_calls(
    [call({ id: 'a' }), call({ id: 'b', seconds: 9 })],
    [call({ id: 'b' }), call({ id: 'c' })],
  );
  expect(joined.map((it) => [it.id, it.seconds])).toEqual([
    ['a', 60],
    ['b', 9],
    ['c', 60],
  ]);
});

test.each<[Partial<CallSummary>, string]>([
  [{}, 'Voice alone: no speech-to-text is set'],
  [{ words_from: 'scripted' }, 'Words from a script, not recognised'],
  [{ words_from: 'openai:whisper-1' }, 'Words from openai:whisper-1'],
  [{ analysed: false, words_from: 'scripted' }, ''],
])('where the words of %j are from', (rest, text) => expect(words_text(call(rest))).toBe(text));

test('how it came, and with whom', () => {
  expect(way_text(call({ agent_name: 'Mara' }))).toBe('Twilio · inbound · with Mara');
  expect(way_text(call({ via: 'stream', direction: 'outbound' }))).toBe('Audio stream · outbound');
});

test('a reason of a newer server still is a sentence', () => {
  expect(why_not('not_disclosed')).toBe('The caller was not told that calls are analysed.');
  expect(why_not('moon' as NotAnalysed)).toBe('This call is not analysed.');
});

test('dynamics are plain figures', () => {
  const figures = Object.fromEntries(figures_of(dynamics, false).map((it) => [it.label, it.value]));
  expect(figures).toEqual({
    'Customer’s share of the talk': '62 %',
    'Both at once': '4 %',
    Silence: '20 %',
    'Dead air': '6.5 s',
    'Interruptions by the customer': 'none',
    'Interruptions by the agent': '2 times',
    'Customer answers after': '0.8 s',
    'Agent answers after': 'not known yet',
  });
  expect(figures_of(dynamics, true).map((it) => it.label)).toEqual(['Silence', 'Dead air']);
});

test('what is worth saying of an utterance', () => {
  expect(notes_of(said())).toEqual([]);
  expect(notes_of(said({ disagree: true, sarcasm: 0.6, quality: 0.2 })).map((it) => it.text)).toEqual([
    'Voice and words disagree',
    'May be sarcasm, 60 %',
    'Hard to hear',
  ]);
});

test('words are marked only where they lean one way', () => {
  expect(evidence_of(said({ sentiment: -0.6 }))).toHaveLength(1);
  expect(evidence_of(said({ sentiment: 0.1 }))).toEqual([]);
  expect(evidence_of(said({ sentiment: null }))).toEqual([]);
});
