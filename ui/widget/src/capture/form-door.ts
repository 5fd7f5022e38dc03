/** Hears what happens in forms, for the script that understands it: that is fetched when the visitor first uses one. */
import type { CreateForms, Forms } from './forms';
import { isTextField, sourceOf } from './target';
import { listen, nowMs, together, visitor, type Recorder, type Stop } from './recorder';
import type { Thresholds } from '../types';

/** The visitor went there; a page that puts the focus in a field itself asks nobody. */
const WENT_MS = 1_000;
/** What happens before the script is there; more of it is not told. */
const WAITING_MAX = 500;

export const FIELD = 'input,select,textarea';
const CONTROL = `button,[role=button],${FIELD}`;

/** Something that happened in a form, with what an event tells only while it is on its way. */
export interface Deed {
  event: Event;
  source: Element | null;
  /** The visitor did something a moment ago. */
  went: boolean;
}

export function openFormDoor(record: Recorder, thresholds: Thresholds, load: (failed: () => void) => void) {
  let forms: Forms | undefined;
  let asked = false;
  let waiting: ((forms: Forms) => void)[] = [];

  function tell(say: (forms: Forms) => void): void {
    if (forms) say(forms);
    else if (waiting.length < WAITING_MAX) waiting.push(say);
  }

  const observer = new MutationObserver((changes) => tell((it) => it.changed(changes)));

  /** Where the form is that is being used: it holds a field, or is sent without any. */
  function rootInUse(source: Element): Node | null {
    const root = source.getRootNode() as Document | ShadowRoot;
    const uses =
      isTextField(source) || source.matches('form') || (source.closest(CONTROL) && root.querySelector(FIELD));
    return uses ? root : null;
  }

  function hear(event: Event): void {
    const source = sourceOf(event);
    const root = source && rootInUse(source);
    if (root) {
      observer.observe(root, {
        subtree: true,
        childList: true,
        characterData: true,
        attributeFilter: ['aria-invalid'],
        attributeOldValue: true,
      });
      if (!asked && !forms) load(stop);
      asked = true;
    }
    const went = nowMs() - visitor.actedMs < WENT_MS;
    if (asked) tell((it) => it.hear({ event, source, went }));
  }

  const stop: Stop = together(
    listen('focusin click keydown invalid submit input change reset focusout visibilitychange', hear),
    listen('pagehide blur', hear, window),
    () => {
      observer.disconnect();
      asked = false;
      waiting = [];
      forms?.stop();
    },
  );
  return {
    stop,
    /** The site's own word on a field. */
    error(field: string, code: string): void {
      if (asked) tell((it) => it.error(field, code));
      else record('overture:form_error', { form: '', field, code });
    },
    /** The script has come. */
    arrived(create: CreateForms): void {
      forms ??= create(record, thresholds);
      for (const say of waiting) say(forms);
      waiting = [];
    },
  };
}
