/** Submits and the errors they meet: which form, which field, which kind; never what was typed. */
import { fieldName, formName, formOf, isIgnored, sourceOf } from './target';
import { listen, type Recorder, type Stop } from './recorder';

export const OUTCOME_MS = 1_000;
/** The browser's own name of what is wrong: `valueMissing`, `patternMismatch` and so on. */
function validityCode(field: HTMLInputElement): string {
  const { validity } = field;
  for (const code in validity) if (validity[code as keyof ValidityState] && code !== 'valid') return code;
  return 'invalid';
}

/** One try to submit a form, open until its outcome is known. */
interface Attempt {
  errors: Set<string>;
  timer: ReturnType<typeof setTimeout>;
}

export function captureForms(record: Recorder): Stop {
  const attempts = new Map<HTMLFormElement, Attempt>();
  const observed = new WeakSet<HTMLFormElement>();
  /** Pressing a submit button or Enter: tells a refused submit from a page that validates while typing. */
  const pressedAtMs = new WeakMap<HTMLFormElement, number>();
  const recent = new Map<string, number>();

  function error(form: HTMLFormElement | null, field: string, code: string): void {
    if (form) attempts.get(form)?.errors.add(field);
    const key = `${formName(form)}/${field}`;
    const now = Date.now();
    if (now - (recent.get(key) ?? -Infinity) < OUTCOME_MS) return; // The same error, told in two ways.
    for (const [it, at] of recent) if (now - at > OUTCOME_MS) recent.delete(it);
    recent.set(key, now);
    record('overture:form_error', { form: formName(form), field, code });
  }

  function invalidFields(form: HTMLFormElement): Element[] {
    return Array.from(form.querySelectorAll('[aria-invalid=true]')).filter((it) => !isIgnored(it));
  }

  function settle(form: HTMLFormElement): void {
    const attempt = attempts.get(form);
    if (!attempt) return;
    clearTimeout(attempt.timer);
    // A field that was wrong before and still is makes this submit fail as well.
    for (const field of invalidFields(form)) {
      if (!attempt.errors.has(fieldName(field))) error(form, fieldName(field), 'aria_invalid');
    }
    attempts.delete(form);
    record('overture:form_submit', {
      form: formName(form),
      outcome: attempt.errors.size > 0 ? 'failed' : 'unknown',
    });
  }

  function begin(form: HTMLFormElement): void {
    settle(form);
    attempts.set(form, { errors: new Set(), timer: setTimeout(() => settle(form), OUTCOME_MS) });
  }

  function fieldOfAlert(form: HTMLFormElement, alert: Element): string {
    const field = [...form.elements].find((it) =>
      ['aria-describedby', 'aria-errormessage'].some((name) =>
        it.getAttribute(name)?.split(/\s+/).includes(alert.id),
      ),
    );
    return field ? fieldName(field) : '';
  }

  function changed(form: HTMLFormElement, changes: MutationRecord[]): void {
    for (const change of changes) {
      const element = change.target instanceof Element ? change.target : change.target.parentElement;
      if (!element || isIgnored(element)) continue;
      if (change.type === 'attributes') {
        if (element.getAttribute('aria-invalid') === 'true' && change.oldValue !== 'true') {
          error(form, fieldName(element), 'aria_invalid');
        }
        continue;
      }
      const inside = element.closest('[role=alert]');
      const added = Array.from(change.addedNodes).filter((it): it is Element => it instanceof Element);
      const alerts = inside ? [inside] : added.flatMap((it) => [it, ...it.querySelectorAll('*')]);
      for (const alert of alerts) {
        if (alert.getAttribute('role') === 'alert' && alert.textContent?.trim()) {
          error(form, fieldOfAlert(form, alert), 'alert');
        }
      }
    }
  }

  const observers: MutationObserver[] = [];
  function observe(form: HTMLFormElement): void {
    if (observed.has(form)) return;
    observed.add(form);
    const observer = new MutationObserver((changes) => changed(form, changes));
    observer.observe(form, {
      subtree: true,
      childList: true,
      characterData: true,
      attributes: true,
      attributeFilter: ['aria-invalid'],
      attributeOldValue: true,
    });
    observers.push(observer);
  }

  function onInvalid(event: Event): void {
    const field = sourceOf(event);
    if (!field) return;
    const form = formOf(field);
    if (form && Date.now() - (pressedAtMs.get(form) ?? -Infinity) < OUTCOME_MS && !attempts.has(form))
      begin(form);
    error(form, fieldName(field), validityCode(field as HTMLInputElement));
  }

  function onPress(event: Event): void {
    const source = sourceOf(event);
    if (!source) return;
    const control = source.closest('button,input,select,textarea');
    const form = control && formOf(control);
    if (!form) return;
    observe(form);
    const submits =
      event.type === 'keydown'
        ? (event as KeyboardEvent).key === 'Enter' && control.matches('input')
        : event.type === 'click' && (control as HTMLButtonElement).type === 'submit';
    if (submits) pressedAtMs.set(form, Date.now());
  }

  function onSubmit(event: Event): void {
    const form = sourceOf(event);
    if (!(form instanceof HTMLFormElement)) return;
    observe(form);
    begin(form);
  }

  const stops = [
    listen(document, ['focusin', 'click', 'keydown'], onPress),
    listen(document, ['invalid'], onInvalid),
    listen(document, ['submit'], onSubmit),
    listen(window, ['pagehide'], () => [...attempts.keys()].forEach(settle)),
    () => observers.forEach((it) => it.disconnect()),
    () => attempts.forEach((it) => clearTimeout(it.timer)),
  ];
  return () => stops.forEach((stop) => stop());
}
