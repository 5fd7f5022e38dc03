import { describe, expect, test } from 'vitest';
import {
  differences,
  differences_text,
  key_of,
  meaning_of,
  merge,
  problems_of,
  read_lines,
  reads_as_text,
} from './lexicon';

const entry = (phrase: string, reads_as: string) => ({ phrase, reads_as });

describe('an entry', () => {
  test('says what it means, and in words of its own where no quick choice says it', () => {
    expect(['great', ' terrible ', '', '  ', 'out of stock', 'Great'].map(meaning_of)).toEqual([
      'good',
      'bad',
      'nothing',
      'nothing',
      'own',
      'own',
    ]);
    expect([reads_as_text(' '), reads_as_text(' so  good')]).toEqual(['nothing', 'so good']);
  });

  test('is one with another that differs in case, white space or the apostrophe alone', () => {
    for (const [one, other] of [
      ['Kill  the job', ' kill the JOB '],
      ["don't", 'DON\u2019T'],
      ['Straße', 'STRASSE'],
    ] as const)
      expect(key_of(one), one).toBe(key_of(other));
    expect(key_of('kill-the-job')).not.toBe(key_of('kill the job'));
  });

  test('that cannot be used is told why, and is not what a later one repeats', () => {
    const long = 'x'.repeat(81);
    const found = problems_of([
      entry('', 'x'),
      entry(':-(', 'x'),
      entry(long, 'x'),
      entry('😀'.repeat(40) + 'x'.repeat(40), '😀'.repeat(80)),
      entry('sick', long),
      entry('SICK', 'great'),
      entry(' sick', 'great'),
    ]);
    expect([...found.keys()]).toEqual([0, 1, 2, 4, 6]);
    expect(found.get(6)).toMatch(/already/);
  });
});

test('lists are told apart phrase by phrase', () => {
  const before = [entry('a', 'x'), entry('b', 'x'), entry('c', '')];
  const after = [entry('C', ''), entry('b', 'y'), entry(' d ', 'z')];
  const found = differences(before, after);
  expect(found).toEqual([
    { phrase: 'a', was: 'x', is: null },
    { phrase: 'b', was: 'x', is: 'y' },
    { phrase: 'C', was: '', is: '' },
    { phrase: 'd', was: null, is: 'z' },
  ]);
  expect(differences_text(found)).toBe('1 added, 2 changed, 1 removed');
  expect(differences(before, [...before].reverse())).toEqual([]);
  expect(differences_text([])).toBe('no difference');
});

test('two edits of one list go together, and nothing of either is lost unseen', () => {
  const base = [
    entry('same', '1'),
    entry('mine', '1'),
    entry('theirs', '1'),
    entry('both', '1'),
    entry('gone', '1'),
  ];
  const theirs = [
    entry('same', '1'),
    entry('mine', '1'),
    entry('theirs', '2'),
    entry('both', '2'),
    entry('gone', '2'),
    entry('new there', ''),
    entry('new', 'x'),
  ];
  const mine = [
    entry('same', '1'),
    entry('mine', '3'),
    entry('theirs', '1'),
    entry('both', '3'),
    entry('NEW', 'x'),
    entry('new here', ''),
  ];
  const merged = merge(base, theirs, mine);
  expect(merged.entries).toEqual([
    entry('both', '3'),
    entry('mine', '3'),
    entry('NEW', 'x'),
    entry('new here', ''),
    entry('new there', ''),
    entry('same', '1'),
    entry('theirs', '2'),
  ]);
  expect(merged.collisions).toEqual([
    { phrase: 'both', was: '2', is: '3' },
    { phrase: 'gone', was: '2', is: null },
  ]);
  expect(
    merge(base, base, mine)
      .entries.map((it) => it.phrase)
      .sort(),
  ).toEqual(mine.map((it) => it.phrase).sort());
  expect(merge(base, theirs, base)).toEqual({
    entries: [...theirs].sort((a, b) => a.phrase.localeCompare(b.phrase)),
    collisions: [],
  });
});

test('many lines are read at once, and the wrong ones are named', () => {
  const pasted = read_lines(
    'sick = great\r\n\n  OOS=out of = stock \nPanic 3000 =\nPanic 4000\tgreat = x\nno sign\n= x\n!=x',
  );
  expect(pasted.entries).toEqual([
    entry('sick', 'great'),
    entry('OOS', 'out of = stock'),
    entry('Panic 3000', ''),
    entry('Panic 4000', 'great = x'),
  ]);
  expect(pasted.wrong.map((it) => it.line)).toEqual([6, 7, 8]);
});
