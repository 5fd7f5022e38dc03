/** Whether the customer is typing in a field of the page, and where: an offer waits for a pause. */
import { focusedField } from '../../ui/place';

/** A pause this long is the end of typing. */
const PAUSE_MS = 2_000;
/** No key is heard from a frame: who went into one, for example to pay, is typing for so long, or until they leave it. */
const FRAME_MS = 60_000;

const BUTTONS = 'button,input[type=button],input[type=submit],input[type=image],[role=button]';
/** Where there is no form, what holds a field and the button that goes with it is at most so many elements up. */
const FORM_DEPTH_MAX = 8;

function formOf(field: Element | null): Element | null {
  const form = field?.closest('form,[role=form],fieldset');
  if (form || !field) return form ?? null;
  let around = field.parentElement;
  for (let depth = 0; around && around !== document.body && depth < FORM_DEPTH_MAX; depth += 1) {
    if (around.querySelector(BUTTONS)) return around;
    around = around.parentElement;
  }
  return null;
}

export function watchTyping() {
  // Who is in a field when we come may be typing.
  let quietAtMs = focusedField() ? Date.now() + PAUSE_MS : 0;
  let form: Element | null = null;
  let frame: Element | null = null;

  function inUse(): void {
    const field = focusedField();
    form = formOf(field) ?? form;
    const into = field?.localName === 'iframe' ? field : null;
    if (into && into !== frame) quietAtMs = Date.now() + FRAME_MS;
    else if (frame && !into) quietAtMs = 0;
    frame = into;
  }
  function typed(): void {
    if (!focusedField()) return;
    inUse();
    quietAtMs = Date.now() + PAUSE_MS;
  }
  const options = { capture: true, passive: true };
  for (const sign of ['keydown', 'input', 'paste']) document.addEventListener(sign, typed, options);
  document.addEventListener('focusin', inUse, options);
  // The window loses the focus to a frame before the document says which has it.
  addEventListener('blur', () => setTimeout(inUse));
  addEventListener('focus', () => setTimeout(inUse));
  inUse();

  return {
    quietInMs(): number {
      inUse();
      return focusedField() ? quietAtMs - Date.now() : 0;
    },

    /** The largest button of the form in use: the one the customer is on the way to. */
    button(): Element | null {
      if (!form?.isConnected) return null;
      const area = (it: Element): number => {
        const { width, height } = it.getBoundingClientRect();
        return width * height;
      };
      const all = [...form.querySelectorAll(BUTTONS)].filter((it) => area(it) > 0);
      return all.sort((a, b) => area(b) - area(a))[0] ?? null;
    },
  };
}
