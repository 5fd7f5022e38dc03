/** Holds captured facts until a session exists, then sends them in batches; never blocks the page. */
import { backoffMs, isRetriable } from './backoff';
import { randomId } from './ids';
import type { CapturedEvent } from './types';

export const QUEUE_LIMITS = {
  batchEvents: 100,
  batchBytes: 400_000,
  /** Browsers refuse beacons above 64 KB in flight. */
  beaconBytes: 50_000,
  eventBytes: 30_000,
  queueEvents: 500,
  flushMs: 2_000,
  retryBaseMs: 1_000,
  retryMaxMs: 60_000,
};

export interface Identity {
  anonymousId: string;
  session: string;
}

/** What became of one batch; `status` 0 when the server was not reached. */
export interface SendResult {
  status: number;
  retryAfterMs?: number | undefined;
}

export interface QueueIo {
  writeKey: string;
  send(body: string): Promise<SendResult>;
  /** Sends without waiting, as the page goes; false when the browser refuses. */
  beacon(body: string): boolean;
  path(): string;
}

export function createEventQueue(io: QueueIo) {
  let identity: Identity | null = null;
  let waiting: CapturedEvent[] = [];
  let inFlight: CapturedEvent[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;
  let refused = false;

  function stamp(event: CapturedEvent): CapturedEvent {
    if (identity && !event.anonymousId) {
      event.anonymousId = identity.anonymousId;
      event.context.overture = { session: identity.session };
    }
    return event;
  }

  function bodyOf(batch: CapturedEvent[]): string {
    return JSON.stringify({ writeKey: io.writeKey, sentAt: new Date().toISOString(), batch });
  }

  /** Takes events from the front of `from` until one of the limits is met. */
  function take(from: CapturedEvent[], bytesMax: number): CapturedEvent[] {
    let bytes = 0;
    let count = 0;
    for (const event of from) {
      bytes += JSON.stringify(event).length + 1;
      if (count === QUEUE_LIMITS.batchEvents || (count > 0 && bytes > bytesMax)) break;
      count += 1;
    }
    return from.splice(0, count);
  }

  function schedule(delayMs: number): void {
    if (timer !== undefined || inFlight.length || !waiting.length || !identity || refused) return;
    timer = setTimeout(() => {
      timer = undefined;
      void flush();
    }, delayMs);
  }

  async function flush(): Promise<void> {
    if (inFlight.length || !waiting.length || !identity || refused) return;
    clearTimeout(timer);
    timer = undefined;
    const batch = take(waiting, QUEUE_LIMITS.batchBytes);
    inFlight = batch;
    const { status, retryAfterMs } = await io.send(bodyOf(batch));
    // A beacon may have taken the batch with it while the page was going.
    if (inFlight !== batch) return;
    inFlight = [];
    if (isRetriable(status)) {
      waiting = batch.concat(waiting).slice(-QUEUE_LIMITS.queueEvents);
      const delay = backoffMs(failures, QUEUE_LIMITS.retryBaseMs, QUEUE_LIMITS.retryMaxMs);
      failures += 1;
      schedule(Math.max(delay, retryAfterMs ?? 0));
      return;
    }
    failures = 0;
    refused = status === 401 || status === 403;
    if (refused) waiting = [];
    schedule(waiting.length >= QUEUE_LIMITS.batchEvents ? 0 : QUEUE_LIMITS.flushMs);
  }

  return {
    flush,
    size: () => waiting.length + inFlight.length,

    add(type: 'page' | 'track', event: string | undefined, properties: Record<string, unknown>): void {
      if (refused) return;
      const fact: CapturedEvent = {
        type,
        ...(event === undefined ? {} : { event }),
        messageId: randomId(),
        timestamp: new Date().toISOString(),
        properties,
        context: { page: { path: io.path() } },
      };
      if (JSON.stringify(fact).length > QUEUE_LIMITS.eventBytes) {
        console.warn(`overture: "${event}" is too large and was not sent`);
        return;
      }
      waiting.push(stamp(fact));
      if (waiting.length > QUEUE_LIMITS.queueEvents) waiting.shift();
      // Never cut a retry delay short: only the first full batch after a success goes at once.
      if (waiting.length >= QUEUE_LIMITS.batchEvents && failures === 0) void flush();
      else schedule(QUEUE_LIMITS.flushMs);
    },

    /** Facts captured before now belong to this visitor too. */
    identify(next: Identity): void {
      identity = next;
      refused = false;
      waiting.forEach(stamp);
      schedule(QUEUE_LIMITS.flushMs);
    },

    /** Sends everything as the page goes. What was in flight goes again: the server drops doubles by `messageId`. */
    drain(): void {
      if (!identity || refused) return;
      waiting = inFlight.concat(waiting);
      inFlight = [];
      while (waiting.length) {
        const batch = take(waiting, QUEUE_LIMITS.beaconBytes);
        if (!io.beacon(bodyOf(batch))) {
          waiting = batch.concat(waiting);
          return;
        }
      }
    },

    /** The visitor signed out: what is known goes as theirs, later facts wait for the next session. */
    forget(): void {
      this.drain();
      waiting = [];
      identity = null;
    },
  };
}

export type EventQueue = ReturnType<typeof createEventQueue>;
