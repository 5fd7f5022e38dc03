/** Long in a field without writing anything. */
import { fieldName, formName, formOf, inputType, isTextField, sourceOf } from './target';
import { listen, nowMs, together, visitor, type Recorder, type Stop } from './recorder';
import type { Thresholds } from '../types';

/** The visitor went to the field; a page that puts the focus there itself asks nobody. */
const WENT_MS = 1_000;

export function captureHesitation(record: Recorder, { hesitation_ms: hesitationMs }: Thresholds): Stop {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const clear = (): void => clearTimeout(timer);

  return together(
    listen('focusin', (event) => {
      clear();
      const field = sourceOf(event) as HTMLInputElement | null;
      if (!field || inputType(field) === 'search' || !(isTextField(field) || field.matches('select'))) return;
      if (field.readOnly || nowMs() - visitor.actedMs > WENT_MS) return;
      const { value } = field;
      timer = setTimeout(() => {
        // Filled in by a picker, or gone with its page.
        if (field.value !== value || !field.isConnected) return;
        record('overture:hesitation', { form: formName(formOf(field)), field: fieldName(field) });
      }, hesitationMs);
    }),
    listen('input change focusout visibilitychange', clear),
    listen('blur', clear, window),
    clear,
  );
}
