import { expect, test } from 'vitest';
import { diff_lines, hunks } from './diff';

const apply = (before: string, after: string) =>
  diff_lines(before, after).map(
    ({ kind, text }) => `${{ same: ' ', added: '+', removed: '-' }[kind]}${text}`,
  );

test.each([
  ['a\nb\nc', 'a\nx\nc', [' a', '-b', '+x', ' c']],
  ['a\nb', 'a\nb\nc', [' a', ' b', '+c']],
  ['a\nb\nc', 'b\nc', ['-a', ' b', ' c']],
  ['a\na\na', 'a\na', [' a', ' a', '-a']],
  ['', 'a', ['-', '+a']],
  ['same', 'same', [' same']],
])('%j to %j', (before, after, expected) => expect(apply(before, after)).toEqual(expected));

test('taking the added and same lines gives the new text, the others the old', () => {
  let seed = 7;
  const random = (n: number) => (seed = (seed * 48_271) % 2_147_483_647) % n;
  for (let round = 0; round < 200; round += 1) {
    const text = () => Array.from({ length: random(12) }, () => 'abc'[random(3)]).join('\n');
    const [before, after] = [text(), text()];
    const lines = diff_lines(before, after);
    expect(
      lines
        .filter((line) => line.kind !== 'removed')
        .map((line) => line.text)
        .join('\n'),
    ).toBe(after);
    expect(
      lines
        .filter((line) => line.kind !== 'added')
        .map((line) => line.text)
        .join('\n'),
    ).toBe(before);
  }
});

test('line numbers count in each text', () => {
  expect(diff_lines('a\nb\nc', 'a\nc')).toEqual([
    { kind: 'same', text: 'a', old_line: 1, new_line: 1 },
    { kind: 'removed', text: 'b', old_line: 2 },
    { kind: 'same', text: 'c', old_line: 3, new_line: 2 },
  ]);
});

test('far lines fold to one gap', () => {
  const text = Array.from({ length: 30 }, (_, n) => `${n}`);
  const shown = hunks(diff_lines(text.join('\n'), [...text, 'end'].join('\n')), 2);
  expect(shown.map((line) => line?.text)).toEqual([undefined, '28', '29', 'end']);
});
