import { expect, test } from 'vitest';
import { contrast, read_day, write_day } from './brand';

test.each([
  ['#000000', '#ffffff', 21],
  ['#777', '#fff', 4.48],
  ['#0000ff', '#fff', 8.59],
])('%s on %s has a contrast of %f', (one, other, expected) => {
  expect(contrast(one, other)).toBeCloseTo(expected, 1);
});

test.each(['', 'blue', '#12', '#12345g'])('%j is no colour', (colour) => {
  expect(contrast(colour, '#fff')).toBeNull();
});

test.each([
  ['', []],
  ['9-17', [[540, 1020]]],
  [
    '13:00 – 17:30, 09:00-12:00',
    [
      [540, 720],
      [780, 1050],
    ],
  ],
  ['0:00-24:00', [[0, 1440]]],
])('%j is read', (text, day) => {
  expect(read_day(text)).toEqual({ day });
});

test.each([
  ['9 to 5', '9 to 5'],
  ['17-9', '17-9'],
  ['9-25', '9-25'],
  ['9:75-10', '9:75-10'],
  ['9-12, 11-13', '11:00-13:00 overlaps'],
])('%j is refused, naming %j', (text, wrong) => {
  expect(read_day(text)).toEqual({ wrong });
});

test('a day is written as it is read', () => {
  expect(
    write_day([
      [540, 720],
      [780, 1440],
    ]),
  ).toBe('09:00-12:00, 13:00-24:00');
});
