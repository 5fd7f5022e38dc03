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

/** What is told once and never stored: who types, who read. Lost is lost. */
export interface Line {
  heard?: (frame: object) => void;
  /** Throws while the socket is not open. */
  say(frame: object): void;
}

export interface FeedHooks {
  seq(): number;
  onItems(items: FeedItem[], seq: number): unknown;
  onConnection(reached: boolean): void;
}

export function createFeed(transport: Transport, session: Session, hooks: FeedHooks) {
  let socket: WebSocket | null = null;
  let failures = 0;
  let reconnectTimer: ReturnType<typeof setTimeout> | undefined;
  let silenceTimer: ReturnType<typeof setTimeout> | undefined;
  let pollTimer: ReturnType<typeof setTimeout> | undefined;
  let running = false;
  /** What was asked before the feed was stopped is not read any more. */
  let turn = 0;

  const socketOpen = (): boolean => socket?.readyState === 1;

  function receive(frame: Frame): void {
    if (frame.items) hooks.onItems(frame.items, frame.seq ?? hooks.seq());
    else api.heard?.(frame);
  }

  async function poll(): Promise<void> {
    clearTimeout(pollTimer);
    pollTimer = undefined;
    if (!running || socketOpen()) return;
    const mine = turn;
    let reached = false;
    try {
      const frame = await session.call<Frame>('GET', `/feed?after=${hooks.seq()}`);
      if (mine === turn) receive(frame);
      reached = true;
    } catch {
      // Tried again below.
    }
    if (mine !== turn) return;
    if (reached || !socketOpen()) hooks.onConnection(reached);
    if (failures >= FAILURES_BEFORE_POLLING) pollTimer ??= setTimeout(() => void poll(), POLL_MS);
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
      let frame: Frame;
      try {
        frame = JSON.parse(event.data) as Frame;
      } catch {
        return; // A proxy's own words.
      }
      receive(frame);
    };
    socket.onclose = lost;
  }

  const api: Line & { start(): void; refresh(): void; stop(): void } = {
    start(): void {
      running = true;
      failures = 0;
      connect();
    },
    say: (frame) => socket?.send(JSON.stringify(frame)),
    /** Reads what is new without waiting for the socket to come back. */
    refresh(): void {
      if (running && !socketOpen()) connect();
    },
    stop(): void {
      running = false;
      turn += 1;
      clearTimeout(pollTimer);
      pollTimer = undefined;
      drop();
    },
  };
  return api;
}

export type Feed = ReturnType<typeof createFeed>;
