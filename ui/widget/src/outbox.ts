/** Small reports (shown, dismissed, read): sent in order, kept over a lost connection and a reload. */
import { createRetry, refusal } from './retry';
import type { Session } from './session';
import type { Store } from './store';

const ENTRIES_MAX = 50;

export function createOutbox(session: Session, store: Store) {
  const flush = createRetry(async () => {
    for (let entry = store.get().outbox[0]; entry; entry = store.get().outbox[0]) {
      const sent = entry;
      await session.call('POST', sent.path, sent.body).catch(refusal);
      store.update(({ outbox }) => ({ outbox: outbox.filter((it) => it !== sent) }));
    }
  });

  return {
    flush,
    send(path: string, body: Record<string, unknown> = {}): void {
      store.update(({ outbox }) => ({ outbox: [...outbox, { path, body }].slice(-ENTRIES_MAX) }));
      void flush();
    },
  };
}

export type Outbox = ReturnType<typeof createOutbox>;
