/** While the page stands still, nothing is entered or pressed in the part that it named. It still scrolls, and Tab goes on. */

const EVERYTHING = '*';
const NOTHING = '';

/** Fields that a press, a key or the wheel alone changes, without a word of `beforeinput`. */
const TYPES =
  '[type=range],[type=number],[type=date],[type=month],[type=week],[type=time],[type=datetime-local],[type=radio],' +
  '[type=color],[type=search]';
const STEPPED = `select,input:is([list],${TYPES})`;

/** What a customer does to a page: the page is told none of it, and the browser does not do it to what is named here. */
const HELD: Record<string, string> = {
  pointerdown: NOTHING,
  pointerup: NOTHING,
  mousedown: STEPPED,
  mouseup: NOTHING,
  touchstart: 'input[type=range]',
  touchend: NOTHING,
  click: EVERYTHING,
  dblclick: EVERYTHING,
  auxclick: EVERYTHING,
  contextmenu: NOTHING,
  dragstart: EVERYTHING,
  drop: EVERYTHING,
  wheel: ':is(input,select):focus',
  keydown: STEPPED,
  keypress: NOTHING,
  keyup: NOTHING,
  beforeinput: EVERYTHING,
  paste: EVERYTHING,
  cut: EVERYTHING,
  submit: EVERYTHING,
};
/** Too small a sign for a word about it: the customer may only want to scroll. */
const UNSAID = /^(?:touchstart|wheel)$/;

const isKey = (event: Event): event is KeyboardEvent => event.type.startsWith('key');

/** What moves on, and what is the browser's own: to copy, to find, to load again. */
const passes = (event: Event): boolean =>
  isKey(event) && (event.key === 'Tab' || event.ctrlKey || event.metaKey);

export interface Held {
  /** The page goes on: what its own script presses is no longer held, what the customer does is. */
  yieldToPage(): void;
  release(): void;
}

/** Holds what `selector` names, whichever element that is by then; `ours` is never held. */
export function holdRegion(selector: string | undefined, ours: Element, tried: () => void): Held {
  let yielded = false;
  const refuse = (event: Event): void => {
    const path = event.composedPath();
    const [target] = path;
    if (!(target instanceof Element) || path.includes(ours) || (yielded && !event.isTrusted)) return;
    // The way out of the pause.
    if (isKey(event) && event.key === 'Escape') return;
    if (!path.some((it) => it instanceof Element && it.matches(selector ?? NOTHING))) return;
    event.stopImmediatePropagation();
    const undone = HELD[event.type];
    if (!undone || passes(event) || !target.closest(undone)) return;
    if (event.cancelable) event.preventDefault();
    if (!UNSAID.test(event.type)) tried();
  };
  const options = { capture: true, passive: false };
  const names = selector && isSelector(selector) ? Object.keys(HELD) : [];
  for (const name of names) addEventListener(name, refuse, options);
  return {
    yieldToPage: () => (yielded = true),
    release() {
      for (const name of names) removeEventListener(name, refuse, options);
    },
  };
}

function isSelector(selector: string): boolean {
  try {
    document.querySelector(selector);
    return true;
  } catch {
    console.warn('overture: pausable.region is not a selector', selector);
    return false;
  }
}

export const find = (selector: string): Element | null =>
  isSelector(selector) ? document.querySelector(selector) : null;
