import { describe, expect, test } from 'vitest';
import { coreTexts, languageOf, pickLocale } from '../src/i18n';
import { translator } from '../src/i18n/fill';
import { LANGUAGES } from '../src/i18n/texts';
import * as chat from '../src/panel/texts/chat';
import type { AnyKey } from '../src/panel/texts';
import { en as offerTexts } from '../src/panel/texts/offer';
import { waitText } from '../src/panel/wait';

type Texts = Record<string, string>;
type Area = Record<'en' | 'de' | 'es' | 'ar', Texts>;

/** Every file of texts there is, so that none is forgotten here. */
const areas = Object.entries(
  import.meta.glob<Area>(['../src/panel/texts/*.ts', '!**/index.ts'], { eager: true }),
);
areas.push(['core', LANGUAGES]);

const names = (text: string | undefined): string[] => (text?.match(/\{\w+\}/g) ?? []).sort();

describe('texts', () => {
  test.each(areas)('%s has every text in four languages, with the same names in them', (_, area) => {
    for (const language of ['de', 'es', 'ar'] as const) {
      const texts = area[language];
      expect(Object.keys(texts).sort()).toEqual(Object.keys(area.en).sort());
      for (const [key, text] of Object.entries(area.en)) {
        expect([language, key, ...names(texts[key])]).toEqual([language, key, ...names(text)]);
        expect(texts[key]?.trim(), `${language} ${key}`).not.toBe('');
      }
      for (const [key, text] of Object.entries(texts)) {
        const arabic = /[\u0600-\u06ff]/.test(text);
        expect(arabic, `${language} ${key}: ${text}`).toBe(language === 'ar');
      }
    }
  });

  test('no text is in two places', () => {
    const keys = areas.flatMap(([, area]) => Object.keys(area.en));
    expect(keys.filter((key, at) => keys.indexOf(key) !== at)).toEqual([]);
  });

  test('the organisation may word a text', () => {
    expect(coreTexts('en', () => ({ help: 'Assistance' }))('help')).toBe('Assistance');
  });

  test.each([
    ['de-AT', 'Hilfe'],
    ['en-GB', 'Help'],
    ['es-MX', 'Ayuda'],
    ['ar-EG', 'المساعدة'],
    ['pt', 'Help'],
    ['den', 'Help'],
  ])('%s says %s', (locale, text) => {
    expect(coreTexts(locale, () => ({}))('help')).toBe(text);
  });

  test.each([
    ['DE-at', 'de-AT', 'de'],
    ['ES', 'es', 'es'],
    ['english please', 'en', 'en'],
    ['<script>', 'en', 'en'],
  ])('asked for %j it takes %s, in %s', (asked, locale, language) => {
    expect(pickLocale(asked)).toBe(locale);
    expect(languageOf(pickLocale(asked))).toBe(language);
  });

  test.each([
    ['ar-EG', 'المساعدة، الجديد: ٣'],
    ['de', 'Hilfe, 3 neu'],
    ['fa', 'Help, 3 new'],
  ])('numbers are written as %s does: %s', (locale, text) => {
    const t = translator(locale, chat[languageOf(locale)], () => ({}));
    expect(t('help_unread', { count: 3 })).toBe(text);
  });

  test.each([
    [10, 'under a minute'],
    [60, 'about 1 minute'],
    [61, 'about 2 minutes'],
    [3_600, 'about 60 minutes'],
    [3_601, 'more than an hour'],
  ])('%i s is %s: never less than it takes', (seconds, text) => {
    const t = (key: AnyKey, values: Record<string, string | number> = {}) =>
      offerTexts[key as keyof typeof offerTexts].replace('{count}', String(values.count));
    expect(waitText(t, seconds)).toBe(text);
  });
});
