/**
 * Anchors: how an element is described when it is picked, and found again later.
 *
 * Every candidate that an element still fits adds its weight; the element with the largest sum is the anchor, if the
 * sum is large enough and no other element has the same.
 */
import { fnv1a } from '../ids';
import type { Anchor, Candidate } from './types';

const TEST_ATTRIBUTES = ['data-testid', 'data-test-id', 'data-test', 'data-cy', 'data-qa', 'data-guide'];
const WEIGHT: Record<Candidate['by'], number> = { test: 6, id: 5, name: 4, label: 4, css: 2, nth: 1 };
/** What an element must reach of the sum of all weights. */
const STRENGTH_MIN = 0.35;
const CSS_DEPTH_MAX = 4;
const NTH_DEPTH_MAX = 24;
const VALUE_CHARS_MAX = 300;
const NAME_CHARS_MAX = 120;
const LOOKED_AT_MAX = 400;

type Root = Document | ShadowRoot;

/** A name that a build or a framework made up, or that may carry a visitor's data, says nothing tomorrow. */
const isMadeUp = (name: string): boolean =>
  !/^[A-Za-z_][\w-]*$/.test(name) ||
  name.length > 64 ||
  /\d{4}|^(?:ember|react-|radix-|mui-|headlessui|ng-|svelte-|css-|sc-|v-)|^_?[a-z]+_[\w-]*[A-Z0-9][\w-]*$|^[a-f0-9-]{12,}$|__[\w-]{5,}$/.test(
    name,
  );

const ROLES: Record<string, string> = {
  a: 'link',
  button: 'button',
  select: 'combobox',
  textarea: 'textbox',
  img: 'img',
  nav: 'navigation',
  summary: 'button',
};

function roleOf(element: Element): string {
  const explicit = element.getAttribute('role');
  if (explicit) return explicit;
  if (element instanceof HTMLInputElement) {
    if (/^(?:button|submit|reset|image)$/.test(element.type)) return 'button';
    return /^(?:checkbox|radio|range)$/.test(element.type) ? element.type : 'textbox';
  }
  if (/^h[1-6]$/.test(element.localName)) return 'heading';
  return ROLES[element.localName] ?? element.localName;
}

/** What assistive technology calls it; what a visitor typed is no part of that. */
function nameOf(element: Element): string {
  const root = element.getRootNode() as Root;
  const labelled = (element.getAttribute('aria-labelledby') ?? '')
    .split(/\s+/)
    .map((id) => (id && root.getElementById?.(id)?.textContent) || '')
    .join(' ');
  const field = element as HTMLInputElement;
  const labels = field.labels ? Array.from(field.labels, (it) => it.textContent ?? '').join(' ') : '';
  const isField =
    /^(?:input|select|textarea)$/.test(element.localName) || (element as HTMLElement).isContentEditable;
  const name =
    labelled.trim() ||
    element.getAttribute('aria-label') ||
    labels.trim() ||
    element.getAttribute('alt') ||
    (isField ? field.placeholder : element.textContent) ||
    element.getAttribute('title') ||
    '';
  return name.replace(/\s+/g, ' ').trim().toLowerCase();
}

/** `button#1f0a33bc`: comparable, and not to be read. Empty where there is no name to go by. */
function labelOf(element: Element): string {
  const name = nameOf(element);
  return name === '' || name.length > NAME_CHARS_MAX ? '' : `${roleOf(element)}#${fnv1a(name)}`;
}

function placeAmong(element: Element): number {
  let place = 1;
  for (let before = element.previousElementSibling; before; before = before.previousElementSibling) {
    if (before.localName === element.localName) place += 1;
  }
  return place;
}

function nthPath(element: Element): string {
  const steps: string[] = [];
  for (let it: Element | null = element; it && steps.length < NTH_DEPTH_MAX; it = it.parentElement) {
    steps.unshift(`${it.localName}:nth-of-type(${placeAmong(it)})`);
  }
  return steps.join('>');
}

function cssPath(element: Element): string {
  const steps: string[] = [];
  for (let it: Element | null = element; it && steps.length < CSS_DEPTH_MAX; it = it.parentElement) {
    if (it.id && !isMadeUp(it.id) && it !== element) {
      steps.unshift(`#${CSS.escape(it.id)}`);
      break;
    }
    const classes = Array.from(it.classList)
      .filter((name) => !isMadeUp(name))
      .slice(0, 2);
    steps.unshift(it.localName + classes.map((name) => `.${CSS.escape(name)}`).join(''));
  }
  return steps.join('>');
}

