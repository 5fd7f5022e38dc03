/** What a chat begins with: the consent line, an address for answers, and the truth when nobody is there. */
import { isOpen, type View } from '../../store';
import { isApiError } from '../../transport';
import { h, setText } from '../../ui/dom';
import type { PanelContext } from '../texts';
import type { Attachable } from './files';

/** What the chat page may offer; `GET /v1/widget/chat`. */
export interface ChatRules {
  attachments?: Attachable | null;
  ask_email: boolean;
  email_hint?: string | null;
  privacy_url?: string | null;
  is_open: boolean;
  terms_recorded: boolean;
  staff_read: number;
}

const EMAIL = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;

const hintOf = (email: string): string => `${email[0]}…${email.slice(email.lastIndexOf('@'))}`;

export function createStart({ t, session, store, outbox }: PanelContext, call: () => void) {
  let rules: ChatRules | null = null;
  let hint = '';
  /** Left before there was a conversation to leave it for. */
  let waiting = '';
  /** The line of consent, as it was in front of the customer when they wrote. */
  let read = '';
  let recordedFor = '';

  const line = h('span', {}, t('chat_consent'));
  const link = h('a', { target: '_blank', rel: 'noopener noreferrer', hidden: true }, t('chat_privacy'));
  const consent = h('p', { class: 'hint consent' }, line, ' ', link);
  const closed = h('p', { class: 'notice', hidden: true }, t('chat_closed'));
  const instead = h(
    'button',
    { type: 'button', class: 'link', onclick: call, hidden: true },
    t('chat_call_instead'),
  );

  const input = h('input', {
    id: 'chat-email',
    type: 'email',
    autocomplete: 'email',
    inputmode: 'email',
    maxlength: 254,
    'aria-describedby': 'chat-email-error',
  });
  const error = h('p', { class: 'error', id: 'chat-email-error', role: 'alert' });
  const form = h(
    'form',
    { class: 'email', novalidate: true, hidden: true, onsubmit: (event) => void leave(event) },
    h('label', { for: 'chat-email' }, t('chat_email_label')),
    h('div', {}, input, h('button', { type: 'submit', class: 'link' }, t('chat_email_save'))),
    error,
  );
  const savedText = h('span', { role: 'status' });
  const change = h(
    'button',
    {
      type: 'button',
      class: 'link',
      onclick: () => {
        hint = '';
        draw(store.get());
        input.focus();
      },
    },
    t('chat_email_change'),
  );
  const saved = h('p', { class: 'hint email', hidden: true }, savedText, ' ', change);

  async function leave(event: Event): Promise<void> {
    event.preventDefault();
    const email = input.value.trim();
    const wrong = !EMAIL.test(email);
    input.setAttribute('aria-invalid', String(wrong));
    setText(error, wrong ? t('chat_email_wrong') : '');
    if (wrong) return input.focus();
    const { conversation } = store.get();
    if (conversation && isOpen(conversation)) {
      try {
        await session.call('POST', '/chat/details', { email });
      } catch (problem) {
        const refused = isApiError(problem) && problem.status === 400;
        input.setAttribute('aria-invalid', String(refused));
        setText(error, t(refused ? 'chat_email_wrong' : 'chat_email_failed'));
        return;
      }
    } else waiting = email;
    hint = hintOf(email);
    draw(store.get());
    change.focus();
  }

  /** The customer has spoken: until then the line stands, whoever opened the chat. */
  const spoken = ({ messages, pending }: View): boolean =>
    pending.length > 0 || messages.some(({ author }) => author === 'customer');

  /** Once there is a conversation, what was shown and left belongs to it. */
  function record(view: View): void {
    const { conversation } = view;
    if (!rules || !conversation || conversation.channel !== 'chat' || !isOpen(conversation)) return;
    const isNew = recordedFor !== conversation.conversation && spoken(view);
    const known = rules.terms_recorded && recordedFor === '' && !waiting;
    if (isNew) recordedFor = conversation.conversation;
    const told = {
      ...(isNew && !known && read ? { terms: read } : {}),
      ...(waiting ? { email: waiting } : {}),
    };
    waiting = '';
    if (Object.keys(told).length > 0) outbox.send('/chat/details', told);
  }

  function draw(view: View): void {
    const { conversation } = view;
    const open = isOpen(conversation);
    const over = conversation?.status === 'ended';
    const alone = conversation?.status === 'no_agent' || (!open && rules?.is_open === false);
    consent.hidden = over || spoken(view) || (open && conversation?.channel !== 'chat');
    const privacy = /^https?:/.exec(rules?.privacy_url ?? '')?.input;
    link.hidden = !privacy;
    if (privacy) link.href = privacy;
    if (consent.checkVisibility()) read = `${line.textContent}${privacy ? ` (${privacy})` : ''}`;
    closed.hidden = !(rules && !rules.is_open && conversation?.status !== 'assigned' && !over);
    instead.hidden = !alone || over;
    const asks = Boolean(rules?.ask_email) && !over;
    form.hidden = !asks || hint !== '';
    saved.hidden = !asks || hint === '';
    setText(savedText, t('chat_email_saved', { email: hint }));
    record(view);
  }

  return {
    above: h('div', { class: 'start' }, closed, instead),
    below: h('div', { class: 'start' }, form, saved, consent),
    draw,
    learn(told: ChatRules): void {
      rules = told;
      if (told.email_hint) hint = told.email_hint;
      draw(store.get());
    },
    /** Another chat: the address is left anew. */
    forget(): void {
      hint = waiting = read = recordedFor = input.value = '';
      if (rules) rules = { ...rules, terms_recorded: false };
    },
  };
}
