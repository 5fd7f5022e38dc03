// The desk's live line to the server. Pushes are hints that may be lost: every frame carries what follows `after`,
// so a reconnect, a poll and a second tab all read the same table and end in the same place.

import type { CallPush, CallSummary, DeskState, TimelineItem } from './wire';

export interface LiveSource {
  open(): SocketLike;
  poll_state(): Promise<DeskState>;
  poll_timeline(customer: string, after: number): Promise<{ items: TimelineItem[]; seq: number }>;
  later(ms: number, run: () => void): () => void;
}

export interface SocketLike {
  send(text: string): void;
  close(): void;
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: (() => void) | null;
}

export interface LiveSink {
  state(state: DeskState): void;
  timeline(customer: string, items: TimelineItem[], seq: number): void;
  line(line: Line): void;
  typing?(conversation: string): void;
  /** The live calls, all of them. */
  calls?(calls: CallSummary[]): void;
  /** What is new of the call that is followed. */
  call?(push: CallPush): void;
}

/** `live`: the socket is open; `polling`: it is not, but reads work; `offline`: neither works. */
export type Line = 'connecting' | 'live' | 'polling' | 'offline';

export const BACKOFF_MIN_MS = 500;
export const BACKOFF_MAX_MS = 30_000;
export const POLL_MS = 3_000;
/** The server pings every 20 s; a line silent for longer is dead even if the browser has not noticed. */
export const SILENCE_MAX_MS = 45_000;

export function backoff_ms(failures: number, jitter: number): number {
  const full = Math.min(BACKOFF_MAX_MS, BACKOFF_MIN_MS * 2 ** Math.max(0, failures - 1));
  return Math.round(full * (0.7 + 0.3 * jitter));
}

export class Live {
  private socket: SocketLike | null = null;
  private is_open = false;
  private failures = 0;
  private stopped = true;
  private watched = new Map<string, number>();
  private followed = '';
  private cancel_retry = () => {};
  private cancel_poll = () => {};
  private cancel_silence = () => {};

  constructor(
    private readonly source: LiveSource,
    private readonly sink: LiveSink,
  ) {}

  start() {
    if (!this.stopped) return;
    this.stopped = false;
    this.failures = 0;
    this.sink.line('connecting');
    this.connect();
  }

  stop() {
    this.stopped = true;
    this.cancel_retry();
    this.cancel_poll();
    this.cancel_silence();
    this.drop_socket();
  }

  /** Replaces the watched customers; each with the sequence number already read. */
  watch(customers: { customer: string; after: number }[]) {
    const next = new Map(customers.map(({ customer, after }) => [customer, after]));
    for (const [customer, after] of next) {
      next.set(customer, Math.max(after, this.watched.get(customer) ?? 0));
    }
    this.watched = next;
    this.send_watch();
  }

  /** Follows one call, from its beginning, whichever was followed before; an empty id follows none. */
  follow(call: string) {
    this.followed = call;
    if (this.is_open) this.socket?.send(JSON.stringify({ call }));
  }

  /** Called when the browser says it is online or visible again. */
  retry_now() {
    if (this.stopped || this.is_open) return;
    this.cancel_retry();
    this.drop_socket();
    this.connect();
  }

  private connect() {
    if (this.stopped) return;
    let socket: SocketLike;
    try {
      socket = this.source.open();
    } catch {
      this.lost();
      return;
    }
    this.socket = socket;
    socket.onopen = () => {
      if (this.socket !== socket) return;
      this.is_open = true;
      this.failures = 0;
      this.cancel_poll();
      this.sink.line('live');
      this.send_watch();
      if (this.followed) this.follow(this.followed);
      this.heard();
    };
    socket.onmessage = (event) => {
      if (this.socket !== socket) return;
      this.heard();
      this.read(event.data);
    };
    socket.onclose = () => {
      if (this.socket === socket) this.lost();
    };
  }

  private lost() {
    this.is_open = false;
    this.cancel_silence();
    this.drop_socket();
    if (this.stopped) return;
    this.failures += 1;
    if (this.failures === 1) this.sink.line('connecting');
    this.cancel_retry();
    this.cancel_retry = this.source.later(backoff_ms(this.failures, Math.random()), () => this.connect());
    this.cancel_poll();
    this.poll();
  }

  /** Reads by request while the socket is away. */
  private poll() {
    if (this.stopped || this.is_open) return;
    let answered = true;
    const reads = [
      this.source.poll_state().then((state) => this.sink.state(state)),
      ...[...this.watched].map(([customer, after]) =>
        this.source
          .poll_timeline(customer, after)
          .then((page) => this.deliver(customer, page.items, page.seq)),
      ),
    ].map((read) => read.catch(() => (answered = false)));
    void Promise.all(reads).then(() => {
      if (this.stopped || this.is_open) return;
      this.sink.line(answered ? 'polling' : 'offline');
      this.cancel_poll();
      this.cancel_poll = this.source.later(POLL_MS, () => this.poll());
    });
  }

  private read(data: unknown) {
    const frame = parse(data);
    if (!frame) return;
    if (frame.state) this.sink.state(frame.state);
    if (frame.typing) this.sink.typing?.(frame.typing.conversation);
    if (frame.calls) this.sink.calls?.(frame.calls);
    if (frame.call) this.sink.call?.(frame.call);
    if (frame.timeline) this.deliver(frame.timeline.customer, frame.timeline.items, frame.timeline.seq);
  }

  private deliver(customer: string, items: TimelineItem[], seq: number) {
    const known = this.watched.get(customer);
    if (known !== undefined) this.watched.set(customer, Math.max(known, seq));
    this.sink.timeline(customer, items, seq);
  }

  /** Tells the customer that somebody types; nobody learns of it while the line is away. */
  type(conversation: string) {
    if (this.is_open) this.socket?.send(JSON.stringify({ typing: conversation }));
  }

  private send_watch() {
    if (!this.is_open || !this.socket) return;
    this.socket.send(
      JSON.stringify({ watch: [...this.watched.keys()], after: Object.fromEntries(this.watched) }),
    );
  }

  private heard() {
    this.cancel_silence();
    this.cancel_silence = this.source.later(SILENCE_MAX_MS, () => this.lost());
  }

  private drop_socket() {
    const socket = this.socket;
    this.socket = null;
    this.is_open = false;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    try {
      socket.close();
    } catch {
      // it was closing already
    }
  }
}

interface Frame {
  state?: DeskState;
  typing?: { conversation: string; author: string };
  calls?: CallSummary[];
  call?: CallPush;
  timeline?: { customer: string; items: TimelineItem[]; seq: number };
}

function parse(data: unknown): Frame | undefined {
  if (typeof data !== 'string') return undefined;
  try {
    return JSON.parse(data) as Frame;
  } catch {
    return undefined;
  }
}
