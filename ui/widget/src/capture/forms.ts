/** Submits and the errors they meet: which form, which field, which kind; never what was typed. */
import { FIELD, type Deed } from './form-door';
import { followHesitation } from './hesitation';
import { fieldName, formName, formOf, isIgnored, targetHash } from './target';
import { together, type Recorder } from './recorder';
import type { Thresholds } from '../types';

export const OUTCOME_MS = 1_000;
/** A server may take so long to refuse; then nothing more is expected. */
export const ANSWER_MS = 8_000;

const ALERT = '[role=alert],[aria-live=assertive]';
const BUTTON = 'button,[role=button],input[type=submit],input[type=button]';
const INVALID = '[aria-invalid=true]';
/** How pages call messages that are no errors, or what holds them. */
const GOOD_NAME = /succe|saved|info|confirm|\bok\b/i;
const GOOD_DRESS = '[class*=succe i],[data-type=success]';
/** Words of thanks, and those that deny them; what is written is compared here and goes nowhere. */
const THANKS = /saved|succes|thank|\bsent|gespeichert|gesendet|erfolg|danke|guardad|enviad|gracias|شكر/i;
const DENIED = /error|fail|fehl|n.t\b|\b(not?|nicht|kein)\b/i;

/** The browser's own name of what is wrong: `valueMissing`, `patternMismatch` and so on. */
function validityCode(field: HTMLInputElement): string {
  const { validity } = field;
  for (const code in validity) if (validity[code as keyof ValidityState] && code !== 'valid') return code;
  return 'invalid';
}

/** One try to submit a form, open until its outcome is known. Forms go by name: pages render them anew. */
interface Attempt {
  form: Element;
  errors: Set<string>;
  /** The page emptied the form, or said that all is well. */
  succeeded: boolean;
  timer: ReturnType<typeof setTimeout>;
  /** Of a button outside a form, which may do anything: only a refusal makes it a submit. */
  button: string;
}

/** Whether a message tells no error: by its name, by what became of the form, and at last by its words. */
function isGoodNews(
  alert: Element,
  form: Element | null | undefined,
  succeeded: boolean | undefined,
): boolean {
  if (alert.closest(GOOD_DRESS) || GOOD_NAME.test(`${alert.id} ${alert.className}`)) return true;
  const text = alert.textContent ?? '';
  return !form?.querySelector(INVALID) && !DENIED.test(text) && (succeeded || THANKS.test(text));
}

/** Keeps what was for as long as an outcome takes. */
function lately(these: Set<string>, it: string): void {
  these.add(it);
  setTimeout(() => these.delete(it), OUTCOME_MS);
}

