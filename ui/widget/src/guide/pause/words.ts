/** The words of Smart Pause in the one language this script was built for. */
import * as texts from './texts';

const own = texts[__LOCALE__];

export type PauseWords = (key: keyof typeof texts.en) => string;

export const wordsWith =
  (overrides: () => Record<string, string>): PauseWords =>
  (key) =>
    overrides()[key] ?? own[key];
