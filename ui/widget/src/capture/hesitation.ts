/** Half a minute in a field without writing anything. */
import { fieldName, formName, formOf, inputType, isTextField, sourceOf } from './target';
import { listen, type Recorder, type Stop } from './recorder';

export const HESITATION_MS = 30_000;

export function captureHesitation(record: Recorder): Stop {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const clear = (): void => clearTimeout(timer);

  const stops = [
    listen(document, ['focusin'], (event) => {
      clear();
      const field = sourceOf(event);
      if (!field || inputType(field) === 'search' || !(isTextField(field) || field.matches('select'))) return;
      timer = setTimeout(() => {
        record('overture:hesitation', { form: formName(formOf(field)), field: fieldName(field) });
      }, HESITATION_MS);
    }),
    listen(document, ['input', 'change', 'focusout', 'visibilitychange'], clear),
    listen(window, ['pagehide', 'blur'], clear),
    clear,
  ];
  return () => stops.forEach((stop) => stop());
}
