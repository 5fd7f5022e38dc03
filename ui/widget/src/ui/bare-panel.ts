/** What Help opens when the panel's own script cannot be had: the truth, and a place to write that loses nothing. */
import { MESSAGE_CHARS_MAX } from '../conversation';
import type { WidgetContext } from './context';
import { h, setText } from './dom';
import { icon } from './icons';

export function createBarePanel({ t, store, conversation }: WidgetContext, close: () => void) {
  const notice = h('p', { class: 'notice', role: 'status' });
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
    if (text === '') return;
    input.value = '';
    conversation.say(text);
    input.focus();
  }

  const element = h(
    'div',
    { class: 'panel bare', role: 'dialog', 'aria-labelledby': 'bare-title' },
    h(
      'div',
      { class: 'head' },
      h('h2', { id: 'bare-title' }, t('panel_title')),
      h(
        'button',
        { class: 'square', type: 'button', 'aria-label': t('close'), onclick: close },
        icon('close'),
      ),
    ),
    notice,
    h(
      'form',
      { class: 'composer', onsubmit: submit },
      h('div', {}, input),
      h('button', { class: 'primary square', type: 'submit', 'aria-label': t('send') }, icon('send')),
    ),
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
      setText(notice, t(store.get().pending.length ? 'kept' : 'offline'));
    },
  };
}
