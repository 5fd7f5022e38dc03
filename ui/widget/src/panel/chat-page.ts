/** The chat: status line, messages, composer. Everything people wrote is put in as text. */
import type { Fill } from '../i18n/fill';
import type { AnyKey } from './texts';
import { isOpen, MESSAGE_CHARS_MAX, type PendingMessage, type View } from '../store';
import type { ConversationItem, MessageItem } from '../types';
import type { Page } from '../ui/context';
import type { PanelContext } from './texts';
import { h, setText } from '../ui/dom';
import { sendIcon } from './icons';
import { attachedFile, save } from './chat/attached';
import { createFiles } from './chat/files';
import { createMarks } from './chat/marks';
import { createStart, type ChatRules } from './chat/start';
import { waitRange } from './wait';

const CHARS_LEFT_SHOWN_FROM = 300;

/** Where a chat stands, in one honest sentence. */
export function chatStatus(t: Fill<AnyKey>, conversation: ConversationItem | null): string {
  if (!conversation) return t('chat_intro');
  const { status, agent_name: name, position, wait_s } = conversation;
  switch (status) {
    case 'assigned':
      return name ? t('assigned', { name }) : t('assigned_unnamed');
    case 'no_agent':
      return t('no_agent');
    case 'ended':
    case 'scheduled':
      return t('ended');
    case 'queued': {
      const wait = typeof wait_s === 'number' ? waitRange(t, wait_s) : '';
      if (position) return t(wait ? 'queued_position_wait' : 'queued_position', { position, wait });
      return t(wait ? 'queued_wait' : 'queued', { wait });
    }
  }
}

export function createChatPage(
  context: PanelContext,
  callInstead: () => void,
): Page & { hold(on: boolean): void } {
  const { t, store, session, conversation } = context;
  let held = false;
  let dropped = false;
  let endAsked = false;
  let last: MessageItem | undefined;
  const bubbles = new Map<string, HTMLElement>();
  const start = createStart(context, callInstead);
  const marks = createMarks(context, () => draw(store.get()));
  const files = createFiles(context, () => ready());

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
  const send = h('button', { class: 'primary square', type: 'submit', 'aria-label': t('send') }, sendIcon());
  const composer = h(
    'form',
    { class: 'composer', onsubmit: (event) => void submit(event) },
    files.element,
    files.picker,
    files.button,
    h('div', {}, input, left),
    send,
  );
  const copy = h('button', { class: 'link', type: 'button', onclick: saveCopy }, t('chat_save'));
  const problem = h('p', { class: 'error', role: 'alert' });
  const again = h('button', { class: 'primary', type: 'button', onclick: startAgain }, t('new_chat'));
  const after = h('div', { class: 'composer' }, again);
  const seen = h('p', { class: 'seen' }, t('chat_seen'));

  input.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) void submit(event);
  });

  function askEnd(): void {
    if (endAsked) conversation.end();
    endAsked = !endAsked;
    setText(end, t(endAsked ? 'end_chat_sure' : 'end_chat'));
  }

  function startAgain(): void {
    store.set({ conversation: null, messages: [] });
    start.forget();
    marks.forget();
    input.focus();
  }

  function typed(): void {
    store.set({ draft: input.value });
    if (input.value) marks.types();
    const remaining = MESSAGE_CHARS_MAX - input.value.length;
    setText(left, remaining < CHARS_LEFT_SHOWN_FROM ? t('chars_left', { count: remaining }) : '');
    ready();
  }

  function ready(): void {
    send.disabled = !maySend();
  }

  function saveCopy(): void {
    const id = store.get().conversation?.conversation;
    if (id) void save(context, `/v1/widget/conversations/${id}/transcript`, 'chat.txt', failed);
  }

  const failed = (text: string): void => setText(problem, text);

  async function learn(): Promise<void> {
    const rules = await session.call<ChatRules>('GET', '/chat').catch(() => null);
    if (!rules) return;
    files.allow(rules.attachments ?? null);
    marks.mark(rules.staff_read);
    start.learn(rules);
  }

  const mayWrite = (): boolean => !held && !dropped && !composer.hidden;
  const maySend = (): boolean => mayWrite() && !files.busy() && (input.value.trim() !== '' || files.any());

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    if (!maySend()) return;
    if (files.wait() && !((await files.send()) && maySend())) return;
    const text = input.value.trim();
    input.value = '';
    const attached = files.take();
    conversation.say(text, attached.length > 0 ? attached : undefined);
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
      message.text !== '' && h('span', {}, message.text),
      ...(message.attachments ?? []).map((file) => attachedFile(context, file, failed)),
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
      h('span', {}, message.text || (message.attachments ?? []).map((file) => file.name).join(', ')),
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
    const read = marks.seen(view);
    if (read) bubbles.get(read)?.append(seen);
    else seen.remove();
    if (atEnd) scroll.scrollTop = scroll.scrollHeight;
  }

  /** Read is what is really in front of somebody. */
  function looks(): void {
    if (element.checkVisibility() && !document.hidden) void marks.looks(store.get());
  }
  document.addEventListener('visibilitychange', looks);

  input.addEventListener('paste', (event) => {
    const pasted = event.clipboardData?.files;
    if (!pasted?.length) return;
    event.preventDefault();
    files.add(pasted);
  });

  const element = h(
    'div',
    { class: 'view tall' },
    h('div', { class: 'status' }, statusText, end),
    start.above,
    scroll,
    marks.typing,
    start.below,
    composer,
    after,
    copy,
    h('div', { class: 'start' }, problem),
  );
  element.addEventListener('dragover', (event) => event.preventDefault());
  element.addEventListener('drop', (event) => {
    event.preventDefault();
    if (mayWrite()) files.add(event.dataTransfer?.files);
  });

  return {
    title: () => t('chat_title'),
    element,

    drop() {
      dropped = true;
      document.removeEventListener('visibilitychange', looks);
      marks.forget();
      files.drop();
    },

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
      copy.hidden = view.messages.length === 0;
      if (view.messages.at(-1)?.author === 'agent' && last !== view.messages.at(-1)) marks.quiet();
      last = view.messages.at(-1);
      draw(view);
      start.draw(view);
      looks();
    },

    enter() {
      void learn();
      input.value = store.get().draft;
      typed();
      (composer.hidden ? again : input).focus();
      scroll.scrollTop = scroll.scrollHeight;
    },
  };
}
