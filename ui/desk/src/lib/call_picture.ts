// The picture of a call as paths: however long the call, as many points as the picture has columns. All of it takes values
// and returns values, so that it is tested without a screen.

import { clock, percent } from './format';
import type { CallDetail, CallPoint, CallTurn, Utterance } from './wire';

/** A level of loudness stands for so long. */
export const LEVEL_S = 0.25;
const LEVEL_TOP = 100;
/** No bar of the waveform is narrower, its gap included. */
const BAR_PX = 3;
/** No two points of a line are closer. */
const LINE_PX = 2;
/** Readings further apart than this are joined by a hint of a line only: nothing was heard between. */
const GAP_S = 4;
const TICK_PX = 72;
const TICKS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];
/** A reading is shown for times so close to it. */
const NEAR_S = 1.5;
const TABLE_ROWS_MAX = 24;
const TABLE_ROWS_S = [5, 10, 15, 30, 60, 120, 300, 600, 900];

/** What part of the call is shown, on how many pixels. */
export interface View {
  from_s: number;
  to_s: number;
  width: number;
}

export function x_of(at_s: number, view: View): number {
  return ((at_s - view.from_s) / Math.max(1e-9, view.to_s - view.from_s)) * view.width;
}

export function time_of(x: number, view: View): number {
  return view.from_s + (x / Math.max(1, view.width)) * (view.to_s - view.from_s);
}

/** How long the call is, as far as anything is known of it. */
export function length_of({ call, trace, utterances }: CallDetail): number {
  const levels = Math.max(trace.levels.customer.length, trace.levels.agent.length) * LEVEL_S;
  const turn = (trace.turns.at(-1)?.end_ms ?? 0) / 1000;
  const said = (utterances.at(-1)?.end_ms ?? 0) / 1000;
  return Math.max(1, call.status === 'ended' ? call.seconds : 0, levels, turn, said);
}

export interface Bar {
  /** Of its middle, px. */
  x: number;
  /** 0..1 */
  height: number;
}

/** How loud each column is; columns stand still in time, so that they do not shimmer as the view moves. */
export function bars_of(levels: number[], view: View): { bars: Bar[]; width: number } {
  const level_px = (LEVEL_S * view.width) / Math.max(1e-9, view.to_s - view.from_s);
  const together = Math.max(1, Math.ceil(BAR_PX / level_px));
  const bars: Bar[] = [];
  const first = Math.max(0, Math.floor(view.from_s / LEVEL_S / together));
  const last = Math.min(Math.ceil(levels.length / together), Math.ceil(view.to_s / LEVEL_S / together));
  for (let at = first; at < last; at += 1) {
    // by power, as an ear would: the loudest of half a minute of talk is always loud
    const end = Math.min(levels.length, (at + 1) * together);
    let power = 0;
    for (let n = at * together; n < end; n += 1) power += (levels[n] ?? 0) ** 2;
    const level = Math.sqrt(power / Math.max(1, end - at * together));
    bars.push({
      x: x_of((at + 0.5) * together * LEVEL_S, view),
      height: Math.min(1, level / LEVEL_TOP),
    });
  }
  return { bars, width: Math.max(1, Math.min(12, together * level_px - 1)) };
}

/** Bars that stand on `y`, or hang from it where `height` is below zero, as one path to stroke. */
export function bars_path(bars: Bar[], y: number, height: number): string {
  const sign = Math.sign(height);
  return bars
    .map((bar) => `M${round(bar.x)} ${y}v${round(-sign * Math.max(1, bar.height * Math.abs(height)))}`)
    .join('');
}

/** The turns of one party as flat marks at `y`, as one path to fill. */
export function turns_path(turns: CallTurn[], view: View, y: number, height: number): string {
  let path = '';
  for (const turn of turns) {
    const from = Math.max(0, x_of(turn.start_ms / 1000, view));
    const to = Math.min(view.width, x_of(turn.end_ms / 1000, view));
    if (to < 0 || from > view.width || to < from) continue;
    path += `M${round(from)} ${y}h${round(Math.max(1, to - from))}v${height}h${round(-Math.max(1, to - from))}z`;
  }
  return path;
}

export interface Reading {
  at_s: number;
  value: number;
  /** 0..1: how much was heard. */
  quality: number;
}

/** How surely a stretch of a line is known, from its quality; `gap` where nothing was heard. */
export type Sureness = 'gap' | 'faint' | 'fair' | 'full';
export const OPACITY: Record<Sureness, number> = { gap: 0.22, faint: 0.4, fair: 0.68, full: 1 };

export function sureness(quality: number): Sureness {
  return quality < 0.4 ? 'faint' : quality < 0.7 ? 'fair' : 'full';
}

