import { describe, expect, test } from 'vitest';
import { parseCues } from '../src/guide/cues';
import { wordsIn } from '../src/guide/words';

describe('captions', () => {
  test('are read from WebVTT, without names, marks and notes', () => {
    const source =
      '\uFEFFWEBVTT\n\nNOTE nothing\n\n1\n00:01.000 --> 00:02.500 align:start\n<v Ada>Open the <b>menu</b>.\n\n01:00:00.000 --> 01:00:01.000\nSecond\nline\n';
    expect(parseCues(source)).toEqual([
      { start: 1, end: 2.5, text: 'Open the menu.' },
      { start: 3600, end: 3601, text: 'Second\nline' },
    ]);
  });

  test.each(['', 'WEBVTT', 'WEBVTT\n\n00:05.000 --> 00:01.000\nback in time', 'WEBVTT\n\nx --> y\nno times'])(
    '%j holds none',
    (source) => expect(parseCues(source)).toEqual([]),
  );
});

describe('the words of guides', () => {
  test.each([
    ['en', 'Step 2 of 5'],
    ['de-AT', 'Schritt 2 von 5'],
    ['es', 'Paso 2 de 5'],
    ['xx', 'Step 2 of 5'],
  ])('%s', (locale, expected) => expect(wordsIn(locale)('guide_step', { n: 2, count: 5 })).toBe(expected));

  test('are Arabic in Arabic', () => expect(wordsIn('ar')('guide_next')).toBe('التالي'));
});
