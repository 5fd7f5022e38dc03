/** Names things on the page without ever reading what is written in them. */
import { fnv1a } from '../ids';
import { listen, type Stop } from './recorder';

export const IGNORE = 'data-overture-ignore';
const HASH_DEPTH_MAX = 8;
const PLAIN_NAME = /^(?!.*\d{5})[\w\-.:[\]]{1,64}$/;

const INTERACTIVE =
  'a[href],area[href],button,input,select,textarea,label,option,summary,[onclick],[contenteditable],[tabindex="0"],' +
  '[role=button],[role=link],[role=tab],[role=checkbox],[role=radio],[role=switch],[role=option],[role^=menuitem]';
const BUTTON_LIKE_INPUT = /^(button|submit|reset|image)$/;
const PICKED_INPUT = /^(checkbox|radio|range|color|file)$/;

/** The element an event really came from, also inside open shadow roots; `null` when we must not look. */
export function sourceOf(event: Event): Element | null {
  const path = event.composedPath();
  if (path.some((node) => (node as Element).hasAttribute?.(IGNORE))) return null;
  const first = path[0] as Element | undefined;
  return first?.nodeType === 1 ? first : null;
}

export const isIgnored = (element: Element): boolean => element.closest(`[${IGNORE}]`) !== null;

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

// By name, not by class: an element of a frame has classes of its own.
export const inputType = (element: Element): string =>
  element.localName === 'input' ? (element as HTMLInputElement).type : '';

export function isTextField(element: Element): boolean {
  if (element.localName === 'textarea' || (element as HTMLElement).isContentEditable) return true;
  if (element.closest('[role=textbox],[role=spinbutton]')) return true;
  const type = inputType(element);
  return type !== '' && !BUTTON_LIKE_INPUT.test(type) && !isPicked(element);
}

export const isPicked = (element: Element): boolean => PICKED_INPUT.test(inputType(element));

/** Where fast clicks are the normal use: games, players, maps, sliders. */
export const PLAYED = 'canvas,audio,video,object,embed,[role=slider],[role=application],[role=spinbutton]';
const SIGN = /^[-+\u2212\u2013\uff0b\xd7<>\u2039\u203a\xab\xbb\u2190-\u21ff\u25b2-\u25c5\u276e\u276f]{1,2}$/;
const AGAIN =
  /\b(next|prev(ious)?|zoom|(in|de)crease|plus|minus|(move|volume) (up|down)|undo|redo|weiter|zur.ck|n.chste\w*|vorherige\w*|siguiente|anterior)\b/i;

/** Something to step with: plus and minus, next and previous. What is written on it is compared here and goes nowhere. */
export function isStepper(element: Element): boolean {
  if (isPlayed(element)) return true;
  const button = element.closest('button,[role=button],a');
  const text = button?.textContent?.trim() ?? '';
  return (
    button !== null &&
    (SIGN.test(text) ||
      (!/[\p{L}\p{N}]/u.test(text) &&
        AGAIN.test(button.getAttribute('aria-label') ?? button.getAttribute('title') ?? '')))
  );
}

/** Whether it is played with, or part of what is, and no control of its own. */
export const isPlayed = (element: Element): boolean =>
  element.matches(PLAYED) ||
  (interactiveAncestor(element) ?? element.closest(PLAYED))?.matches(PLAYED) === true;

const looksAlive = (element: Element): boolean =>
  element.matches(INTERACTIVE) || getComputedStyle(element).cursor === 'pointer';

/** The nearest element that looks as if clicking it would do something. */
export const interactiveAncestor = (element: Element): Element | null =>
  element.closest(INTERACTIVE) ?? (looksAlive(element) ? element : null);

const CHOSEN = '[aria-selected=true],[aria-checked=true],[aria-current]:not([aria-current=false])';

/** Whether it is chosen already, by itself or as all that its item holds: choosing it again changes nothing. */
export function isChosen(element: Element): boolean {
  const item = element.closest(`${INTERACTIVE},${CHOSEN}`);
  return item?.matches(`${CHOSEN},:is(${CHOSEN})>:only-child`) === true && looksAlive(item);
}

/** A developer's name for a form or field; what may carry a visitor's data (an address, a number) is hashed. */
export function safeName(name: string | null | undefined): string {
  if (!name) return '';
  return PLAIN_NAME.test(name) ? name : `#${fnv1a(name)}`;
}

export function fieldName(field: Element): string {
  return safeName(field.getAttribute('name') || field.id) || `#${targetHash(field)}`;
}

export const formName = (form: Element | null): string => (form ? fieldName(form) : '');

/** What the visitor marked, for a text is pressed to mark it. */
export const isMarking = (): boolean => String(getSelection() ?? '') !== '';

/** What holds the fields that are sent together: a form, or what serves as one. */
const AREA = 'form,[role=form],dialog,[role=dialog],section,article,main,body';

export function formOf(field: Element): Element | null {
  const host = (field.getRootNode() as ShadowRoot).host;
  return (field as HTMLInputElement).form ?? field.closest(AREA) ?? (host ? formOf(host) : null);
}

/**
 * Clicks, and what would have been clicks on controls that are switched off: there the browser tells of the
 * pointer alone.
 */
export function listenToClicks(handler: (event: MouseEvent, source: Element) => void): Stop {
  return listen('click pointerup', (event) => {
    let source = sourceOf(event);
    const mouse = event as MouseEvent;
    if (!source) return;
    if (event.type === 'pointerup') {
      const at = source.ownerDocument.elementFromPoint?.(mouse.clientX, mouse.clientY);
      source = at?.closest(OFF) ?? null;
      if (!source || isIgnored(source)) return;
    } else if (source.closest(OFF)) return;
    handler(mouse, source);
  });
}

const OFF = 'button:disabled,input:disabled,select:disabled';
