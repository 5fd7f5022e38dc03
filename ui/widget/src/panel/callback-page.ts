/** Asking to be called: number and time, a code where one is needed, then where the callback stands. */
import { isRetriable } from '../backoff';
import { randomId } from '../ids';
import { closeOffer } from '../rules';
import { isOpen, type View } from '../store';
import { isApiError } from '../transport';
import type { CallbackItem, ConversationItem } from '../types';
import type { Page } from '../ui/context';
import { h, setText } from '../ui/dom';
import { createNumber } from './callback/number';
import { browserZone, createTimes, whenText, type Times } from './callback/times';
import type { PanelContext, PanelKey } from './texts';
import { waitText } from './wait';

/** Refusals that have words of their own. */
const SAID = [
  'phone_not_a_number',
  'phone_not_valid',
  'phone_short',
  'phone_cannot_be_called',
  'phone_country',
  'slot_full',
  'slot_out_of_reach',
  'number_limit',
  'number_cool_down',
  'number_blocked',
  'callback_open',
  'callback_gone',
  'callback_not_here',
  'code_wrong',
  'code_over',
  'code_not_sent',
  'too_many_requests',
] as const satisfies readonly PanelKey[];

/** Parts of the page, of which one is shown at a time. */
type Part = 'form' | 'code' | 'state' | 'move';

