/** The chat: status line, messages, composer. Everything people wrote is put in as text. */
import { MESSAGE_CHARS_MAX } from '../conversation';
import { waitText, type Translate } from '../i18n';
import type { AnyKey } from './texts';
import { isOpen, type PendingMessage, type View } from '../store';
import type { ConversationItem, MessageItem } from '../types';
import type { Page } from '../ui/context';
import type { PanelContext } from './texts';
import { h, setText } from '../ui/dom';
import { icon } from '../ui/icons';

const CHARS_LEFT_SHOWN_FROM = 300;

/** Where a chat stands, in one honest sentence. */
export function chatStatus(t: Translate<AnyKey>, conversation: ConversationItem | null): string {
  if (!conversation) return t('chat_intro');
  const { status, agent_name: name, position, wait_s } = conversation;
  switch (status) {
    case 'assigned':
      return name ? t('assigned', { name }) : t('assigned_unnamed');
    case 'no_agent':
      return t('no_agent');
    case 'ended':
      return t('ended');
    case 'queued': {
      const wait = typeof wait_s === 'number' ? waitText(t, wait_s) : '';
      if (position) return t(wait ? 'queued_position_wait' : 'queued_position', { position, wait });
      return t(wait ? 'queued_wait' : 'queued', { wait });
    }
  }
}

export function createChatPage({ t, store, conversation }: PanelContext): Page & { hold(on: boolean): void } {
  let held = false;
  let endAsked = false;
  const bubbles = new Map<string, HTMLElement>();

  const statusText = h('span', { role: 'status' });
  const end = h('button', { type: 'button', onclick: askEnd }, t('end_chat'));
  const log = h('div', { class: 'log', role: 'log', 'aria-live': 'polite', 'aria-label': t('chat_title') });
  const scroll = h('div', { class: 'scroll', tabindex: 0 }, log);
  const input = h('textarea', {
    id: 'message',
    rows: 1,
    maxlength: MESSAGE_CHARS_MAX,
    'aria-label': t('message_label'),
    placeholder: t('message_label'),
    'aria-describedby': 'left',
    oninput: typed,
  });
  const left = h('span', { class: 'hint', id: 'left' });
  const send = h(
    'button',
    { class: 'primary square', type: 'submit', 'aria-label': t('send') },
    icon('send'),
  );
  const composer = h('form', { class: 'composer', onsubmit: submit }, h('div', {}, input, left), send);
  const again = h('button', { class: 'primary', type: 'button', onclick: startAgain }, t('new_chat'));
  const after = h('div', { class: 'composer' }, again);

  input.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) submit(event);
  });

  function askEnd(): void {
    if (endAsked) conversation.end();
    endAsked = !endAsked;
    setText(end, t(endAsked ? 'end_chat_sure' : 'end_chat'));
  }

  function startAgain(): void {
    store.set({ conversation: null, messages: [] });
    input.focus();
  }

  function typed(): void {
    store.set({ draft: input.value });
    const remaining = MESSAGE_CHARS_MAX - input.value.length;
    setText(left, remaining < CHARS_LEFT_SHOWN_FROM ? t('chars_left', { count: remaining }) : '');
    send.disabled = held || input.value.trim() === '';
  }

  function submit(event: Event): void {
    event.preventDefault();
    const text = input.value.trim();
    if (text === '' || held) return;
    input.value = '';
    conversation.say(text);
    typed();
    scroll.scrollTop = scroll.scrollHeight;
  }

  function messageBubble(message: MessageItem): HTMLElement {
    const { author, author_name: name } = message;
    const who = author === 'agent' ? h('small', {}, name || t('agent')) : null;
    const mine = author === 'customer' && h('span', { class: 'sr' }, `${t('you')}: `);
    return h(
      'div',
      { class: `message ${author}${mine ? ' mine' : ''}` },
      who,
      mine,
      h('span', {}, message.text),
    );
  }

  function pendingBubble(message: PendingMessage, offline: boolean): HTMLElement {
    const state = message.failed
      ? h(
          'small',
          {},
          t('not_sent'),
          h(
            'button',
            { type: 'button', onclick: () => conversation.retry(message.clientKey) },
            t('try_again'),
          ),
        )
      : h('small', {}, t(offline ? 'waiting_to_send' : 'sending'));
    return h(
      'div',
      { class: `message mine${message.failed ? ' failed' : ''}` },
      h('span', {}, message.text),
      state,
    );
  }

  /** Existing bubbles stay the same elements: a screen reader hears only what is new. */
  function draw(view: View): void {
    const atEnd = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 80;
    const wanted = new Map<string, () => HTMLElement>();
    for (const it of view.messages) wanted.set(it.message, () => messageBubble(it));
    const offline = view.connection === 'offline';
    for (const it of view.pending) {
      wanted.set(`${it.clientKey}/${it.failed}/${offline}`, () => pendingBubble(it, offline));
    }
    for (const [key, bubble] of bubbles) {
      if (wanted.has(key)) continue;
      bubble.remove();
      bubbles.delete(key);
    }
    let place = 0;
    for (const [key, make] of wanted) {
      const bubble = bubbles.get(key) ?? make();
      bubbles.set(key, bubble);
      if (log.children[place] !== bubble) log.insertBefore(bubble, log.children[place] ?? null);
      place += 1;
    }
    if (atEnd) scroll.scrollTop = scroll.scrollHeight;
  }

  return {
    title: () => t('chat_title'),
    element: h(
      'div',
      { class: 'view tall' },
      h('div', { class: 'status' }, statusText, end),
      scroll,
      composer,
      after,
    ),

    /** While an offer is being taken nothing is sent, so that no second request is made. */
    hold(on) {
      held = on;
      typed();
      if (!on && !composer.hidden) input.focus();
    },

    update(view) {
      setText(statusText, chatStatus(t, view.conversation));
      const ended = view.conversation?.status === 'ended';
      const open = isOpen(view.conversation);
      if (!open && endAsked) {
        endAsked = false;
        setText(end, t('end_chat'));
      }
      end.hidden = !open;
      composer.hidden = ended && view.pending.length === 0;
      after.hidden = !composer.hidden;
      draw(view);
    },

    enter() {
      input.value = store.get().draft;
      typed();
      (composer.hidden ? again : input).focus();
      scroll.scrollTop = scroll.scrollHeight;
    },
  };
}
