/** Small reports (shown, dismissed, read): sent in order, kept over a lost connection and a reload. */
import { backoffMs, isRetriable } from './backoff';
import type { Session } from './session';
import type { Store } from './store';
import { ApiError } from './transport';

const ENTRIES_MAX = 50;
const RETRY_BASE_MS = 1_000;
const RETRY_MAX_MS = 30_000;

export function createOutbox(session: Session, store: Store) {
  let busy = false;
  let failures = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function flush(): Promise<void> {
    clearTimeout(timer);
    if (busy) return;
    busy = true;
    for (let entry = store.get().outbox[0]; entry; entry = store.get().outbox[0]) {
      try {
        await session.call('POST', entry.path, entry.body);
      } catch (error) {
        if (error instanceof ApiError && isRetriable(error.status)) {
          const delay = Math.max(backoffMs(failures, RETRY_BASE_MS, RETRY_MAX_MS), error.retryAfterMs ?? 0);
          failures += 1;
          timer = setTimeout(() => void flush(), delay);
          break;
        }
      }
      failures = 0;
      const sent = entry;
      store.update(({ outbox }) => ({ outbox: outbox.filter((it) => it !== sent) }));
    }
    busy = false;
  }

  return {
    flush,
    send(path: string, body: Record<string, unknown> = {}): void {
      store.update(({ outbox }) => ({ outbox: [...outbox, { path, body }].slice(-ENTRIES_MAX) }));
      void flush();
    },
  };
}

export type Outbox = ReturnType<typeof createOutbox>;
