/** The handshake for a plain form: what was entered is kept in memory, and nothing is submitted meanwhile. */
import { fieldsIn, valueOf } from './place';
import type { Pausable } from './types';

type Field = ReturnType<typeof fieldsIn>[number];

function put(field: Field, value: string): void {
  if (valueOf(field) === value) return;
  if (field instanceof HTMLSelectElement)
    [...field.options].forEach((it, index) => {
      it.selected = value[index] === '1';
    });
  else if (field instanceof HTMLInputElement && /^(?:checkbox|radio)$/.test(field.type))
    field.checked = value === 'true';
  else field.value = value;
  // The page's own code may keep the value elsewhere too.
  for (const name of ['input', 'change']) field.dispatchEvent(new Event(name, { bubbles: true }));
}

/** Passwords and cards are not kept: they stay in their fields and are left alone. */
export function pausableForm(form: HTMLFormElement): Pausable<null> {
  let kept: [Field, string][] = [];
  const refuse = (event: Event): void => {
    if (event.target !== form) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  };
  return {
    memoryOnly: true,
    canPause: () => form.isConnected,
    pause() {
      kept = fieldsIn(form).map((it) => [it, valueOf(it)]);
      addEventListener('submit', refuse, true);
      return null;
    },
    resume() {
      removeEventListener('submit', refuse, true);
      for (const [field, value] of kept) if (field.isConnected) put(field, value);
      kept = [];
    },
  };
}
