/** The customer's own words on their way to the server: kept until confirmed, in order, each once. */
import { isRetriable } from './backoff';
import { randomId } from './ids';
import type { Outbox } from './outbox';
import { createRetry, refusal } from './retry';
import type { Session } from './session';
import { isOpen, type Store } from './store';
import { ApiError } from './transport';
import type { ConversationItem, MessageItem } from './types';

export const MESSAGE_CHARS_MAX = 4_000;
const PENDING_MAX = 50;

export function createConversation(session: Session, store: Store, outbox: Outbox) {
  /** What the server just told us, until the feed says more. */
  function opened(conversation: string, channel: 'chat' | 'callback'): void {
    store.update((view) => {
      const known = view.conversation?.conversation === conversation;
      const item: ConversationItem = {
        kind: 'conversation',
        seq: 0,
        at: new Date().toISOString(),
        conversation,
        status: 'queued',
        channel,
      };
      return known ? { helpKey: null } : { conversation: item, messages: [], helpKey: null };
    });
  }

  async function ask(channel: 'chat' | 'callback', phone?: string): Promise<string> {
    const key = store.get().helpKey ?? randomId();
    store.set({ helpKey: key });
    try {
      const answer = await session.call<{ conversation: string }>('POST', '/help', {
        channel,
        idempotency_key: `${key}-${channel}`,
        ...(phone ? { phone } : {}),
      });
      opened(answer.conversation, channel);
      return answer.conversation;
    } catch (error) {
      // A refused request was not made: the next one is another.
      if (error instanceof ApiError && !isRetriable(error.status)) store.set({ helpKey: null });
      throw error;
    }
  }

  async function deliver(clientKey: string, text: string): Promise<void> {
    const { conversation } = store.get();
    const id = conversation && isOpen(conversation) ? conversation.conversation : await ask('chat');
    const answer = await session.call<{ seq: number; message: string }>('POST', '/messages', {
      conversation: id,
      client_key: clientKey,
      text,
    });
    store.update((view) => {
      const pending = view.pending.filter((it) => it.clientKey !== clientKey);
      if (view.messages.some((it) => it.message === answer.message)) return { pending };
      const item: MessageItem = {
        kind: 'message',
        seq: answer.seq,
        at: new Date().toISOString(),
        conversation: id,
        message: answer.message,
        author: 'customer',
        text,
        client_key: clientKey,
      };
      return { pending, messages: [...view.messages, item].sort((a, b) => a.seq - b.seq) };
    });
  }

  const flush = createRetry(async () => {
    const next = () => store.get().pending.find((it) => !it.failed);
    for (let entry = next(); entry; entry = next()) {
      const { clientKey, text } = entry;
      const problem = await deliver(clientKey, text).catch(refusal);
      if (!problem) continue;
      const { conversation } = store.get();
      if ((problem.status === 404 || problem.status === 409) && conversation && isOpen(conversation)) {
        // Ended while we were writing: the same words open a new conversation.
        store.set({ conversation: { ...conversation, status: 'ended' }, helpKey: null });
      } else markFailed(clientKey, true);
    }
  });

  function markFailed(clientKey: string, failed: boolean): void {
    store.update(({ pending }) => ({
      pending: pending.map((it) => (it.clientKey === clientKey ? { ...it, failed } : it)),
    }));
  }

  return {
    flush,
    ask,
    opened,

    say(text: string): void {
      store.update(({ pending }) => ({
        pending: [...pending, { clientKey: randomId(), text, failed: false }].slice(-PENDING_MAX),
        draft: '',
      }));
      void flush();
    },

    retry(clientKey: string): void {
      markFailed(clientKey, false);
      void flush();
    },

    end(): void {
      const { conversation } = store.get();
      if (!conversation || !isOpen(conversation)) return;
      store.set({ conversation: { ...conversation, status: 'ended' } });
      outbox.send(`/conversations/${conversation.conversation}/end`);
    },
  };
}

export type Conversation = ReturnType<typeof createConversation>;