/** Readings so close that they share a column become one: their average. */
export function thin(readings: Reading[], view: View): Reading[] {
  const step_s = (LINE_PX * (view.to_s - view.from_s)) / Math.max(1, view.width);
  const margin_s = Math.max(GAP_S * 4, step_s * 2);
  const out: Reading[] = [];
  let column = NaN;
  let inside = 0;
  for (const it of readings) {
    if (it.at_s < view.from_s - margin_s) continue;
    if (it.at_s > view.to_s + margin_s) break;
    const its_column = Math.floor(it.at_s / step_s);
    const open = out[out.length - 1];
    if (its_column !== column || !open) {
      out.push({ ...it });
      column = its_column;
      inside = 1;
      continue;
    }
    inside += 1;
    open.at_s += (it.at_s - open.at_s) / inside;
    open.value += (it.value - open.value) / inside;
    open.quality += (it.quality - open.quality) / inside;
  }
  return out;
}

/** A line through the readings, by how surely each stretch is known; `y` places a value. */
export function line_paths(
  readings: Reading[],
  view: View,
  y: (value: number) => number,
): Record<Sureness, string> {
  const paths: Record<Sureness, string> = { gap: '', faint: '', fair: '', full: '' };
  const points = thin(readings, view);
  const gap_s = Math.max(GAP_S, (3 * LINE_PX * (view.to_s - view.from_s)) / Math.max(1, view.width));
  let drawn: Sureness | undefined;
  for (const [at, point] of points.entries()) {
    const [x, height] = [round(x_of(point.at_s, view)), round(y(point.value))];
    const before = points[at - 1];
    const is_near = (other: Reading | undefined) =>
      other !== undefined && Math.abs(point.at_s - other.at_s) <= gap_s;
    if (before) {
      const how = is_near(before) ? sureness(point.quality) : 'gap';
      if (how !== drawn) paths[how] += `M${round(x_of(before.at_s, view))} ${round(y(before.value))}`;
      paths[how] += `L${x} ${height}`;
      drawn = how;
    }
    // alone, it would not be seen: a line of no length has round ends
    if (!is_near(before) && !is_near(points[at + 1])) {
      paths[sureness(point.quality)] += `M${x} ${height}h0`;
      drawn = undefined;
    }
  }
  return paths;
}

/** The score after each utterance, as steps; it stands until the next. */
export function steps_path(
  utterances: Utterance[],
  view: View,
  until_s: number,
  y: (value: number) => number,
): string {
  let path = '';
  for (const { end_ms, score } of utterances) {
    if (typeof score !== 'number') continue;
    const x = round(x_of(end_ms / 1000, view));
    path += path ? `H${x}V${round(y(score))}` : `M${x} ${round(y(score))}`;
  }
  return path && `${path}H${round(x_of(until_s, view))}`;
}

/** What each utterance says by itself, as flat marks over its time. */
export function marks_path(utterances: Utterance[], view: View, y: (value: number) => number): string {
  let path = '';
  for (const { start_ms, end_ms, fused } of utterances) {
    const [from, to] = [x_of(start_ms / 1000, view), x_of(end_ms / 1000, view)];
    if (typeof fused !== 'number' || to < 0 || from > view.width) continue;
    path += `M${round(from)} ${round(y(fused))}H${round(Math.max(from + 1, to))}`;
  }
  return path;
}

export function readings_of(points: CallPoint[], name: 'anger' | 'arousal'): Reading[] {
  return points.map((point) => ({ at_s: point.at_s, value: point[name], quality: point.quality }));
}

export interface Tick {
  x: number;
  text: string;
}

/** Round times, far enough apart to be read. */
export function ticks_of(view: View): Tick[] {
  const least_s = (TICK_PX * (view.to_s - view.from_s)) / Math.max(1, view.width);
  const step_s = TICKS_S.find((it) => it >= least_s) ?? Math.ceil(least_s / 3600) * 3600;
  const ticks: Tick[] = [];
  for (let at = Math.ceil(view.from_s / step_s) * step_s; at <= view.to_s; at += step_s)
    ticks.push({ x: x_of(at, view), text: clock(at) });
  return ticks;
}

export type Speaking = 'customer' | 'agent' | 'both' | 'nobody';
export const SPEAKING: Record<Speaking, string> = {
  customer: 'Customer speaks',
  agent: 'Agent speaks',
  both: 'Both speak',
  nobody: 'Nobody speaks',
};

/** What is known of one time of a call. */
export interface Moment {
  at_s: number;
  speaking: Speaking;
  point?: CallPoint | undefined;
  score?: number | undefined;
  utterance?: Utterance | undefined;
}

