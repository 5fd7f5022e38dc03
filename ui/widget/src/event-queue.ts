/** Holds captured facts until a session exists, then sends them in batches; never blocks the page. */
import { backoffMs, isRetriable } from './backoff';
import { randomId } from './ids';
import type { CapturedEvent } from './types';

const BATCH_EVENTS_MAX = 100;
const BATCH_BYTES_MAX = 400_000;
/** Browsers refuse beacons above 64 KB in flight. */
const BEACON_BYTES_MAX = 50_000;
const EVENT_BYTES_MAX = 30_000;
const QUEUE_EVENTS_MAX = 500;
const FLUSH_MS = 2_000;
const RETRY_BASE_MS = 1_000;
const RETRY_MAX_MS = 60_000;
export const QUEUE_LIMITS = {
  batchEvents: BATCH_EVENTS_MAX,
  batchBytes: BATCH_BYTES_MAX,
  beaconBytes: BEACON_BYTES_MAX,
  eventBytes: EVENT_BYTES_MAX,
  queueEvents: QUEUE_EVENTS_MAX,
  flushMs: FLUSH_MS,
  retryBaseMs: RETRY_BASE_MS,
  retryMaxMs: RETRY_MAX_MS,
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
  /** Undefined until it is known whether anything may be told: till then facts wait here, and nothing leaves. */
  let open: boolean | undefined;
  let lastError: CapturedEvent | undefined;

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
      if (count === BATCH_EVENTS_MAX || (count > 0 && bytes > bytesMax)) break;
      count += 1;
    }
    return from.splice(0, count);
  }

  function drop(): void {
    waiting = [];
    inFlight = [];
  }

  function schedule(delayMs: number): void {
    if (timer !== undefined || inFlight.length || !waiting.length || !identity || refused || !open) return;
    timer = setTimeout(() => {
      timer = undefined;
      void flush();
    }, delayMs);
  }

  async function flush(): Promise<void> {
    if (inFlight.length || !waiting.length || !identity || refused || !open) return;
    clearTimeout(timer);
    timer = undefined;
    const batch = take(waiting, BATCH_BYTES_MAX);
    inFlight = batch;
    const { status, retryAfterMs } = await io.send(bodyOf(batch));
    // A beacon may have taken the batch with it while the page was going.
    if (inFlight !== batch) return;
    inFlight = [];
    if (isRetriable(status)) {
      waiting = batch.concat(waiting).slice(-QUEUE_EVENTS_MAX);
      const delay = backoffMs(failures, RETRY_BASE_MS, RETRY_MAX_MS);
      failures += 1;
      schedule(Math.max(delay, retryAfterMs ?? 0));
      return;
    }
    failures = 0;
    refused = status === 401 || status === 403;
    if (refused) waiting = [];
    schedule(waiting.length >= BATCH_EVENTS_MAX ? 0 : FLUSH_MS);
  }

  return {
    flush,
    size: () => waiting.length + inFlight.length,

    /** The last form error that was met. */
    lastError: () => lastError,

    add(type: 'page' | 'track', event: string | undefined, properties: Record<string, unknown>): void {
      if (refused || open === false) return;
      const fact: CapturedEvent = {
        type,
        ...(event === undefined ? {} : { event }),
        messageId: randomId(),
        timestamp: new Date().toISOString(),
        properties,
        context: { page: { path: io.path() } },
      };
      if (event === 'overture:form_error') lastError = fact;
      if (JSON.stringify(fact).length > EVENT_BYTES_MAX) {
        console.warn(`overture: "${event}" is too large`);
        return;
      }
      waiting.push(stamp(fact));
      if (waiting.length > QUEUE_EVENTS_MAX) waiting.shift();
      // Never cut a retry delay short: only the first full batch after a success goes at once.
      if (waiting.length >= BATCH_EVENTS_MAX && failures === 0) void flush();
      else schedule(FLUSH_MS);
    },

    /** Not allowed, it takes nothing more, and what was not sent is not sent, also not later. */
    allow(on: boolean): void {
      open = on;
      if (!on) drop();
      schedule(QUEUE_LIMITS.flushMs);
    },
    drop,

    /** Facts captured before now belong to this visitor too. */
    identify(next: Identity): void {
      identity = next;
      refused = false;
      waiting.forEach(stamp);
      schedule(FLUSH_MS);
    },

    /** Sends everything as the page goes. What was in flight goes again: the server drops doubles by `messageId`. */
    drain(): void {
      if (!identity || refused || !open) return;
      waiting = inFlight.concat(waiting);
      inFlight = [];
      while (waiting.length) {
        const batch = take(waiting, BEACON_BYTES_MAX);
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
      lastError = undefined;
    },
  };
}

export type EventQueue = ReturnType<typeof createEventQueue>;
