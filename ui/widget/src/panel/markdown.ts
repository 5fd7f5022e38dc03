/**
 * A small, safe part of Markdown: headings, paragraphs, lists, quotes, code, rules, bold, italic, links. It builds
 * nodes and never parses HTML, so whatever else is in the text stays text. Pictures are links to them: a page's own
 * policy rarely lets pictures of others in.
 */
import { h } from '../ui/dom';

const INLINE = /\*\*(.+?)\*\*|\*(\S(?:.*?\S)?)\*|`([^`]+)`|!?\[([^\]]+)\]\(([^\s)]+)\)/g;
const NESTING_MAX = 4;

/** Links go to the web, to mail, to the phone or elsewhere on this site; nothing else is a link. */
function safeHref(href: string): string | null {
  if (/^(?:https?:\/\/|mailto:|tel:|\/(?![/\\]))/i.test(href)) return href;
  return null;
}

type Inline = (text: string, depth?: number) => (Node | string)[];

/** `newTab` is said of every link, for those who do not see where it opens. */
function inlineOf(newTab: string): Inline {
  const inline: Inline = (text, depth = 0) => {
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
      else if (code) parts.push(h('code', { dir: 'ltr' }, code));
      else if (label && href) {
        const told = newTab && h('span', { class: 'sr' }, ` (${newTab})`);
        parts.push(h('a', { href, target: '_blank', rel: 'noopener noreferrer' }, label, told));
      } else parts.push(whole);
    }
    parts.push(text.slice(end));
    return parts.filter((part) => part !== '');
  };
  return inline;
}

const MARKERS = {
  heading: /^#{1,6}\s+/,
  ul: /^[-*+]\s+/,
  ol: /^\d{1,3}[.)]\s+/,
  blockquote: /^>\s?/,
  hr: /^(?:-{3,}|\*{3,})$/,
  p: /^/,
} as const;
type Kind = keyof typeof MARKERS | 'pre';

const kindOf = (line: string): Kind =>
  MARKERS.hr.test(line)
    ? 'hr'
    : ((['heading', 'ul', 'ol', 'blockquote'] as const).find((kind) => MARKERS[kind].test(line)) ?? 'p');

function block(kind: Kind, lines: string[], inline: Inline): HTMLElement {
  if (kind === 'pre') return h('pre', { dir: 'ltr', tabindex: 0 }, h('code', {}, lines.join('\n')));
  const first = lines[0] ?? '';
  const plain = lines.map((line) => line.replace(MARKERS[kind], ''));
  switch (kind) {
    case 'heading':
      return h(/^#{1,2}\s/.test(first) ? 'h3' : 'h4', {}, ...inline(plain[0] ?? ''));
    case 'ul':
    case 'ol':
      return h(kind, {}, ...plain.map((line) => h('li', {}, ...inline(line))));
    case 'blockquote':
      return h('blockquote', {}, ...inline(plain.join(' ')));
    case 'hr':
      return h('hr');
    case 'p':
      return h('p', {}, ...inline(plain.join(' ')));
  }
}

export function renderMarkdown(source: string, newTab = ''): HTMLElement[] {
  const inline = inlineOf(newTab);
  const blocks: { kind: Kind; lines: string[] }[] = [];
  let open = null as { kind: Kind; lines: string[] } | null;
  let fenced = false;
  for (const raw of source.split(/\r?\n/)) {
    const line = raw.trim();
    if (line.startsWith('```')) {
      fenced = !fenced;
      open = null;
      if (fenced) blocks.push((open = { kind: 'pre', lines: [] }));
    } else if (fenced) open?.lines.push(raw);
    else if (line === '') open = null;
    else {
      const kind = kindOf(line);
      if (open?.kind !== kind || kind === 'heading' || kind === 'hr')
        blocks.push((open = { kind, lines: [] }));
      open.lines.push(line);
    }
  }
  return blocks.map(({ kind, lines }) => block(kind, lines, inline));
}
