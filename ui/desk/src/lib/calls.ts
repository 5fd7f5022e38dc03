// Calls in words for people, and a call put together from what is pushed of it. How a voice sounds is told as that: it
// "sounds angry", nobody "is angry".

import { clock, percent } from './format';
import type { CallDetail, CallDynamics, CallPush, CallSummary, NotAnalysed, Utterance } from './wire';

/** From these on a voice sounds somewhat, and clearly, angry. */
const MEDIUM_FROM = 0.35;
const HIGH_FROM = 0.65;
/** A change of the score over half a minute that is one. */
const MOVES_FROM = 0.05;
/** Below this little of a voice was heard. */
const HEARD_FROM = 0.35;
const SARCASM_FROM = 0.3;
/** Words are marked only where they lean one way, as in messages. */
const LEANS_FROM = 0.2;

export const SCRIPTED = 'scripted';

export const NOT_ANALYSED: Record<NotAnalysed, string> = {
  not_enabled: 'Analysis of calls is off in the policy.',
  not_disclosed: 'The caller was not told that calls are analysed.',
  opted_out: 'The customer opted out of analysis.',
  no_model: 'No voice model is loaded.',
};

const VIA: Record<string, string> = {
  twilio: 'Twilio',
  stream: 'Audio stream',
  recording: 'Recording',
};

export function why_not(reason: NotAnalysed | null | undefined): string {
  return (reason && NOT_ANALYSED[reason]) || 'This call is not analysed.';
}

export function via_text(via: string): string {
  return VIA[via] ?? via;
}

export function name_of(call: Pick<CallSummary, 'customer_name'>): string {
  return call.customer_name || 'Customer';
}

/** "Twilio · inbound · with Mara Lindqvist" */
export function way_text(call: CallSummary): string {
  return [via_text(call.via), call.direction, call.agent_name ? `with ${call.agent_name}` : '']
    .filter(Boolean)
    .join(' · ');
}

/** How long it is, or has been so far. */
export function call_seconds(call: CallSummary, now_ms: number): number {
  if (call.status === 'ended') return call.seconds;
  return Math.max(0, (now_ms - Date.parse(call.started_at)) / 1000);
}

export type Level = 'low' | 'medium' | 'high';

export function anger_level(anger: number): Level {
  return anger >= HIGH_FROM ? 'high' : anger >= MEDIUM_FROM ? 'medium' : 'low';
}

/** "On the phone now · 2:13 · anger in the voice: low" */
export function strip_text(call: CallSummary, now_ms: number): string {
  const sounds = !call.analysed
    ? 'not analysed'
    : call.anger === null
      ? 'no reading yet'
      : `anger in the voice: ${anger_level(call.anger)}`;
  return `On the phone now · ${clock(call_seconds(call, now_ms))} · ${sounds}`;
}

export interface Trend {
  way: 'up' | 'down' | 'steady';
  text: string;
}

export function trend_of(trend: number | null): Trend | undefined {
  if (trend === null) return undefined;
  if (Math.abs(trend) < MOVES_FROM) return { way: 'steady', text: 'Steady over the last half minute' };
  const points = Math.round(Math.abs(trend) * 100);
  return trend > 0
    ? { way: 'up', text: `Up ${points} points in half a minute` }
    : { way: 'down', text: `Down ${points} points in half a minute` };
}

/** Those that need attention first, then the longest. */
export function by_attention(calls: CallSummary[]): CallSummary[] {
  return [...calls].sort(
    (a, b) => Number(b.alert) - Number(a.alert) || Date.parse(a.started_at) - Date.parse(b.started_at),
  );
}

/** Calls that need attention now and did not before. */
export function newly_alert(before: CallSummary[], now: CallSummary[]): CallSummary[] {
  const known = new Set(before.filter((call) => call.alert).map((call) => call.id));
  return now.filter((call) => call.alert && !known.has(call.id));
}

/** Two pages of a list as one, newest first, each call once; the newer copy of a call wins. */
export function join_calls(newer: CallSummary[], older: CallSummary[]): CallSummary[] {
  const known = new Set(newer.map((call) => call.id));
  return [...newer, ...older.filter((call) => !known.has(call.id))];
}