export function createCallbackPage(context: PanelContext): Page {
  const { t, locale, store, session, conversation, outbox, emit } = context;
  let busy = false;
  let part: Part = 'form';
  let list: Times | null = null;
  let sure = false;

  const message = h('p', { class: 'hint', role: 'status' });
  const reload = h(
    'button',
    { class: 'link', type: 'button', onclick: () => void load() },
    t('callback_retry'),
  );
  const loading = h('div', { class: 'stack' }, message, reload);

  // What is wrong with the number is said beside it: on a narrow screen the form's end is out of sight.
  const numberError = h('p', { class: 'error', id: 'phone-error', role: 'alert' });
  const error = h('p', { class: 'error', role: 'alert' });
  const number = createNumber(context, () => showError(null));
  const times = createTimes(context, () => {
    showError(null);
    name();
  });
  const texts = h('input', { type: 'checkbox', id: 'callback-texts' });
  const textsRow = h('label', { class: 'check', for: 'callback-texts' }, texts, t('callback_texts'));
  const submitButton = h('button', { class: 'primary', type: 'submit' }, t('callback_request'));
  const when = h('fieldset', { class: 'stack' }, h('legend', {}, t('callback_when')), times.element);
  const form = h(
    'form',
    { class: 'stack', novalidate: true, onsubmit: (event) => void submit(event) },
    h('p', {}, t('callback_intro')),
    number.element,
    numberError,
    when,
    textsRow,
    error,
    submitButton,
  );

  const codeError = h('p', { class: 'error', id: 'code-error', role: 'alert' });
  const code = h('input', {
    id: 'callback-code',
    inputmode: 'numeric',
    autocomplete: 'one-time-code',
    dir: 'ltr',
    maxlength: 12,
    'aria-describedby': 'code-error',
  });
  const codeForm = h(
    'form',
    { class: 'stack', novalidate: true, onsubmit: (event) => void submit(event) },
    h('p', {}, t('callback_code_sent')),
    h('label', { for: 'callback-code' }, t('callback_code')),
    code,
    codeError,
    h('button', { class: 'primary', type: 'submit' }, t('callback_code_send')),
    h('button', { class: 'link', type: 'button', onclick: () => void sendCode() }, t('callback_code_again')),
    h('button', { class: 'link', type: 'button', onclick: () => go('form') }, t('callback_code_back')),
  );

  const headline = h('p', { class: 'headline' });
  const statusText = h('p', { role: 'status' });
  const details = h('p', { class: 'hint' });
  const move = h(
    'button',
    { class: 'primary', type: 'button', onclick: () => void openMove() },
    t('callback_move'),
  );
  const cancel = h('button', { class: 'link', type: 'button', onclick: cancelIt }, t('callback_cancel'));
  const again = h('button', { class: 'primary', type: 'button', onclick: startAgain }, t('callback_new'));
  const state = h('div', { class: 'stack' }, headline, statusText, details, move, cancel, again);

  const moveError = h('p', { class: 'error', role: 'alert' });
  const moveTimes = createTimes(context, () => setText(moveError, ''));
  const moveForm = h(
    'form',
    { class: 'stack', novalidate: true, onsubmit: (event) => void saveMove(event) },
    moveTimes.element,
    moveError,
    h('button', { class: 'primary', type: 'submit' }, t('callback_move_save')),
    h('button', { class: 'link', type: 'button', onclick: () => go('state') }, t('callback_move_back')),
  );

  const parts: Record<Part, HTMLElement> = { form, code: codeForm, state, move: moveForm };

  function go(next: Part): void {
    part = next;
    sure = false;
    render(store.get());
    focusFirst();
  }

  function focusFirst(): void {
    if (loading.hidden === false && part === 'form') {
      if (!reload.hidden) reload.focus();
      return;
    }
    if (part === 'form') number.input.focus();
    else if (part === 'code') code.focus();
    else if (part === 'move') moveTimes.focus();
    else [move, cancel, again].find((it) => !it.hidden)?.focus();
  }

  /** The button says what it does: ask now, or book a time. */
  function name(): void {
    setText(submitButton, t(typeof times.value() === 'object' ? 'callback_book' : 'callback_request'));
  }

  function showError(key: PanelKey | null, where: HTMLElement = error): void {
    const isNumber = key !== null && /^(phone|number)_/.test(key);
    if (where === error) setText(numberError, isNumber ? t(key) : '');
    setText(where, key && !(isNumber && where === error) ? t(key) : '');
    number.input.setAttribute('aria-invalid', String(isNumber));
    code.setAttribute('aria-invalid', String(where === codeError && key !== null));
    if (isNumber) number.input.focus();
    else if (where === codeError && key) code.focus();
  }

  async function load(): Promise<void> {
    list = null;
    setText(message, t('callback_loading'));
    reload.hidden = true;
    render(store.get());
    try {
      list = await session.call<Times>('GET', `/callback/slots?zone=${encodeURIComponent(browserZone())}`);
      const none = Object.keys(list.countries).length === 0;
      setText(message, none ? t('callback_unserved') : '');
      if (!none) show(list);
    } catch {
      setText(message, t('callback_times_failed'));
      reload.hidden = false;
    }
    const focused = (loading.getRootNode() as ShadowRoot).activeElement;
    render(store.get());
    if (part === 'form' && (!focused || loading.contains(focused))) focusFirst();
  }

  function show(found: Times): void {
    const chat = store.get().conversation;
    number.show(found.countries, found.country);
    times.show(found, !isOpen(chat));
    textsRow.hidden = !found.texts;
    name();
  }

  /** Words for a refusal; nothing of what was typed is lost. */
  function problemOf(problem: unknown): PanelKey {
    if (!isApiError(problem)) return 'callback_failed';
    const said = SAID.find((known) => known === problem.code);
    if (said) return said;
    return isRetriable(problem.status) ? 'callback_offline' : 'callback_failed';
  }

  async function guarded(where: HTMLElement, work: () => Promise<void>): Promise<void> {
    if (busy) return;
    busy = submitButton.disabled = true;
    try {
      await work();
    } catch (problem) {
      const key = problemOf(problem);
      // A refused request was not made: the next one is another.
      if (isApiError(problem) && !isRetriable(problem.status)) store.set({ helpKey: null });
      const isCode = key.startsWith('code_') && key !== 'code_not_sent';
      if (!isCode && part === 'code') go('form');
      showError(key, isCode ? codeError : where);
      if (key === 'slot_full' || key === 'slot_out_of_reach') await loadAgain(where);
    } finally {
      busy = submitButton.disabled = false;
    }
  }

  /** Somebody was faster: the list is read again, and the words stay. */
  async function loadAgain(where: HTMLElement): Promise<void> {
    const words = where.textContent ?? '';
    try {
      list = await session.call<Times>('GET', `/callback/slots?zone=${encodeURIComponent(browserZone())}`);
      if (part === 'move') moveTimes.show(list, false);
      else show(list);
    } catch {
      // The old list stays; the next choice is answered all the same.
    }
    setText(where, words);
    if (part === 'move') moveTimes.focus();
    else times.focus();
  }

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    showError(null);
    setText(codeError, '');
    if (!number.phone()) return showError('phone_not_a_number');
    const choice = times.value();
    if (!choice) {
      showError('callback_when');
      return times.focus();
    }
    await guarded(error, async () => {
      if (list?.verify && part === 'form') return sendCodeNow();
      const key = store.get().helpKey ?? randomId();
      store.set({ helpKey: key });
      const { offer } = store.get();
      const through = offer?.options.some((it) => it.kind === 'callback') ? offer : null;
      const answer = await session.call<{ conversation: string }>('POST', '/callback', {
        phone: number.phone(),
        country: number.country(),
        idempotency_key: key,
        texts: !textsRow.hidden && texts.checked,
        time_zone: browserZone(),
        ...(choice === 'now' ? {} : { slot: choice }),
        ...(part === 'code' ? { code: code.value } : {}),
        ...(through ? { offer: through.offer, grant_token: through.grant_token ?? '' } : {}),
      });
      if (through) {
        store.set(closeOffer(store.get(), through.offer));
        emit('offer_accepted', { offer: through.offer, option: 'callback' });
      }
      code.value = '';
      if (choice === 'now') conversation.opened(answer.conversation, 'callback');
      else promised(answer.conversation, choice);
      go('state');
    });
  }

  /** What was just promised, until the feed says it. */
  function promised(id: string, slot: { from: string; to: string }): void {
    store.update((view) => {
      if (view.callback?.conversation === id) return { helpKey: null };
      const callback: CallbackItem = {
        kind: 'callback',
        seq: 0,
        at: new Date().toISOString(),
        conversation: id,
        notice: 'confirmed',
        ended: false,
        text: '',
        due_at: slot.from,
        slot_at: slot.from,
        slot_end_at: slot.to,
        number_hint: number.phone().replace(/\D/g, '').slice(-3),
        our_number: list?.our_number ?? null,
        attempts: 0,
      };
      return { callback, helpKey: null };
    });
  }

  async function sendCodeNow(): Promise<void> {
    await session.call('POST', '/callback/code', { phone: number.phone(), country: number.country() });
    go('code');
  }

  const sendCode = (): Promise<void> => guarded(codeError, sendCodeNow);

  async function openMove(): Promise<void> {
    await guarded(moveError, async () => {
      list = await session.call<Times>('GET', `/callback/slots?zone=${encodeURIComponent(browserZone())}`);
      moveTimes.show(list, false);
      setText(moveError, '');
      go('move');
    });
  }

  async function saveMove(event: Event): Promise<void> {
    event.preventDefault();
    const choice = moveTimes.value();
    const { callback } = store.get();
    if (!callback || !choice || choice === 'now') {
      setText(moveError, t('callback_when'));
      return moveTimes.focus();
    }
    await guarded(moveError, async () => {
      await session.call('POST', `/callback/${callback.conversation}/move`, {
        slot: choice,
        idempotency_key: randomId(),
      });
      store.update((view) =>
        view.callback ? { callback: { ...view.callback, slot_at: choice.from, slot_end_at: choice.to } } : {},
      );
      go('state');
    });
  }

  function cancelIt(): void {
    if (!sure) {
      sure = true;
      setText(cancel, t('callback_cancel_sure'));
      return;
    }
    const { callback, conversation: open } = store.get();
    const id = callback && !callback.ended ? callback.conversation : open?.conversation;
    if (!id) return;
    outbox.send(`/callback/${id}/cancel`);
    const over = open?.conversation === id ? { conversation: { ...open, status: 'ended' as const } } : {};
    store.set({ ...over, callback: callback && { ...callback, ended: true, notice: 'cancelled', text: '' } });
    again.focus();
  }

  function startAgain(): void {
    const { conversation: open } = store.get();
    store.set({
      callback: null,
      ...(open?.channel === 'callback' ? { conversation: null, messages: [] } : {}),
    });
    go('form');
    void load();
  }

  function status(item: ConversationItem | null, callback: CallbackItem | null): string {
    if (item && isOpen(item)) {
      const { agent_name: agent, wait_s } = item;
      if (item.status === 'assigned')
        return agent ? t('callback_assigned', { name: agent }) : t('callback_assigned_unnamed');
      if (callback?.notice === 'late' && callback.text) return callback.text;
      if (item.status === 'queued' && typeof wait_s === 'number')
        return t('callback_queued_wait', { wait: waitText(t, wait_s) });
      return t(item.status === 'no_agent' ? 'callback_no_agent' : 'callback_queued');
    }
    if (callback && !callback.ended) return callback.notice === 'confirmed' ? '' : callback.text;
    return callback?.text || t('callback_ended');
  }

  function render(view: View): void {
    const item = view.conversation?.channel === 'callback' ? view.conversation : null;
    const callback = view.callback ?? null;
    const any = item !== null || callback !== null;
    if (any && (part === 'form' || part === 'code') && !busy) part = 'state';
    if (!any && (part === 'state' || part === 'move')) part = 'form';
    const waits = list === null || Object.keys(list.countries).length === 0;
    loading.hidden = part !== 'form' || !waits;
    for (const [key, element] of Object.entries(parts))
      element.hidden = key !== part || (key === 'form' && waits);
    if (!any) return;
    const isScheduled = callback !== null && !callback.ended && !(item && isOpen(item));
    const isLive = isScheduled || isOpen(item);
    const from = callback?.slot_at ?? callback?.due_at;
    const to = callback?.slot_at && callback.slot_end_at;
    headline.hidden = !isScheduled;
    setText(headline, from ? t('callback_at', { when: whenText(locale, from, to) }) : '');
    setText(statusText, status(item, callback));
    const lines = [
      isLive && callback?.number_hint && t('callback_number', { digits: callback.number_hint }),
      isLive && callback?.our_number && t('callback_ours', { number: `\u2066${callback.our_number}\u2069` }),
      isLive && callback?.attempts ? t('callback_tried', { count: callback.attempts }) : '',
    ];
    setText(details, lines.filter(Boolean).join(' '));
    move.hidden = !isScheduled;
    cancel.hidden = !isLive;
    if (!sure) setText(cancel, t('callback_cancel'));
    again.hidden = isLive;
  }

  return {
    title: () => t('callback_title'),
    element: h(
      'div',
      { class: 'view' },
      h('div', { class: 'scroll stack', tabindex: -1 }, loading, ...Object.values(parts)),
    ),
    update(view) {
      const before = part;
      const root = form.getRootNode() as ShadowRoot;
      const hadFocus = parts[before].contains(root.activeElement);
      render(view);
      if (before !== part && hadFocus) focusFirst();
    },
    enter() {
      sure = false;
      render(store.get());
      if (part === 'form') void load();
      else focusFirst();
    },
    back() {
      if (part === 'code' || part === 'move') {
        go(part === 'code' ? 'form' : 'state');
        return true;
      }
      return false;
    },
  };
}
