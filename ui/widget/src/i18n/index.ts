/** Picks the language and its texts. */
import { LANGUAGES, type CoreKey, type Language } from './texts';

export type { Language };

export type Translate = (key: CoreKey) => string;

/** The BCP 47 tag the customer reads: what the page says of itself, else what the browser wants. */
export function pickLocale(wanted?: string): string {
  const asked = wanted || document.documentElement.lang || navigator.language;
  try {
    return new Intl.Locale(asked).toString();
  } catch {
    return 'en';
  }
}

/** The language of ours that serves a tag: English where we have none of theirs. */
export function languageOf(locale: string): Language {
  return (/^(de|es|ar)\b/.exec(locale)?.[1] ?? 'en') as Language;
}

/** Looks texts up; wording of the organisation's own wins. */
export const coreTexts =
  (locale: string, overrides: () => Record<string, string>): Translate =>
  (key) =>
    overrides()[key] ?? LANGUAGES[languageOf(locale)][key];
