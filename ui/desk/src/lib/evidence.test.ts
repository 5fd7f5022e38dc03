import { expect, test } from 'vitest';
import { parts_of, pieces_of, strength, weight_text } from './evidence';

const bytes = (text: string) => new TextEncoder().encode(text).length;
/** The evidence for `word` as the server says it, in bytes. */
function evidence_for(text: string, word: string, weight = -1) {
  const start = bytes(text.slice(0, text.indexOf(word)));
  return { start, end: start + bytes(word), weight };
}
const marked = (text: string, ...evidence: { start: number; end: number; weight: number }[]) =>
  pieces_of(text, evidence)
    .map((piece) => (piece.weight === undefined ? piece.text : `[${piece.text}]`))
    .join('');

test.each([
  ['plain', 'it is broken again', 'broken', 'it is [broken] again'],
  ['at the start', 'broken again', 'broken', '[broken] again'],
  ['at the end', 'it broke', 'broke', 'it [broke]'],
  ['after an umlaut', 'für mich ärgerlich!', 'ärgerlich', 'für mich [ärgerlich]!'],
  ['after an emoji', '😀😀 not good', 'not good', '😀😀 [not good]'],
  ['an emoji itself', 'why 😡 now', '😡', 'why [😡] now'],
  ['a family of code points', 'us 👩‍👩‍👧 sad', '👩‍👩‍👧', 'us [👩‍👩‍👧] sad'],
  ['after a combining mark', 'cafe\u0301 closed', 'closed', 'cafe\u0301 [closed]'],
  ['another script', 'هذا سيئ جدا', 'سيئ', 'هذا [سيئ] جدا'],
])('%s', (_, text, word, expected) => {
  expect(marked(text, evidence_for(text, word))).toBe(expected);
});

test('a word that ends before its combining mark keeps it', () => {
  expect(marked('cafe\u0301!', evidence_for('cafe\u0301!', 'cafe'))).toBe('[cafe\u0301]!');
});
test('offsets inside an emoji take all of it', () => {
  expect(marked('a😀b', { start: 2, end: 4, weight: 1 })).toBe('a[😀]b');
});
test.each([
  ['past the end', { start: 50, end: 60, weight: 1 }, 'short'],
  ['from inside to past the end', { start: 3, end: 60, weight: 1 }, 'sho[rt]'],
  ['backwards', { start: 4, end: 2, weight: 1 }, 'short'],
  ['empty', { start: 2, end: 2, weight: 1 }, 'short'],
  ['negative', { start: -3, end: 2, weight: 1 }, 'short'],
  ['not numbers', { start: NaN, end: NaN, weight: 1 }, 'short'],
  ['without weight', { start: 0, end: 2, weight: 0 }, 'short'],
])('offsets %s do no harm', (_, evidence, expected) => {
  expect(marked('short', evidence)).toBe(expected);
});
test('the stronger of two that overlap has the letters of both', () => {
  const text = 'not good at all';
  const pieces = pieces_of(text, [
    evidence_for(text, 'good', 0.4),
    evidence_for(text, 'not good', -1.5),
    evidence_for(text, 'at all', -0.3),
  ]);
  expect(pieces).toEqual([
    { text: 'not good', weight: -1.5 },
    { text: ' ' },
    { text: 'at all', weight: -0.3 },
  ]);
});
test('words that touch stay two', () => {
  expect(marked('ab', { start: 0, end: 1, weight: 1 }, { start: 1, end: 2, weight: 1 })).toBe('[a][b]');
});
test('the pieces are the text, whatever the offsets', () => {
  const text = 'Où est 👩‍👩‍👧?\r\nne\u0301e 😡';
  for (let start = 0; start < bytes(text) + 2; start += 1)
    for (let end = 0; end < bytes(text) + 2; end += 1)
      expect(
        pieces_of(text, [{ start, end, weight: 1 }])
          .map((piece) => piece.text)
          .join(''),
      ).toBe(text);
});
test('nothing to mark is one piece, no text is none', () => {
  expect(pieces_of('hello', [])).toEqual([{ text: 'hello' }]);
  expect(pieces_of('', [{ start: 0, end: 3, weight: 1 }])).toEqual([]);
});

test('a weight as a tint and in words', () => {
  expect([0, -1, 1, 9].map(strength)).toEqual([0, 0.5, 0.5, 1]);
  expect([-2, -0.5, 0.1].map(weight_text)).toEqual([
    'strongly negative',
    'clearly negative',
    'slightly positive',
  ]);
});

test('markers are parts of their own, and evidence keeps its place around them', () => {
  const text = 'für [email:k3v7x2aq] it is broken';
  const evidence = [evidence_for(text, 'email'), evidence_for(text, 'broken', -2)];
  const parts = parts_of(text, evidence);
  expect(parts).toEqual([
    { text: 'für ' },
    { text: '[email:k3v7x2aq]', hidden: 'e-mail address' },
    { text: ' it is ' },
    { text: 'broken', weight: -2 },
  ]);
  expect(parts.map((part) => part.text).join('')).toBe(text);
});
