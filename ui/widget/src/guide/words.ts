/** The words of one language, filled in. */
import { ar, de, en, es } from './texts';

export type Words = (key: keyof typeof en, values?: Record<string, string | number>) => string;

const LANGUAGES = { en, de, es, ar };

export const primaryLanguage = (locale: string): string => locale.split(/[-_]/)[0]?.toLowerCase() ?? '';

export const isRtl = (locale: string): boolean => /^(?:ar|fa|he|ur)$/.test(primaryLanguage(locale));

export function wordsIn(locale: string): Words {
  const texts = LANGUAGES[primaryLanguage(locale) as keyof typeof LANGUAGES] ?? en;
  const shown = (value: string | number): string =>
    typeof value === 'number' ? value.toLocaleString(locale || 'en') : value;
  return (key, values = {}) =>
    texts[key].replace(/\{(\w+)\}/g, (whole, name: string) =>
      name in values ? shown(values[name] ?? '') : whole,
    );
}
