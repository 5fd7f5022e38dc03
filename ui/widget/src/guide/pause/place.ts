/** Where the customer was: scroll positions, focus, caret, and whether the fields still hold what they held. */
import { fnv1a } from '../../ids';

const FIELDS_MAX = 300;
const DEPTH_MAX = 40;
const SCROLL_PX = 2;

interface Caret {
  start: number;
  end: number;
  direction: 'forward' | 'backward' | 'none';
}

/** Plain data, so that it outlives a reload. Values are only compared: a hash of each is kept, never the value. */
export interface Place {
  scrolls: { at: string; left: number; top: number }[];
  focus: { at: string; caret: Caret | null } | null;
  values: { at: string; hash: string }[];
}

type Field = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;

const SECRET =
  /pass|card|cc-|cvc|cvv|csc|iban|\botp|\bpin\b|secret|token|security|expir|(?<!post|post[-_ ]|zip|zip[-_ ])code/i;

/** Passwords, cards and codes are never looked at. */
export function isSecret(field: Field): boolean {
  if (field.type === 'password' || field.type === 'file' || field.type === 'hidden') return true;
  return SECRET.test(`${field.autocomplete} ${field.name} ${field.id}`);
}

export const fieldsIn = (root: ParentNode): Field[] =>
  [...root.querySelectorAll<Field>('input,textarea,select')]
    .filter((it) => !isSecret(it))
    .slice(0, FIELDS_MAX);

/** What a field holds, as one text. */
export function valueOf(field: Field): string {
  if (field instanceof HTMLSelectElement)
    return [...field.options].map((it) => (it.selected ? '1' : '0')).join('');
  return field instanceof HTMLInputElement && /^(?:checkbox|radio)$/.test(field.type)
    ? String(field.checked)
    : field.value;
}

function pathOf(element: Element): string {
  const steps: string[] = [];
  for (let it: Element | null = element; it && steps.length < DEPTH_MAX; it = it.parentElement) {
    if (it.id && document.querySelectorAll(`#${CSS.escape(it.id)}`).length === 1) {
      steps.unshift(`#${CSS.escape(it.id)}`);
      break;
    }
    let place = 1;
    for (let before = it.previousElementSibling; before; before = before.previousElementSibling)
      if (before.localName === it.localName) place += 1;
    steps.unshift(
      it.parentElement ? `${CSS.escape(it.localName)}:nth-of-type(${place})` : CSS.escape(it.localName),
    );
  }
  return steps.join('>');
}

function at(path: string): Element | null {
  try {
    return document.querySelector(path);
  } catch {
    return null;
  }
}

function caretOf(element: Element): Caret | null {
  if (!(element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement)) return null;
  const { selectionStart: start, selectionEnd: end, selectionDirection: direction } = element;
  return start === null || end === null ? null : { start, end, direction: direction ?? 'none' };
}

const pageScroller = (): Element => document.scrollingElement ?? document.documentElement;

function scrolledIn(root: Element | null, focus: Element | null): Element[] {
  const found = new Set<Element>([pageScroller()]);
  for (const start of [root, focus])
    for (let it: Element | null = start; it; it = it.parentElement)
      if (it.scrollTop || it.scrollLeft) found.add(it);
  return [...found];
}

/** Remembers the place; `focus` is what had the focus on the page before our own button took it. */
export function remember(region: Element | null, focus: Element | null): Place {
  return {
    scrolls: scrolledIn(region, focus).map((it) => ({
      at: pathOf(it),
      left: it.scrollLeft,
      top: it.scrollTop,
    })),
    focus: focus && { at: pathOf(focus), caret: caretOf(focus) },
    values: fieldsIn(region ?? document).map((it) => ({ at: pathOf(it), hash: fnv1a(valueOf(it)) })),
  };
}

/** Puts scroll, focus and caret back. */
export function restore(place: Place): void {
  const element = place.focus && at(place.focus.at);
  if (element instanceof HTMLElement) {
    element.focus({ preventScroll: true });
    const caret = place.focus?.caret;
    if (caret && (element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement)) {
      try {
        element.setSelectionRange(caret.start, caret.end, caret.direction);
      } catch {
        // A type of field that has no caret.
      }
    }
  }
  for (const { at: path, left, top } of place.scrolls) at(path)?.scrollTo({ left, top, behavior: 'instant' });
}

/** What is not as it was; empty means that the page is exactly where it was. */
export function differences(place: Place): ('scroll' | 'focus' | 'caret' | 'values')[] {
  const found: ('scroll' | 'focus' | 'caret' | 'values')[] = [];
  const moved = place.scrolls.some(({ at: path, left, top }) => {
    const it = at(path);
    return !it || Math.abs(it.scrollLeft - left) > SCROLL_PX || Math.abs(it.scrollTop - top) > SCROLL_PX;
  });
  if (moved) found.push('scroll');
  if (place.focus) {
    const element = at(place.focus.at);
    if (!element || document.activeElement !== element) found.push('focus');
    else if (JSON.stringify(caretOf(element)) !== JSON.stringify(place.focus.caret)) found.push('caret');
  }
  const changed = place.values.some(({ at: path, hash }) => {
    const it = at(path) as Field | null;
    return !it || fnv1a(valueOf(it)) !== hash;
  });
  if (changed) found.push('values');
  return found;
}
