import { expect, test } from 'vitest';
import { STEP_ROWS, WINDOW_ROWS, newer_bottom, older_bottom, window_of } from './window';

const rows = (count: number, from = 0) => Array.from({ length: count }, (_, n) => ({ key: `k${from + n}` }));

test('without a bottom row the newest are shown', () => {
  expect(window_of(rows(1000), null)).toEqual({ start: 1000 - WINDOW_ROWS, end: 1000 });
  expect(window_of(rows(5), null)).toEqual({ start: 0, end: 5 });
});

test('a bottom row that has vanished falls back to the newest', () => {
  expect(window_of(rows(5), 'gone').end).toBe(5);
});

test('newer rows do not move the window of someone who reads older ones', () => {
  const before = window_of(rows(1000), 'k499');
  expect(window_of(rows(1010), 'k499')).toEqual(before);
});

test('older rows in front move it with its rows', () => {
  expect(window_of(rows(1100, -100), 'k499')).toEqual({ start: 600 - WINDOW_ROWS, end: 600 });
});

test('steps reach the oldest row and come back to the newest, drawing never more than the window', () => {
  const all = rows(1337);
  let bottom: string | null = null;
  for (let step = 0; step < 40; step += 1) {
    const now = window_of(all, bottom);
    expect(now.end - now.start).toBeLessThanOrEqual(WINDOW_ROWS);
    bottom = older_bottom(all, now);
  }
  expect(window_of(all, bottom)).toEqual({ start: 0, end: WINDOW_ROWS });
  let steps = 0;
  while (bottom !== null) {
    bottom = newer_bottom(all, window_of(all, bottom));
    steps += 1;
  }
  expect(steps).toBe(Math.ceil((1337 - WINDOW_ROWS) / STEP_ROWS));
});