/** `widget-watch.js` is this: the door tells it what happens, from the first use of a form on. */
export function createForms(record: Recorder, thresholds: Thresholds) {
  const hesitation = followHesitation(record, thresholds);
  const attempts = new Map<string, Attempt>();
  /** Pressing a submit button or Enter: tells a refused submit from a page that validates while typing. */
  const pressedLately = new Set<string>();
  /** Buttons outside forms that were refused once: they submit. */
  const submits = new Map<string, string>();
  const toldLately = new Set<string>();

  function error(form: Element | null, field: string, code: string): void {
    const name = formName(form);
    for (const [of, attempt] of attempts) {
      if (form && of !== name) continue;
      if (!attempt.errors.size) wait(of, attempt, OUTCOME_MS);
      attempt.errors.add(field);
    }
    const key = `${name}/${field}`;
    if (toldLately.has(key)) return; // The same error, told in two ways.
    lately(toldLately, key);
    record('overture:form_error', { form: name, field, code });
  }

  function wait(name: string, attempt: Attempt, ms: number): void {
    clearTimeout(attempt.timer);
    attempt.timer = setTimeout(() => {
      stillWrong(name, attempt);
      if (attempt.errors.size || ms > OUTCOME_MS) settle(name);
      else wait(name, attempt, ANSWER_MS - OUTCOME_MS);
    }, ms);
  }

  /** A field that was wrong before and still is makes this submit fail as well. */
  function stillWrong(name: string, { form, errors, button }: Attempt): void {
    if (button && submits.get(name) !== button) return;
    const here = form.isConnected ? form : [...document.forms].find((it) => formName(it) === name);
    for (const field of here?.querySelectorAll(INVALID) ?? []) {
      if (!isIgnored(field) && !errors.has(fieldName(field))) error(form, fieldName(field), 'aria_invalid');
    }
  }

  function settle(name: string): void {
    const attempt = attempts.get(name);
    if (!attempt) return;
    clearTimeout(attempt.timer);
    stillWrong(name, attempt);
    attempts.delete(name);
    const failed = attempt.errors.size > 0;
    if (failed && attempt.button) submits.set(name, attempt.button);
    if (failed || !attempt.button)
      record('overture:form_submit', {
        form: name,
        outcome: failed ? 'failed' : attempt.succeeded ? 'succeeded' : 'unknown',
      });
  }

  function begin(form: Element, button = ''): void {
    const name = formName(form);
    settle(name);
    const attempt: Attempt = { form, errors: new Set(), succeeded: false, timer: 0 as never, button };
    attempts.set(name, attempt);
    wait(name, attempt, OUTCOME_MS);
  }

  /** Whose error an alert tells: a field's, a form's, or that of the submit that waits for an answer. */
  function alerted(alert: Element): void {
    if (!alert.textContent?.trim() || isIgnored(alert)) return;
    const id = alert.id.replace(/["\\]/g, '\\$&');
    const field = id
      ? (alert.getRootNode() as Document).querySelector(
          `[aria-describedby~="${id}"],[aria-errormessage~="${id}"]`,
        )
      : null;
    if (field && isIgnored(field)) return;
    const form = alert.closest('form');
    const asked = [...attempts.values()];
    const attempt = form ? attempts.get(formName(form)) : asked.length === 1 ? asked[0] : undefined;
    if (isGoodNews(alert, form ?? attempt?.form, attempt?.succeeded)) {
      if (attempt) attempt.succeeded = true;
    } else if (field) error(formOf(field), fieldName(field), 'alert');
    else if (form && alert.matches('[role=alert]')) error(form, '', 'alert');
    else if (attempt) error(attempt.form, '', 'alert');
  }

  function changed(changes: MutationRecord[]): void {
    for (const change of changes) {
      const node = change.target;
      const element = (node.nodeType === 1 ? node : node.parentElement) as Element | null;
      if (!element || isIgnored(element)) continue;
      const wrong = (field: Element): void => error(formOf(field), fieldName(field), 'aria_invalid');
      if (change.type === 'attributes') {
        if (element.matches(INVALID) && change.oldValue !== 'true') wrong(element);
        continue;
      }
      const inside = element.closest(ALERT);
      if (inside) alerted(inside);
      else {
        for (const added of change.addedNodes) {
          if (added.nodeType !== 1) continue;
          const all = [added as Element, ...(added as Element).querySelectorAll(`${ALERT},${INVALID}`)];
          for (const it of all) {
            if (it.matches(ALERT)) alerted(it);
            // A form that was rendered anew tells its errors as it comes.
            else if (attempts.size && it.matches(INVALID) && !isIgnored(it)) wrong(it);
          }
        }
      }
    }
  }

  function onInvalid(field: Element): void {
    const form = formOf(field);
    const name = formName(form);
    if (form && pressedLately.has(name) && !attempts.has(name)) begin(form);
    error(form, fieldName(field), validityCode(field as HTMLInputElement));
  }

  function onPress(event: Event, source: Element): void {
    const control = source.closest(`${BUTTON},${FIELD}`);
    const form = control && formOf(control);
    if (!form) return;
    const enter = event.type === 'keydown' && (event as KeyboardEvent).key === 'Enter';
    const button = control.matches(BUTTON);
    if (form.localName === 'form') {
      const pressed = enter ? control.matches('input') : event.type === 'click' && button;
      if (pressed && (enter || (control as HTMLButtonElement).type === 'submit'))
        lately(pressedLately, formName(form));
    } else if (event.type === 'click' && button && form.querySelector(FIELD)) {
      begin(form, targetHash(control));
    }
  }

  function onSubmit(form: Element): void {
    if (form.localName === 'form') begin(form);
  }

  /** Who writes on has not been refused. */
  function onInput(event: Event, field: Element): void {
    if (event.isTrusted) settle(formName(formOf(field)));
  }

  /** Who is thanked begins anew. */
  function onReset(form: Element): void {
    const attempt = attempts.get(formName(form));
    if (attempt) attempt.succeeded = true;
  }

  function hear(deed: Deed): void {
    const { event, source } = deed;
    const { type } = event;
    hesitation.hear(deed);
    if (type === 'pagehide') [...attempts.keys()].forEach(settle);
    if (!source) return;
    if (/^(focusin|click|keydown)$/.test(type)) onPress(event, source);
    if (type === 'invalid') onInvalid(source);
    if (type === 'submit') onSubmit(source);
    if (type === 'input') onInput(event, source);
    if (type === 'reset') onReset(source);
  }

  return {
    hear,
    changed,
    stop: together(hesitation.stop, () => attempts.forEach((it) => clearTimeout(it.timer))),
    /** The site's own word on a field. */
    error: (field: string, code: string): void => error(null, field, code),
  };
}

export type CreateForms = typeof createForms;
export type Forms = ReturnType<CreateForms>;
