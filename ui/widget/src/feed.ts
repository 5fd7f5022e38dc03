/** Follows the feed: a socket while it holds, polling while it does not, both by "after = seq". */
import { backoffMs } from './backoff';
import type { Session } from './session';
import type { Transport } from './transport';
import type { FeedItem } from './types';

const RECONNECT_BASE_MS = 500;
const RECONNECT_MAX_MS = 30_000;
const POLL_MS = 5_000;
/** The server pings every 20 s; a socket silent for longer than this is dead. */
const SILENCE_MAX_MS = 45_000;
const FAILURES_BEFORE_POLLING = 3;

interface Frame {
  items?: FeedItem[];
  seq?: number;
  ping?: boolean;
}

export interface FeedHooks {
  seq(): number;
  onItems(items: FeedItem[], seq: number): void;
  onConnection(reached: boolean): void;
}

export function createFeed(transport: Transport, session: Session, hooks: FeedHooks) {
  let socket: WebSocket | null = null;
  let failures = 0;
  let reconnectTimer: ReturnType<typeof setTimeout> | undefined;
  let silenceTimer: ReturnType<typeof setTimeout> | undefined;
  let pollTimer: ReturnType<typeof setTimeout> | undefined;
  let running = false;

  const socketOpen = (): boolean => socket?.readyState === WebSocket.OPEN;

  function receive(frame: Frame): void {
    if (frame.items) hooks.onItems(frame.items, frame.seq ?? hooks.seq());
  }

  async function poll(): Promise<void> {
    clearTimeout(pollTimer);
    pollTimer = undefined;
    if (!running || socketOpen()) return;
    try {
      receive(await session.call<Frame>('GET', `/feed?after=${hooks.seq()}`));
      hooks.onConnection(true);
    } catch {
      if (!socketOpen()) hooks.onConnection(false);
    }
    if (running && failures >= FAILURES_BEFORE_POLLING) pollTimer ??= setTimeout(() => void poll(), POLL_MS);
  }

  function watchSilence(): void {
    clearTimeout(silenceTimer);
    silenceTimer = setTimeout(lost, SILENCE_MAX_MS);
  }

  function drop(): void {
    clearTimeout(silenceTimer);
    clearTimeout(reconnectTimer);
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
    socket = null;
  }

  /** One read at once tells a lost socket from a lost server, and an expired token from both. */
  function lost(): void {
    drop();
    if (!running) return;
    failures += 1;
    reconnectTimer = setTimeout(connect, backoffMs(failures - 1, RECONNECT_BASE_MS, RECONNECT_MAX_MS));
    if (pollTimer === undefined) void poll();
  }

  function connect(): void {
    drop();
    const token = session.current()?.token;
    if (!running || !token) return;
    try {
      socket = new WebSocket(transport.socketUrl(token, hooks.seq()));
    } catch {
      lost();
      return;
    }
    watchSilence();
    socket.onmessage = (event: MessageEvent<string>) => {
      failures = 0;
      watchSilence();
      hooks.onConnection(true);
      receive(JSON.parse(event.data) as Frame);
    };
    socket.onclose = lost;
  }

  return {
    start(): void {
      running = true;
      failures = 0;
      connect();
    },
    /** Reads what is new without waiting for the socket to come back. */
    refresh(): void {
      if (running && !socketOpen()) connect();
    },
    stop(): void {
      running = false;
      clearTimeout(pollTimer);
      pollTimer = undefined;
      drop();
    },
  };
}

export type Feed = ReturnType<typeof createFeed>;
