/** Texts with something to fill in: the scripts that come later have them. */
import { languageOf } from '.';

type Values = Record<string, string | number>;
export type Fill<Key extends string> = (key: Key, values?: Values) => string;

/** Looks texts up and fills in `{name}`; wording of the organisation's own wins. Numbers are written as the language does. */
export function translator<Key extends string>(
  locale: string,
  texts: Record<Key, string>,
  overrides: () => Record<string, string>,
): Fill<Key> {
  const tag = languageOf(locale) === 'en' ? 'en' : locale;
  return (key, values = {}) =>
    (overrides()[key] ?? texts[key]).replace(/\{(\w+)\}/g, (whole, name: string) => {
      const value = values[name] ?? whole;
      return typeof value === 'number' ? value.toLocaleString(tag) : value;
    });
}
