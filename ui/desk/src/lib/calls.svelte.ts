// The calls of now, and the one that is looked at: pushed over the desk's line, or read by request where there is none
// (analysts have no line) and while it is away.

import { api, ApiError, explain } from './api';
import { merge_call } from './calls';
import type { CallDetail, CallPush, CallSummary } from './wire';

const READ_LIVE_MS = 4_000;
const READ_ONE_MS = 2_000;
/** What was missed is asked for again at most so often. */
const ASK_AGAIN_MS = 1_000;
/** A recording is closed a moment after its call. */
const AFTER_END_MS = 2_500;

class Calls {
  live = $state.raw<CallSummary[]>([]);
  /** Asks the server to follow a call; set by who has the line. */
  ask: (call: string) => void = () => {};

  private line_is_live = false;
  private watchers = 0;
  private reading: ReturnType<typeof setInterval> | undefined;
  private version = 0;
  private followed: CallRead | undefined;

  /** Keeps the live calls fresh for as long as somebody looks; returns the undo. */
  watch(): () => void {
    this.watchers += 1;
    if (this.watchers === 1) {
      if (!this.line_is_live) void this.read();
      this.reading = setInterval(() => void (this.line_is_live || this.read()), READ_LIVE_MS);
    }
    return () => {
      this.watchers -= 1;
      if (this.watchers === 0) clearInterval(this.reading);
    };
  }
  /** A new line says nothing where no call is live: what was known before it is read anew. */
  line(is_live: boolean) {
    if (is_live && !this.line_is_live) void this.read();
    this.line_is_live = is_live;
  }
  get pushed(): boolean {
    return this.line_is_live;
  }
  receive_live(calls: CallSummary[]) {
    this.version += 1;
    this.live = calls;
  }
  receive(push: CallPush) {
    if (this.followed?.id === push.call.id) this.followed.receive(push);
  }
  follow(read: CallRead) {
    this.followed = read;
    this.ask(read.id);
  }
  leave(read: CallRead) {
    if (this.followed !== read) return;
    this.followed = undefined;
    this.ask('');
  }
  clear() {
    this.live = [];
    this.line_is_live = false;
  }

  private async read() {
    const version = ++this.version;
    try {
      const { calls } = await api.calls({ status: 'live' });
      if (version === this.version) this.live = calls; // a push has not overtaken it
    } catch {
      // the next read tries again
    }
  }
}

export const calls = new Calls();

/** One call as it is read and pushed, while its page is open. */
export class CallRead {
  detail = $state.raw<CallDetail | null>(null);
  failure = $state('');
  gone = $state(false);

  private asked_ms = -Infinity;
  private following = false;
  private stopped = false;
  private reading: ReturnType<typeof setInterval> | undefined;
  private after_end: ReturnType<typeof setTimeout> | undefined;

  constructor(readonly id: string) {
    void this.load();
  }

  load = async () => {
    try {
      const detail = await api.call(this.id);
      if (this.stopped) return;
      this.set(detail);
      this.failure = '';
    } catch (error) {
      if (this.stopped) return;
      this.gone = error instanceof ApiError && error.status === 404;
      this.failure = explain(error);
    }
    if (this.detail?.call.status === 'live') this.begin();
  };
  receive(push: CallPush) {
    const merged = merge_call(this.detail, push);
    if (merged) this.set(merged);
    else if (performance.now() - this.asked_ms > ASK_AGAIN_MS) {
      this.asked_ms = performance.now();
      calls.ask(this.id);
    }
  }
  /** The recording is no more. */
  without_recording() {
    if (this.detail) this.detail = { ...this.detail, call: { ...this.detail.call, recording: null } };
  }
  stop() {
    this.stopped = true;
    clearInterval(this.reading);
    clearTimeout(this.after_end);
    calls.leave(this);
  }

  private begin() {
    if (this.following) return;
    this.following = true;
    calls.follow(this);
    this.reading = setInterval(() => {
      if (!calls.pushed && this.detail?.call.status === 'live') void this.load();
    }, READ_ONE_MS);
  }
  private set(detail: CallDetail) {
    const has_ended = this.detail?.call.status === 'live' && detail.call.status === 'ended';
    this.detail = detail;
    if (has_ended) this.after_end = setTimeout(() => void this.load(), AFTER_END_MS);
  }
}
