/** The customer's own words on their way to the server: kept until confirmed, in order, each once. */
import { isRetriable } from './backoff';
import { randomId } from './ids';
import type { Outbox } from './outbox';
import { createRetry, refusal } from './retry';
import type { Session } from './session';
import { addPending, isOpen, type PendingMessage, type Store } from './store';
import { isApiError } from './transport';
import type { AttachedFile, ConversationItem, MessageItem } from './types';
import type { WidgetContext } from './ui/context';

export function createConversation(session: Pick<Session, 'call'>, store: Store, outbox: Outbox) {
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

  async function ask(): Promise<string> {
    const key = store.get().helpKey ?? randomId();
    store.set({ helpKey: key });
    try {
      const answer = await session.call<{ conversation: string }>('POST', '/help', {
        channel: 'chat',
        idempotency_key: `${key}-chat`,
      });
      opened(answer.conversation, 'chat');
      return answer.conversation;
    } catch (error) {
      // A refused request was not made: the next one is another.
      if (isApiError(error) && !isRetriable(error.status)) store.set({ helpKey: null });
      throw error;
    }
  }

  async function deliver({ clientKey, text, attachments }: PendingMessage): Promise<void> {
    const { conversation } = store.get();
    const id = conversation && isOpen(conversation) ? conversation.conversation : await ask();
    const said = { conversation: id, client_key: clientKey, text, attachments };
    const answer = await session.call<{ seq: number; message: string }>('POST', '/messages', said);
    store.update((view) => {
      const pending = view.pending.filter((it) => it.clientKey !== clientKey);
      if (view.messages.some((it) => it.message === answer.message)) return { pending };
      const item: MessageItem = {
        ...said,
        ...answer,
        kind: 'message',
        at: new Date().toISOString(),
        author: 'customer',
      };
      return { pending, messages: [...view.messages, item].sort((a, b) => a.seq - b.seq) };
    });
  }

  const flush = createRetry(async () => {
    const next = () => store.get().pending.find((it) => !it.failed);
    for (let entry = next(); entry; entry = next()) {
      const problem = await deliver(entry).catch(refusal);
      if (!problem) continue;
      const { conversation } = store.get();
      if ((problem.status === 404 || problem.status === 409) && conversation && isOpen(conversation)) {
        // Ended while we were writing: the same words open a new conversation.
        store.set({ conversation: { ...conversation, status: 'ended' }, helpKey: null });
      } else markFailed(entry.clientKey, true);
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

    say(text: string, attachments?: AttachedFile[]): void {
      store.set(addPending(store.get(), text, attachments));
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

/** One of them in a widget, whichever of the scripts that come later asks first; it sends what waits once it can. */
export function conversationOf({ session, store, outbox, shared }: WidgetContext): Conversation {
  if (!shared.conversation) {
    const made = (shared.conversation = createConversation(session, store, outbox));
    store.subscribe((view, before) => {
      if (view.connection === 'online' && before.connection !== 'online') void made.flush();
    });
    if (store.get().connection === 'online') void made.flush();
  }
  return shared.conversation;
}
