import { expect, test } from 'vitest';
import { by_day, call_link, hours_text, parse_hours } from './callbacks';
import type { ScheduledCallback } from './wire';

test.each([
  ['tel:{number}', '+49 30 123', 'tel:+4930123'],
  ['callto:{number}', '+49 (30) 123', 'callto:+4930123'],
  ['https://phone.example/call?to={number}', '+4930123', 'https://phone.example/call?to=%2B4930123'],
  ['javascript:alert({number})', '+4930123', 'tel:+4930123'],
  ['tel:without', '+4930123', 'tel:+4930123'],
  ['', '+4930123', 'tel:+4930123'],
])('the template %s calls %s by %s', (template, number, link) => {
  expect(call_link(template, number)).toBe(link);
});

test.each([
  ['09:00-17:00', [[540, 1020]]],
  [
    '9-12, 13:30 – 17',
    [
      [540, 720],
      [810, 1020],
    ],
  ],
  [
    '13-17, 9-12',
    [
      [540, 720],
      [780, 1020],
    ],
  ],
  ['0-24', [[0, 1440]]],
  ['', []],
  ['17-9', null],
  ['9-13, 12-17', null],
  ['9:75-17', null],
  ['nine to five', null],
])('hours %s', (text, intervals) => {
  expect(parse_hours(text)).toEqual(intervals);
});

test('hours come back as they are read', () => {
  expect(
    hours_text([
      [540, 720],
      [810, 1440],
    ]),
  ).toBe('09:00-12:00, 13:30-24:00');
});

test('callbacks are listed by day', () => {
  const now = new Date(2026, 2, 2, 9, 0).getTime();
  const at = (day: number, hour: number) =>
    ({ due_at: new Date(2026, 2, day, hour).toISOString() }) as ScheduledCallback;
  const days = by_day([at(2, 10), at(2, 11), at(3, 9), at(5, 9)], now);
  expect(days.map((it) => [it.day, it.callbacks.length])).toEqual([
    ['Today', 2],
    ['Tomorrow', 1],
    [days[2]?.day, 1],
  ]);
});