/** What the words of a call are worth; nothing where it is not analysed. */
export function words_text(call: CallSummary): string {
  if (!call.analysed) return '';
  if (!call.words_from) return 'Voice alone: no speech-to-text is set';
  if (call.words_from === SCRIPTED) return 'Words from a script, not recognised';
  return `Words from ${call.words_from}`;
}

export interface Figure {
  label: string;
  value: string;
  about: string;
}

/** Who talked how much and when, as lines to read; of one party alone, only what is so of one. */
export function figures_of(it: CallDynamics, one_party: boolean): Figure[] {
  const times = (n: number) => (n === 0 ? 'none' : n === 1 ? 'once' : `${n} times`);
  const alone = [
    { label: 'Silence', value: percent(it.silence_share), about: 'Of the whole call' },
    {
      label: 'Dead air',
      value: seconds_text(it.dead_air_s),
      about: 'The longest time in which nobody spoke',
    },
  ];
  if (one_party) return alone;
  return [
    {
      label: 'Customer’s share of the talk',
      value: percent(it.customer_share),
      about: 'Of all that was spoken',
    },
    { label: 'Both at once', value: percent(it.overlap_share), about: 'Of the whole call' },
    ...alone,
    {
      label: 'Interruptions by the customer',
      value: times(it.interruptions_by_customer),
      about: 'Began while the agent spoke, and outlasted them',
    },
    {
      label: 'Interruptions by the agent',
      value: times(it.interruptions_by_agent),
      about: 'Began while the customer spoke, and outlasted them',
    },
    {
      label: 'Customer answers after',
      value: latency_text(it.customer_latency_ms),
      about: 'Usually, after the other’s last word',
    },
    {
      label: 'Agent answers after',
      value: latency_text(it.agent_latency_ms),
      about: 'Usually, after the other’s last word',
    },
  ];
}

export function seconds_text(seconds: number): string {
  return `${seconds.toFixed(1)} s`;
}

function latency_text(ms: number | null): string {
  return ms === null ? 'not known yet' : seconds_text(ms / 1000);
}

export interface Note {
  text: string;
  /** The sign that it is something to look at, not only by its colour. */
  marked: boolean;
}

/** What is worth saying of one utterance, beside its words. */
export function notes_of(it: Utterance): Note[] {
  const notes: Note[] = [];
  if (it.disagree) notes.push({ text: 'Voice and words disagree', marked: true });
  if (typeof it.sarcasm === 'number' && it.sarcasm > SARCASM_FROM)
    notes.push({ text: `May be sarcasm, ${percent(it.sarcasm)}`, marked: false });
  if (it.quality < HEARD_FROM) notes.push({ text: 'Hard to hear', marked: false });
  return notes;
}

/** Evidence is shown where the words lean one way: what is neutral has none. */
export function evidence_of(it: Utterance): Utterance['evidence'] {
  return typeof it.sentiment === 'number' && Math.abs(it.sentiment) >= LEANS_FROM ? it.evidence : [];
}

/** The call with what is new of it; `undefined` where something between was missed, and all must be asked for. */
export function merge_call(known: CallDetail | null, push: CallPush): CallDetail | undefined {
  const { call, from, trace, utterances, partial } = push;
  const before = known?.call.id === call.id ? known : undefined;
  const lists = [
    [before?.trace.levels.customer, trace.levels.customer, from.levels],
    [before?.trace.levels.agent, trace.levels.agent, from.levels],
    [before?.trace.points, trace.points, from.points],
    [before?.trace.turns, trace.turns, from.turns],
    [before?.utterances, utterances, from.utterances],
  ] as const;
  // a party that is not in the call has no levels, wherever they would begin
  const missed = lists.some(([old, added, at]) => at > (old?.length ?? 0) && added.length > 0);
  if (missed) return undefined;
  return {
    call,
    trace: {
      levels: {
        customer: splice(before?.trace.levels.customer, trace.levels.customer, from.levels),
        agent: splice(before?.trace.levels.agent, trace.levels.agent, from.levels),
      },
      points: splice(before?.trace.points, trace.points, from.points),
      turns: splice(before?.trace.turns, trace.turns, from.turns),
    },
    utterances: splice(before?.utterances, utterances, from.utterances),
    partial,
  };
}

function splice<T>(old: T[] | undefined, added: T[], from: number): T[] {
  if (!old) return added;
  if (added.length === 0 && from >= old.length) return old;
  return [...old.slice(0, from), ...added];
}
