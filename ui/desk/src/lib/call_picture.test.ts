import { describe, expect, test } from 'vitest';
import {
  bars_of,
  bars_path,
  length_of,
  line_paths,
  marks_path,
  moment_at,
  moment_text,
  picture_text,
  steps_path,
  table_of,
  thin,
  ticks_of,
  time_of,
  turns_path,
  x_of,
  type Reading,
} from './call_picture';
import type { CallDetail, CallPoint, CallTurn, Utterance } from './wire';

const view = (from_s: number, to_s: number, width: number) => ({ from_s, to_s, width });
const point = (at_s: number, anger: number) => ({ at_s, anger, arousal: 0.5, quality: 0.9 }) as CallPoint;
const turn = (party: CallTurn['party'], start_s: number, end_s: number): CallTurn => ({
  party,
  start_ms: start_s * 1000,
  end_ms: end_s * 1000,
});
const said = (start_s: number, end_s: number, score: number | null, text = 'Hello'): Utterance =>
  ({ start_ms: start_s * 1000, end_ms: end_s * 1000, score, text }) as Utterance;
const detail = (rest: Partial<CallDetail['trace']> = {}, utterances: Utterance[] = []): CallDetail => ({
  call: {
    status: 'ended',
    seconds: 60,
    fused: 0.4,
    fused_max: 0.7,
    dynamics: { customer_share: 0.62 },
  } as CallDetail['call'],
  trace: { levels: { customer: [], agent: [] }, points: [], turns: [], ...rest },
  utterances,
  partial: null,
});
const y = (value: number) => 100 - value * 100;

test('times and pixels are the same place', () => {
  expect(x_of(15, view(10, 20, 500))).toBe(250);
  expect(time_of(250, view(10, 20, 500))).toBe(15);
});

test('each utterance is a flat mark over its own time, where anything could be told', () => {
  const utterances = [
    { start_ms: 1000, end_ms: 3000, fused: 0.5 },
    { start_ms: 4000, end_ms: 5000 },
    { start_ms: 20000, end_ms: 21000, fused: 0.9 },
  ] as Utterance[];
  expect(marks_path(utterances, view(0, 10, 100), (value) => 100 - 100 * value)).toBe('M10 50H30');
});

describe('bars of loudness', () => {
  test('two hours become no more bars than the picture has room for', () => {
    const levels = Array.from({ length: 28_800 }, (_, n) => n % 100);
    const { bars, width } = bars_of(levels, view(0, 7200, 1200));
    expect(bars.length).toBeLessThanOrEqual(400);
    expect(width).toBeGreaterThanOrEqual(1);
    expect(bars.at(-1)!.x).toBeLessThanOrEqual(1200);
  });
  test('close up, every level is a bar in its place', () => {
    const { bars } = bars_of([0, 100, 50, 0], view(0, 1, 100));
    expect(bars.map((it) => it.x)).toEqual([12.5, 37.5, 62.5, 87.5]);
    expect(bars.map((it) => it.height)).toEqual([0, 1, 0.5, 0]);
  });
  test('a bar stands for the same levels wherever the view is', () => {
    const levels = Array.from({ length: 4000 }, (_, n) => (n * 37) % 100);
    const heights = (from_s: number) =>
      new Map(
        bars_of(levels, view(from_s, from_s + 500, 300)).bars.map((it) => [
          Math.round((from_s + (it.x / 300) * 500) * 100),
          it.height,
        ]),
      );
    const [before, after] = [heights(100), heights(101.75)];
    const shared = [...after].filter(([at]) => before.has(at));
    expect(shared.length).toBeGreaterThan(50);
    for (const [at, height] of shared) expect(before.get(at)).toBe(height);
  });
  test('only what is in view is there', () => {
    const { bars } = bars_of(Array(400).fill(80) as number[], view(50, 60, 400));
    expect(bars).toHaveLength(40);
  });
  test('nothing draws nothing', () => expect(bars_of([], view(0, 60, 600)).bars).toEqual([]));
  test('bars stand on their line or hang from it', () => {
    const bars = [{ x: 5, height: 0.5 }];
    expect(bars_path(bars, 60, 40)).toBe('M5 60v-20');
    expect(bars_path(bars, 60, -40)).toBe('M5 60v20');
    expect(bars_path([{ x: 5, height: 0 }], 60, 40)).toBe('M5 60v-1');
  });
});

test('turns are cut at the edges of the view, and short ones can be seen', () => {
  const path = turns_path(
    [turn('agent', 0, 20), turn('agent', 30, 30.01), turn('agent', 80, 90)],
    view(10, 40, 300),
    6,
    4,
  );
  expect(path).toBe('M0 6h100v4h-100zM200 6h1v4h-1z');
});

