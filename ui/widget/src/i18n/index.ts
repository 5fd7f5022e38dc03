/** Picks the language, fills in the texts. */
import { de } from './de';
import { en, type CoreKey } from './en';

type Values = Record<string, string | number>;
export type Translate<Key extends string = CoreKey> = (key: Key, values?: Values) => string;

export function pickLocale(wanted?: string): string {
  return wanted || document.documentElement.lang || navigator.language || 'en';
}

/** The texts of one language; the wording the server sent wins over them. */
export function translator<Key extends string>(
  locale: string,
  languages: { en: Record<Key, string>; de: Record<Key, string> },
  overrides: () => Record<string, string>,
): Translate<Key> {
  const texts = /^de\b/i.test(locale) ? languages.de : languages.en;
  return (key, values = {}) =>
    (overrides()[key] ?? texts[key]).replace(/\{(\w+)\}/g, (whole, name: string) =>
      String(values[name] ?? whole),
    );
}

export const coreTexts = (locale: string, overrides: () => Record<string, string>): Translate =>
  translator(locale, { en, de }, overrides);

/** A wait in words, rounded up, so that it promises no less than it takes. */
export function waitText(t: Translate, seconds: number): string {
  const minutes = Math.ceil(seconds / 60);
  if (seconds < 55) return t('under_a_minute');
  if (minutes <= 1) return t('one_minute');
  if (minutes > 60) return t('over_an_hour');
  return t('minutes', { count: minutes });
}
