import { describe, expect, test } from 'vitest';
import { coreTexts, waitText } from '../src/i18n';
import { de } from '../src/i18n/de';
import { en } from '../src/i18n/en';
import { de as panelDe } from '../src/panel/de';
import { en as panelEn } from '../src/panel/en';

describe('texts', () => {
  test.each([
    [en, de],
    [panelEn, panelDe],
  ])('every language fills in the same names', (one, other: Record<string, string>) => {
    const names = (text: string | undefined) => (text?.match(/\{\w+\}/g) ?? []).sort();
    for (const [key, text] of Object.entries(one))
      expect([key, ...names(other[key])]).toEqual([key, ...names(text)]);
  });

  test('the server may word a text', () => {
    expect(coreTexts('en', () => ({ help: 'Assistance' }))('help')).toBe('Assistance');
  });

  test.each([
    ['de-AT', 'Hilfe'],
    ['en-GB', 'Help'],
    ['pt', 'Help'],
    ['den', 'Help'],
  ])('%s says %s', (locale, text) => {
    expect(coreTexts(locale, () => ({}))('help')).toBe(text);
  });

  test.each([
    [10, 'under a minute'],
    [60, 'about 1 minute'],
    [61, 'about 2 minutes'],
    [3_600, 'about 60 minutes'],
    [3_601, 'more than an hour'],
  ])('%i s is %s: never less than it takes', (seconds, text) => {
    expect(
      waitText(
        coreTexts('en', () => ({})),
        seconds,
      ),
    ).toBe(text);
  });
});
