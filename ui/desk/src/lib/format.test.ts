import { describe, expect, test } from 'vitest';
import {
  ago,
  bytes,
  clock,
  day_label,
  duration,
  initials,
  plain_value,
  reply_hint,
  signed,
  until,
  words,
} from './format';

const NOW = Date.parse('2026-11-21T12:00:00Z');
const before = (seconds: number) => new Date(NOW - seconds * 1000).toISOString();

describe('how long ago something was', () => {
  test.each([
    [3, 'just now'],
    [42, '42 s ago'],
    [60, '1 min ago'],
    [3599, '59 min ago'],
    [7200, '2 h ago'],
    [86_400, 'yesterday'],
    [3 * 86_400, '3 days ago'],
    [-500, 'just now'],
  ])('%i seconds reads %s', (seconds, expected) => expect(ago(before(seconds), NOW)).toBe(expected));
  test('a time that is none reads as nothing', () => {
    expect(ago(undefined, NOW)).toBe('');
    expect(ago('soon', NOW)).toBe('');
  });
});

test.each([
  [0, '0 s'],
  [59.9, '59 s'],
  [61, '1 min 1 s'],
  [660, '11 min'],
  [3600, '1 h'],
  [3900, '1 h 5 min'],
  [86_400, '1 day'],
  [200_000, '2 days'],
  [-4, '0 s'],
])('%f seconds last %s', (seconds, expected) => expect(duration(seconds)).toBe(expected));

test.each([
  [7, '0:07'],
  [760, '12:40'],
  [3729, '1:02:09'],
  [-1, '0:00'],
])('a clock of %i seconds shows %s', (seconds, expected) => expect(clock(seconds)).toBe(expected));

test('what has passed is expired', () => {
  expect(until(before(1), NOW)).toBe('expired');
  expect(until(before(-90), NOW)).toBe('1 min 30 s');
});

test('days are told from the reader’s own today', () => {
  const noon = new Date(2026, 10, 21, 12).getTime();
  expect(day_label(new Date(2026, 10, 21, 0, 5).toISOString(), noon)).toBe('Today');
  expect(day_label(new Date(2026, 10, 20, 23, 55).toISOString(), noon)).toBe('Yesterday');
  expect(day_label(new Date(2024, 1, 29, 9).toISOString(), noon)).toContain('2024');
});

test.each([
  [1.836, '+1.84'],
  [-0.4, '\u22120.40'],
  [0, '0.00'],
  [-0.001, '0.00'],
  [NaN, '–'],
])('a contribution of %f reads %s', (value, expected) => expect(signed(value)).toBe(expected));

test.each([
  [999, '999 B'],
  [1500, '1.5 kB'],
  [41e9, '41.0 GB'],
  [412e6, '412 MB'],
])('%d bytes read %s', (value, expected) => expect(bytes(value)).toBe(expected));

test.each([
  ['rage_click', 'Rage click'],
  ['overture:dead_click', 'Dead click'],
  ['', ''],
])('the name %s reads %s', (name, expected) => expect(words(name)).toBe(expected));

test.each([
  ['Ingrid Solheim', 'IS'],
  ['p.adeyemi@example.org', 'PA'],
  ['Visitor', 'V'],
  ['', '?'],
])('%s is drawn as %s', (label, expected) => expect(initials(label)).toBe(expected));

test('any value becomes one plain line', () => {
  expect(plain_value({ days_left: 6, strict: true })).toBe('days left 6, strict yes');
  expect(plain_value([1, 0.123456])).toBe('1, 0.1235');
  expect(plain_value(null)).toBe('–');
});

test.each([
  [{}, ''],
  [{ email_hint: 'a…@example.com' }, 'a reply goes by e-mail to a…@example.com'],
  [
    { email_hint: 'a…@example.com', undeliverable: true },
    'e-mail to a…@example.com does not arrive: a reply waits in the chat',
  ],
])('where a reply goes of %j', (conversation, expected) => expect(reply_hint(conversation)).toBe(expected));