function candidatesOf(element: Element): Candidate[] {
  const found: Candidate[] = [];
  const add = (by: Candidate['by'], value: string | null | undefined): void => {
    if (value && value.length <= VALUE_CHARS_MAX) found.push({ by, value });
  };
  for (const attribute of TEST_ATTRIBUTES) {
    const value = element.getAttribute(attribute);
    if (value) {
      add('test', `${attribute}=${value}`);
      break;
    }
  }
  if (element.id && !isMadeUp(element.id)) add('id', element.id);
  const name = element.getAttribute('name');
  if (name && !/\d{5}/.test(name)) add('name', name);
  add('label', labelOf(element));
  add('css', cssPath(element));
  add('nth', nthPath(element));
  return found;
}

/** Describes an element of the document or of open shadow roots. */
export function describe(element: Element): Anchor {
  const hosts: Candidate[][] = [];
  for (let root = element.getRootNode(); root instanceof ShadowRoot; root = root.host.getRootNode()) {
    hosts.unshift(candidatesOf(root.host));
  }
  return { tag: element.localName, hosts, candidates: candidatesOf(element) };
}

function selectorOf({ by, value }: Candidate): string | null {
  switch (by) {
    case 'id':
      return `#${CSS.escape(value)}`;
    case 'name':
      return `[name="${CSS.escape(value)}"]`;
    case 'test': {
      const at = value.indexOf('=');
      const attribute = value.slice(0, at);
      return TEST_ATTRIBUTES.includes(attribute)
        ? `[${attribute}="${CSS.escape(value.slice(at + 1))}"]`
        : null;
    }
    case 'css':
      return value;
    case 'nth':
      return value;
    default:
      return null;
  }
}

function query(root: Root, selector: string): Element[] {
  try {
    return Array.from(root.querySelectorAll(selector)).slice(0, LOOKED_AT_MAX);
  } catch {
    return []; // A candidate that is no selector in this browser finds nothing.
  }
}

/** Not in a closed accordion, menu or tab. */
export const isDrawn = (element: Element): boolean =>
  element.getClientRects().length > 0 && element.checkVisibility?.({ visibilityProperty: true }) !== false;

interface Found {
  element: Element;
  /** How much of what was known of it still holds, 0 to 1. */
  strength: number;
}

function best(root: Root, tag: string, candidates: Candidate[]): Found | null {
  const total = candidates.reduce((sum, it) => sum + WEIGHT[it.by], 0);
  const sums = new Map<Element, number>();
  for (const candidate of candidates) {
    const selector = selectorOf(candidate);
    if (!selector) continue;
    for (const element of query(root, selector)) {
      if (element.localName === 'overture-widget') continue;
      sums.set(element, (sums.get(element) ?? 0) + WEIGHT[candidate.by]);
    }
  }
  const label = candidates.find((it) => it.by === 'label');
  if (label) {
    const among = tag ? new Set([...sums.keys(), ...query(root, tag)]) : sums.keys();
    for (const element of among) {
      if (labelOf(element) === label.value) sums.set(element, (sums.get(element) ?? 0) + WEIGHT.label);
    }
  }
  const ranked = Array.from(sums, ([element, sum]) => ({
    element,
    strength: (sum * (tag && element.localName !== tag ? 0.7 : 1)) / total,
  })).sort((a, b) => b.strength - a.strength || Number(isDrawn(b.element)) - Number(isDrawn(a.element)));
  const [first, second] = ranked;
  if (!first || first.strength < STRENGTH_MIN) return null;
  const isTie =
    second && second.strength === first.strength && isDrawn(second.element) === isDrawn(first.element);
  return isTie ? null : first;
}

/** The element that an anchor means now; `null` when it is not there or cannot be told from others. */
export function find(anchor: Anchor, document: Document = window.document): Found | null {
  let root: Root = document;
  for (const host of anchor.hosts) {
    const found: Found | null = best(root, '', host);
    if (!found?.element.shadowRoot) return null;
    root = found.element.shadowRoot;
  }
  return best(root, anchor.tag, anchor.candidates);
}

/** How well an anchor is likely to outlive a change of its page. */
export function quality(anchor: Anchor): 'strong' | 'fair' | 'weak' {
  const has = (by: Candidate['by']): boolean => anchor.candidates.some((it) => it.by === by);
  if (has('test') || has('id') || (has('name') && has('label'))) return 'strong';
  return has('name') || has('label') ? 'fair' : 'weak';
}
