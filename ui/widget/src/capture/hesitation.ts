/** Long in a field without writing anything. */
import type { Deed } from './form-door';
import { fieldName, formName, formOf, inputType, isTextField } from './target';
import type { Recorder, Stop } from './recorder';
import type { Thresholds } from '../types';

export function followHesitation(
  record: Recorder,
  { hesitation_ms: hesitationMs }: Thresholds,
): { hear(deed: Deed): void; stop: Stop } {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stop = (): void => clearTimeout(timer);

  function wait(field: HTMLInputElement): void {
    if (field.readOnly || inputType(field) === 'search') return;
    if (!isTextField(field) && !field.matches('select')) return;
    const { value } = field;
    timer = setTimeout(() => {
      // Filled in by a picker, or gone with its page.
      if (field.value !== value || !field.isConnected) return;
      record('overture:hesitation', { form: formName(formOf(field)), field: fieldName(field) });
    }, hesitationMs);
  }

  return {
    stop,
    hear({ event: { type }, source, went }): void {
      if (/^(focusin|input|change|focusout|visibilitychange|blur)$/.test(type)) stop();
      if (type === 'focusin' && source && went) wait(source as HTMLInputElement);
    },
  };
}
