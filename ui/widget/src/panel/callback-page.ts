/** Leaving a number to be called: the form, then where the callback stands. */
import { waitText } from '../i18n';
import type { Notice } from '../ui/context';
import type { PanelKey } from './en';
import { normalizePhone, phoneProblem } from './phone';
import { isOpen } from '../store';
import type { ConversationItem } from '../types';
import type { Page } from '../ui/context';
import type { PanelContext } from './texts';
import { h, setText } from '../ui/dom';

export function createCallbackPage(
  { t, store, conversation, offers }: PanelContext,
  notice: (key: Notice) => void,
): Page {
  let busy = false;

  const input = h('input', {
    id: 'phone',
    type: 'tel',
    autocomplete: 'tel',
    inputmode: 'tel',
    maxlength: 40,
    'aria-describedby': 'phone-hint phone-error',
    oninput: () => showError(null),
  });
  const error = h('p', { class: 'error', id: 'phone-error', role: 'alert' });
  const submitButton = h('button', { class: 'primary', type: 'submit' }, t('callback_request'));
  const form = h(
    'form',
    { class: 'scroll stack', novalidate: true, onsubmit: (event) => void submit(event) },
    h('p', {}, t('callback_intro')),
    h('label', { for: 'phone' }, t('phone_label')),
    input,
    h('p', { class: 'hint', id: 'phone-hint' }, t('phone_hint')),
    error,
    submitButton,
  );
  const statusText = h('p', { role: 'status' });
  const cancel = h(
    'button',
    { class: 'link', type: 'button', onclick: () => conversation.end() },
    t('callback_cancel'),
  );
  const again = h('button', { class: 'primary', type: 'button', onclick: startAgain }, t('callback_new'));
  const state = h('div', { class: 'scroll stack' }, statusText, cancel, again);

  function showError(key: PanelKey | null): void {
    setText(error, key ? t(key) : '');
    input.setAttribute('aria-invalid', String(key !== null));
    if (key) input.focus();
  }

  function startAgain(): void {
    store.set({ conversation: null, messages: [] });
    input.focus();
  }

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    if (busy) return;
    const problem = phoneProblem(input.value);
    showError(problem);
    const phone = normalizePhone(input.value);
    if (!phone) return;
    busy = submitButton.disabled = true;
    const outcome = await offers.callback(phone);
    busy = submitButton.disabled = false;
    if (outcome === 'invalid') showError('callback_failed');
    else if (outcome === 'unreachable') showError('callback_offline');
    else if (outcome === 'gone') notice('offer_gone');
    else if (outcome === 'denied') notice('offer_denied');
    else input.value = '';
  }

  function status(item: ConversationItem): string {
    const { agent_name: name, wait_s } = item;
    if (item.status === 'assigned')
      return name ? t('callback_assigned', { name }) : t('callback_assigned_unnamed');
    if (item.status === 'queued' && typeof wait_s === 'number') {
      return t('callback_queued_wait', { wait: waitText(t, wait_s) });
    }
    return t(`callback_${item.status as 'queued' | 'no_agent' | 'ended'}`);
  }

  return {
    title: () => t('callback_title'),
    element: h('div', { class: 'view' }, form, state),
    update({ conversation: item }) {
      const mine = item?.channel === 'callback' ? item : null;
      const hadFocus = form.contains((form.getRootNode() as ShadowRoot).activeElement);
      form.hidden = mine !== null;
      state.hidden = mine === null;
      if (mine) {
        setText(statusText, status(mine));
        cancel.hidden = !isOpen(mine);
        again.hidden = isOpen(mine);
        if (hadFocus) (cancel.hidden ? again : cancel).focus();
      }
    },
    enter: () => (form.hidden ? (cancel.hidden ? again : cancel) : input).focus(),
  };
}
