// What the desk knows right now: the live state, the open timeline, and the line that feeds both.

import { api } from './api';
import { calls } from './calls.svelte';
import { ticker } from './clock.svelte';
import { Feed } from './feed.svelte';
import { Live, type Line, type LiveSource, type SocketLike } from './live';
import { fresh_arrivals, type Arrival } from './arrivals';
import type { Conversation, DeskState, Presence } from './wire';

const READ_ON_MS = 5_000;
/** Somebody who types is shown to for so long, and says so at most so often. */
const TYPING_SHOWN_MS = 6_000;
const TYPING_EVERY_MS = 3_000;

class Desk {
  state = $state.raw<DeskState | null>(null);
  line = $state<Line>('connecting');
  feed = $state.raw<Feed | null>(null);
  /** When the state was received, so that waiting times tick between pushes. */
  received_ms = $state(0);
  /** Reservations answered here and not yet confirmed by a push. */
  answered = $state.raw<Set<string>>(new Set());
  /** The conversation just accepted: its reply box takes the focus. */
  focus_reply = '';
  on_arrival: (arrival: Arrival) => void = () => {};

  /** Conversations whose customers type just now, each with when that runs out. */
  typing = $state.raw<Map<string, number>>(new Map());

  private typed_at = 0;
  private running = false;
  private reading: ReturnType<typeof setInterval> | undefined;
  private told_read = new Map<string, number>();
  private seen_until = new Map<string, string>();
  private seen_version = $state(0);
  private live = new Live(browser_source(), {
    state: (state) => this.receive(state),
    timeline: (customer, items, seq) => {
      if (this.feed?.customer === customer) this.feed.add(items, seq);
    },
    line: (line) => {
      this.line = line;
      calls.line(line === 'live');
    },
    calls: (live) => calls.receive_live(live),
    call: (push) => calls.receive(push),
    typing: (conversation) => this.show_typing(conversation),
  });

  start() {
    this.running = true;
    calls.ask = (call) => this.live.follow(call);
    this.live.start();
    addEventListener('online', this.wake);
    document.addEventListener('visibilitychange', this.wake);
  }
  stop() {
    removeEventListener('online', this.wake);
    document.removeEventListener('visibilitychange', this.wake);
    this.live.stop();
    this.running = false;
    clearInterval(this.reading);
    this.state = null;
    this.feed = null;
    this.answered = new Set();
    calls.ask = () => {};
    calls.clear();
  }

  /** Opens one customer's timeline and keeps it fed; `undefined` closes it. */
  async open(customer: string | undefined) {
    if (this.feed?.customer === customer) return;
    const feed = customer ? new Feed(customer) : null;
    this.feed = feed;
    clearInterval(this.reading);
    if (!feed) {
      this.live.watch([]);
      return;
    }
    await feed.load();
    if (this.feed !== feed) return;
    this.live.watch([{ customer: feed.customer, after: feed.seq }]);
    // roles without a desk line read on by themselves
    if (!this.running) this.reading = setInterval(() => void feed.load_newer(), READ_ON_MS);
  }

  async set_presence(presence: Presence) {
    await api.set_presence(presence);
    if (this.state) this.state = { ...this.state, me: { ...this.state.me, presence } };
  }

  answer(reservation: string) {
    this.answered = new Set([...this.answered, reservation]);
  }
  unanswer(reservation: string) {
    this.answered = new Set([...this.answered].filter((id) => id !== reservation));
  }

  /** Marks a conversation read up to its last message, on this screen, and tells the server when it is one's own. */
  see(conversation: Conversation) {
    if (this.seen_until.get(conversation.conversation) !== conversation.last_at) {
      this.seen_until.set(conversation.conversation, conversation.last_at);
      this.seen_version += 1;
    }
    const seq = this.feed?.customer === conversation.customer ? this.feed.seq : 0;
    const mine = this.state?.me.agent === conversation.agent && conversation.status === 'assigned';
    if (!mine || conversation.unread === 0 || seq <= (this.told_read.get(conversation.conversation) ?? 0))
      return;
    this.told_read.set(conversation.conversation, seq);
    void api
      .read(conversation.conversation, seq)
      .catch(() => this.told_read.delete(conversation.conversation));
  }
  /** The agent writes: the customer is told, not too often. */
  types(conversation: string) {
    const now = Date.now();
    if (now - this.typed_at < TYPING_EVERY_MS) return;
    this.typed_at = now;
    this.live.type(conversation);
  }
  private show_typing(conversation: string) {
    this.typing = new Map([...this.typing, [conversation, Date.now() + TYPING_SHOWN_MS]]);
    setTimeout(() => {
      const now = Date.now();
      this.typing = new Map([...this.typing].filter(([, until]) => until > now));
    }, TYPING_SHOWN_MS + 50);
  }
  unread(conversation: Conversation): number {
    void this.seen_version;
    const seen = this.seen_until.get(conversation.conversation);
    return seen && seen >= conversation.last_at ? 0 : conversation.unread;
  }

  private receive(state: DeskState) {
    const before = this.state;
    this.state = state;
    this.received_ms = ticker.now_ms;
    for (const arrival of fresh_arrivals(before, state)) this.on_arrival(arrival);
  }

  private wake = () => {
    if (document.visibilityState === 'visible') this.live.retry_now();
  };
}

function browser_source(): LiveSource {
  return {
    open: () => {
      const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
      return new WebSocket(`${scheme}://${location.host}/v1/desk/socket`) as unknown as SocketLike;
    },
    poll_state: () => api.desk_state(),
    poll_timeline: (customer, after) => api.timeline(customer, { after }),
    later: (ms, run) => {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    },
  };
}

export const desk = new Desk();
