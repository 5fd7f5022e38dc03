// The two lines a shop puts on its pages, and what else is written about a source by hand.

import type { Source } from './wire';

/** Only characters that cannot leave an HTML attribute: a key or host with others is not put into markup. */
const SAFE = /^[A-Za-z0-9_.:/[\]-]+$/;

export function snippet(host: string, write_key: string): string {
  if (!SAFE.test(host) || !SAFE.test(write_key)) return '';
  return [
    '<script>(function(w){w.overture=w.overture||function(){(w.overture.q=w.overture.q||[]).push(arguments)}})(window)</script>',
    `<script async src="${host}/widget.js" data-write-key="${write_key}"></script>`,
  ].join('\n');
}

/** One origin a line: scheme and host only, nothing after it. Returns the first line that is not one. */
export function parse_origins(text: string): { origins: string[] } | { wrong: string } {
  const origins: string[] = [];
  for (const line of text.split(/[\s,]+/).filter(Boolean)) {
    let url: URL;
    try {
      url = new URL(line);
    } catch {
      return { wrong: line };
    }
    const bare = line.replace(/\/$/, '');
    if (!/^https?:$/.test(url.protocol) || url.origin.toLowerCase() !== bare.toLowerCase())
      return { wrong: line };
    if (!origins.includes(url.origin)) origins.push(url.origin);
  }
  return { origins };
}

/** One `Category = purpose` a line, as Segment names its categories. Returns the first line that is not one. */
export function parse_categories(
  text: string,
): { categories: Source['consent_categories'] } | { wrong: string } {
  const categories: Source['consent_categories'] = {};
  for (const line of text
    .split('\n')
    .map((it) => it.trim())
    .filter(Boolean)) {
    const [, category, purpose] = /^(.+?)\s*=\s*(analyse_behaviour|contact)$/.exec(line) ?? [];
    if (!category) return { wrong: line };
    categories[category] = purpose as 'analyse_behaviour' | 'contact';
  }
  return { categories };
}
