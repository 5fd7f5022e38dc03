/** Names things on the page without ever reading what is written in them. */

export const IGNORE = 'data-overture-ignore';
const HASH_DEPTH_MAX = 8;
const NAME_CHARS_MAX = 64;

const INTERACTIVE =
  'a[href],area[href],button,input,select,textarea,label,option,summary,[onclick],[contenteditable],[tabindex="0"],' +
  '[role=button],[role=link],[role=tab],[role=checkbox],[role=radio],[role=switch],[role=option],[role^=menuitem]';
const BUTTON_LIKE_INPUTS = ['button', 'submit', 'reset', 'image'];
const PICKED_INPUTS = ['checkbox', 'radio', 'range', 'color', 'file'];

/** The element an event really came from, also inside open shadow roots; `null` when we must not look. */
export function sourceOf(event: Event): Element | null {
  const path = event.composedPath();
  if (path.some((node) => node instanceof Element && node.hasAttribute(IGNORE))) return null;
  const first = path[0];
  return first instanceof Element ? first : null;
}

export const isIgnored = (element: Element): boolean => element.closest(`[${IGNORE}]`) !== null;

export function fnv1a(text: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}

/** A stable hash of where an element is in the page: tags and positions, no text, no attributes of the visitor's. */
export function targetHash(element: Element): string {
  const steps: string[] = [];
  for (let it: Element | null = element; it && steps.length < HASH_DEPTH_MAX; it = it.parentElement) {
    let place = 1;
    for (let before = it.previousElementSibling; before; before = before.previousElementSibling) {
      if (before.localName === it.localName) place += 1;
    }
    steps.push(`${it.localName}:${place}`);
  }
  return fnv1a(steps.join('<'));
}

export const inputType = (element: Element): string =>
  element instanceof HTMLInputElement ? element.type : '';

export function isTextField(element: Element): boolean {
  if (element instanceof HTMLTextAreaElement) return true;
  if (element instanceof HTMLElement && element.isContentEditable) return true;
  if (element.closest('[contenteditable=""],[contenteditable=true],[role=textbox],[role=spinbutton]'))
    return true;
  const type = inputType(element);
  return type !== '' && !BUTTON_LIKE_INPUTS.includes(type) && !PICKED_INPUTS.includes(type);
}

/** A button to count up or down: clicking it fast is its use. Its sign is compared here and goes nowhere. */
export function isStepper(element: Element): boolean {
  const button = element.closest('button,[role=button],a');
  return button !== null && /^[+\-\u2212\u2013\uff0b]$/.test((button.textContent ?? '').trim());
}

/** The nearest element that looks as if clicking it would do something. */
export function interactiveAncestor(element: Element): Element | null {
  const known = element.closest(INTERACTIVE);
  if (known) return known;
  return getComputedStyle(element).cursor === 'pointer' ? element : null;
}

/** A developer's name for a form or field; what may carry a visitor's data (an address, a number) is hashed. */
export function safeName(name: string | null | undefined): string {
  if (!name) return '';
  return /^[\w\-.:[\]]+$/.test(name) && !/\d{5}/.test(name) && name.length <= NAME_CHARS_MAX
    ? name
    : `#${fnv1a(name)}`;
}

export function fieldName(field: Element): string {
  return safeName(field.getAttribute('name') || field.id) || `#${targetHash(field)}`;
}

export function formName(form: Element | null): string {
  if (!form) return '';
  return safeName(form.getAttribute('name') || form.id) || `#${targetHash(form)}`;
}

export const formOf = (field: Element): HTMLFormElement | null =>
  (field as HTMLInputElement).form ?? field.closest('form');