export function moment_at({ trace, utterances }: CallDetail, at_s: number): Moment {
  const at_ms = at_s * 1000;
  const has_word = (party: CallTurn['party']) =>
    trace.turns.some((turn) => turn.party === party && turn.start_ms <= at_ms && at_ms <= turn.end_ms);
  const [customer, agent] = [has_word('customer'), has_word('agent')];
  let point: CallPoint | undefined;
  for (const it of trace.points) {
    const distance = Math.abs(it.at_s - at_s);
    if (distance <= NEAR_S && distance < Math.abs((point?.at_s ?? Infinity) - at_s)) point = it;
  }
  let score: number | undefined;
  for (const it of utterances) if (typeof it.score === 'number' && it.end_ms <= at_ms) score = it.score;
  return {
    at_s,
    speaking: customer ? (agent ? 'both' : 'customer') : agent ? 'agent' : 'nobody',
    point,
    score,
    utterance: utterances.find((it) => it.start_ms <= at_ms && at_ms <= it.end_ms),
  };
}

/** "1:02: customer speaks, voice sounds 42 % angry, 60 % roused; upset score 35 %. “I waited …”" */
export function moment_text({ at_s, speaking, point, score, utterance }: Moment): string {
  const parts = [`${clock(at_s)}: ${SPEAKING[speaking].toLowerCase()}`];
  if (point) parts.push(`voice sounds ${percent(point.anger)} angry`, `${percent(point.arousal)} roused`);
  if (score !== undefined) parts.push(`upset score ${percent(score)}`);
  return `${parts.join(', ')}.${utterance?.text ? ` “${utterance.text}”` : ''}`;
}

/** The picture in words. */
export function picture_text(detail: CallDetail): string {
  const { call, trace } = detail;
  const parts = [`A call of ${clock(length_of(detail))}.`];
  if (call.dynamics) parts.push(`The customer has ${percent(call.dynamics.customer_share)} of the talk.`);
  if (trace.points.length > 0) {
    const mean = trace.points.reduce((sum, it) => sum + it.anger, 0) / trace.points.length;
    const top = trace.points.reduce((a, b) => (b.anger > a.anger ? b : a));
    parts.push(
      `The voice sounds ${percent(mean)} angry on the average and ${percent(top.anger)} at most, at ${clock(top.at_s)}.`,
    );
  } else parts.push('The voice has no readings.');
  if (call.fused !== null) parts.push(`The upset score is ${percent(call.fused)} now.`);
  if (call.fused_max !== null) parts.push(`It was ${percent(call.fused_max)} at most.`);
  return parts.join(' ');
}

export interface TableRow {
  from_s: number;
  to_s: number;
  /** Shares of the time, 0..1. */
  customer: number;
  agent: number;
  anger?: number | undefined;
  arousal?: number | undefined;
  score?: number | undefined;
}

/** The picture as a table of a few rows. */
export function table_of(detail: CallDetail): TableRow[] {
  const length_s = length_of(detail);
  const step_s =
    TABLE_ROWS_S.find((it) => length_s / it <= TABLE_ROWS_MAX) ?? Math.ceil(length_s / TABLE_ROWS_MAX);
  const rows: TableRow[] = [];
  let score: number | undefined;
  for (let from_s = 0; from_s < length_s; from_s += step_s) {
    const to_s = Math.min(length_s, from_s + step_s);
    const points = detail.trace.points.filter((it) => it.at_s >= from_s && it.at_s < to_s);
    const mean = (name: 'anger' | 'arousal') =>
      points.length ? points.reduce((sum, it) => sum + it[name], 0) / points.length : undefined;
    const said = detail.utterances.filter((it) => typeof it.score === 'number' && it.end_ms / 1000 <= to_s);
    score = said.at(-1)?.score ?? score;
    rows.push({
      from_s,
      to_s,
      customer: spoken_share(detail.trace.turns, 'customer', from_s, to_s),
      agent: spoken_share(detail.trace.turns, 'agent', from_s, to_s),
      anger: mean('anger'),
      arousal: mean('arousal'),
      score,
    });
  }
  return rows;
}

function spoken_share(turns: CallTurn[], party: CallTurn['party'], from_s: number, to_s: number): number {
  let spoken_s = 0;
  for (const turn of turns) {
    if (turn.party !== party) continue;
    spoken_s += Math.max(0, Math.min(to_s, turn.end_ms / 1000) - Math.max(from_s, turn.start_ms / 1000));
  }
  return Math.min(1, spoken_s / Math.max(1e-9, to_s - from_s));
}

const round = (value: number) => Math.round(value * 10) / 10;
