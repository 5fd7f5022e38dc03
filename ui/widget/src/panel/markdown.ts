/**
 * A small, safe part of Markdown: headings, paragraphs, lists, bold, italic, code, links.
 * It builds nodes and never parses HTML, so whatever else is in the text stays text.
 */
import { h } from '../ui/dom';

const INLINE = /\*\*(.+?)\*\*|\*(\S(?:.*?\S)?)\*|`([^`]+)`|\[([^\]]+)\]\(([^\s)]+)\)/g;
const NESTING_MAX = 4;

/** Links go to the web, to mail, to the phone or elsewhere on this site; nothing else is a link. */
function safeHref(href: string): string | null {
  if (/^(?:https?:\/\/|mailto:|tel:|\/(?![/\\]))/i.test(href)) return href;
  return null;
}

function inline(text: string, depth = 0): (Node | string)[] {
  if (depth > NESTING_MAX) return [text];
  const parts: (Node | string)[] = [];
  let end = 0;
  for (const match of text.matchAll(INLINE)) {
    const [whole, bold, italic, code, label, target] = match;
    parts.push(text.slice(end, match.index));
    end = match.index + whole.length;
    const href = target && safeHref(target);
    if (bold) parts.push(h('strong', {}, ...inline(bold, depth + 1)));
    else if (italic) parts.push(h('em', {}, ...inline(italic, depth + 1)));
    else if (code) parts.push(h('code', {}, code));
    else if (label && href) parts.push(h('a', { href, target: '_blank', rel: 'noopener noreferrer' }, label));
    else parts.push(whole);
  }
  parts.push(text.slice(end));
  return parts.filter((part) => part !== '');
}

function block(lines: string[]): HTMLElement {
  const first = lines[0] ?? '';
  const heading = /^#{1,6}\s+(.*)$/.exec(first);
  if (heading && lines.length === 1) return h('h3', {}, ...inline(heading[1] ?? ''));
  for (const [tag, marker] of [
    ['ul', /^\s*[-*+]\s+/],
    ['ol', /^\s*\d{1,3}[.)]\s+/],
  ] as const) {
    if (lines.every((line) => marker.test(line))) {
      return h(tag, {}, ...lines.map((line) => h('li', {}, ...inline(line.replace(marker, '')))));
    }
  }
  return h('p', {}, ...inline(lines.join(' ')));
}

const kindOf = (line: string): string =>
  /^#{1,6}\s/.test(line)
    ? `heading`
    : /^\s*[-*+]\s/.test(line)
      ? 'ul'
      : /^\s*\d{1,3}[.)]\s/.test(line)
        ? 'ol'
        : 'p';

export function renderMarkdown(source: string): HTMLElement[] {
  const blocks: string[][] = [];
  let kind = '';
  for (const line of source.split(/\r?\n/)) {
    const next = line.trim() === '' ? '' : kindOf(line);
    if (next !== '') {
      if (next !== kind || next === 'heading') blocks.push([]);
      blocks.at(-1)?.push(line.trim());
    }
    kind = next;
  }
  return blocks.map(block);
}