describe('lines', () => {
  const readings = (times: number[], quality = 0.9): Reading[] =>
    times.map((at_s) => ({ at_s, value: 0.5, quality }));

  test('readings that share a column are one, their average', () => {
    const many: Reading[] = Array.from({ length: 7200 }, (_, n) => ({ at_s: n, value: n % 2, quality: 1 }));
    const few = thin(many, view(0, 7200, 800));
    expect(few.length).toBeLessThanOrEqual(401);
    expect(few[3]!.value).toBeCloseTo(0.5, 1);
  });
  test('what follows closely is one line', () => {
    const paths = line_paths(readings([1, 2, 3]), view(0, 10, 100), y);
    expect(paths).toEqual({ gap: '', faint: '', fair: '', full: 'M10 50L20 50L30 50' });
  });
  test('what was hardly heard is fainter', () => {
    const paths = line_paths(
      [...readings([1, 2]), ...readings([3], 0.5), ...readings([4], 0.2)],
      view(0, 10, 100),
      y,
    );
    expect(paths).toEqual({ gap: '', full: 'M10 50L20 50', fair: 'M20 50L30 50', faint: 'M30 50L40 50' });
  });
  test('over a time in which nothing was heard goes a hint only, and a reading alone is a dot', () => {
    const paths = line_paths(readings([1, 2, 12]), view(0, 20, 200), y);
    expect(paths.gap).toBe('M20 50L120 50');
    expect(paths.full).toBe('M10 50L20 50M120 50h0');
  });
  test('no readings, no line', () => {
    expect(line_paths([], view(0, 10, 100), y)).toEqual({ gap: '', faint: '', fair: '', full: '' });
  });
  test('the score stands from one utterance to the next', () => {
    const utterances = [said(0, 1, 0.2), said(2, 3, null), said(4, 5, 0.6)];
    expect(steps_path(utterances, view(0, 10, 100), 8, y)).toBe('M10 80H50V40H80');
    expect(steps_path([], view(0, 10, 100), 8, y)).toBe('');
  });
});

test.each([
  [view(0, 120, 800), ['0:00', '0:15', '0:30']],
  [view(0, 7200, 800), ['0:00', '15:00', '30:00']],
  [view(61, 91, 800), ['1:05', '1:10', '1:15']],
])('ticks are round times', (shown, first) => {
  expect(
    ticks_of(shown)
      .slice(0, 3)
      .map((it) => it.text),
  ).toEqual(first);
});

test('a call is as long as the last thing known of it', () => {
  const live = (it: CallDetail) => ({ ...it, call: { ...it.call, status: 'live' as const } });
  expect(length_of(detail())).toBe(60);
  expect(length_of(live(detail({ levels: { customer: [1, 2, 3, 4, 5, 6, 7, 8], agent: [] } })))).toBe(2);
  expect(length_of(live(detail({ turns: [turn('agent', 1, 7)] })))).toBe(7);
  expect(length_of(live(detail()))).toBe(1);
});

describe('in words', () => {
  const it = detail(
    {
      points: [point(10, 0.2), point(20, 0.6)],
      turns: [turn('customer', 5, 22), turn('agent', 20, 40)],
    },
    [said(5, 12, 0.35, 'It is broken'), said(13, 22, 0.55, 'Again')],
  );
  test('a moment: who speaks, how it sounds, what was said', () => {
    expect(moment_text(moment_at(it, 10))).toBe(
      '0:10: customer speaks, voice sounds 20 % angry, 50 % roused. “It is broken”',
    );
    expect(moment_text(moment_at(it, 21))).toBe(
      '0:21: both speak, voice sounds 60 % angry, 50 % roused, upset score 35 %. “Again”',
    );
    expect(moment_text(moment_at(it, 50))).toBe('0:50: nobody speaks, upset score 55 %.');
  });
  test('the whole picture', () => {
    expect(picture_text(it)).toBe(
      'A call of 1:00. The customer has 62 % of the talk. The voice sounds 40 % angry on the average and 60 % at most, at 0:20. The upset score is 40 % now. It was 70 % at most.',
    );
    expect(picture_text(detail())).toContain('The voice has no readings.');
  });
  test('a table of a few rows', () => {
    const rows = table_of(it);
    expect(rows).toHaveLength(12);
    expect(rows[4]).toMatchObject({ from_s: 20, customer: 0.4, agent: 1, anger: 0.6, score: 0.55 });
    expect(rows[0]).toMatchObject({ customer: 0, agent: 0, anger: undefined, score: undefined });
    expect(table_of({ ...it, call: { ...it.call, seconds: 7200 } }).length).toBeLessThanOrEqual(24);
  });
});
