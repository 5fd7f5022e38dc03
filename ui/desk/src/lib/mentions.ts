// What a customer's messages speak of, once each: amounts, days, products, numbers of the organisation's own.

import { markers_of } from './redacted';
import type { MessageItem, TimelineItem } from './wire';

/** Something that was spoken of, in the customer's words. */
export interface Mention {
  text: string;
  /** "amount", "date", .. or "hidden" where a marker stands for it. */
  kind: string;
  /** For programs and people: "2026-03-12". */
  value: string;
}

/** More would be no overview. */
const MENTIONS_MAX = 12;

const utf8 = new TextEncoder();
const letters = new TextDecoder();

/** The newest mentions first, each once. */
export function mentions_of(items: TimelineItem[]): Mention[] {
  const found = new Map<string, Mention>();
  for (const item of [...items].reverse()) {
    if (item.kind !== 'message' || item.author !== 'customer') continue;
    for (const mention of mentions_in(item)) {
      const key = `${mention.kind}:${mention.value}`;
      if (!found.has(key)) found.set(key, mention);
      if (found.size === MENTIONS_MAX) return [...found.values()];
    }
  }
  return [...found.values()];
}

function mentions_in({ text, entities = [] }: MessageItem): Mention[] {
  const bytes = utf8.encode(text);
  const said = entities.map(({ start, end, kind, value }) => {
    const words = letters.decode(bytes.slice(start, end));
    return { text: words, kind, value: value ?? words.toLowerCase() };
  });
  // What says who somebody is, is not what they speak of.
  const hidden = markers_of(text)
    .filter(({ own }) => own)
    .map(({ start, end, label }) => ({ text: label, kind: 'hidden', value: text.slice(start, end) }));
  return [...said, ...hidden];
}
