import { expect, test } from 'vitest';
import { markers_of, without_markers } from './redacted';

test.each([
  ['nothing', 'Where is my order?', 'Where is my order?'],
  ['a mail address', 'write to [email:k3v7x2aq] please', 'write to (e-mail address) please'],
  ['a card', 'it is [card].', 'it is (card number).'],
  ['an order of theirs', '[order:abcdefg2]', '(order number)'],
  ['two words', '[meter_no:abcdefg2]', '(meter no number)'],
  [
    'no marker of ours',
    '[email:K3V7X2AQ] [x] [email:short] [card:]',
    '[email:K3V7X2AQ] [x] [email:short] [card:]',
  ],
])('%s', (_, text, expected) => {
  expect(without_markers(text)).toBe(expected);
});

test('a marker knows its place', () => {
  expect(markers_of('a [card] b [phone:22222222]')).toEqual([
    { start: 2, end: 8, label: 'card number', own: false },
    { start: 11, end: 27, label: 'phone number', own: false },
  ]);
});
