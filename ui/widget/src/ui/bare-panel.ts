/** What Help opens when the panel's own script cannot be had: the truth, and a place to write that loses nothing. */
import { addPending, MESSAGE_CHARS_MAX } from '../store';
import type { WidgetContext } from './context';
import { h, setText } from './dom';

export function createBarePanel({ t, store }: WidgetContext, close: () => void) {
  const notice = h('p', { role: 'status' });
  const input = h('textarea', {
    rows: 3,
    maxlength: MESSAGE_CHARS_MAX,
    'aria-label': t('message_label'),
    placeholder: t('message_label'),
    oninput: () => store.set({ draft: input.value }),
  });

  function submit(event: Event): void {
    event.preventDefault();
    const text = input.value.trim();
    if (text) store.set(addPending(store.get(), text));
    input.value = store.get().draft;
    input.focus();
  }

  const element = h(
    'form',
    { class: 'bare', role: 'dialog', 'aria-label': t('help'), onsubmit: submit },
    notice,
    input,
    // Not by the form: a sandboxed frame may not send any.
    h('button', { class: 'primary', type: 'button', onclick: submit }, t('send')),
    h('button', { type: 'button', onclick: close }, t('close')),
  );
  element.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && !event.isComposing) close();
  });

  return {
    element,
    enter(): void {
      input.value = store.get().draft;
      input.focus();
    },
    update(offline: boolean): void {
      notice.hidden = !offline;
      setText(notice, (store.get().pending.length ? '' : `${t('offline')} `) + t('kept'));
    },
  };
}
