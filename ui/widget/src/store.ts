/** Everything the widget shows, and the pure rules by which feed items change it. */
import type { ConversationItem, FeedItem, MessageItem, OfferItem } from './types';

const MESSAGES_MAX = 200;
const CLOSED_OFFERS_MAX = 20;

/** An offer with its end on this browser's clock, which may differ from the server's. */
export interface LiveOffer extends OfferItem {
  deadlineMs: number;
  shown: boolean;
}

/** A message the customer wrote that the server has not confirmed yet. */
export interface PendingMessage {
  clientKey: string;
  text: string;
  failed: boolean;
}

/** A small report that must arrive once the server can be reached. */
export interface OutboxEntry {
  path: string;
  body: Record<string, unknown>;
}

export type Connection = 'connecting' | 'online' | 'offline';

export interface State {
  /** Place in the feed: everything up to it is in this state. */
  seq: number;
  offer: LiveOffer | null;
  /** Offers already answered here; a replay does not show them again. */
  closedOffers: string[];
  conversation: ConversationItem | null;
  messages: MessageItem[];
  pending: PendingMessage[];
  outbox: OutboxEntry[];
  /** Makes a repeated request for the same help the same request; null when none is under way. */
  helpKey: string | null;
  draft: string;
  unread: number;
  never: boolean;
}

export const emptyState = (): State => ({
  seq: 0,
  offer: null,
  closedOffers: [],
  conversation: null,
  messages: [],
  pending: [],
  outbox: [],
  helpKey: null,
  draft: '',
  unread: 0,
  never: false,
});

export const isOpen = (conversation: ConversationItem | null): boolean =>
  conversation !== null && conversation.status !== 'ended';

function applyOffer(state: State, item: OfferItem, nowMs: number): State {
  if (state.closedOffers.includes(item.offer) || state.offer?.offer === item.offer) return state;
  const deadlineMs = nowMs + Date.parse(item.expires_at) - Date.parse(item.at);
  return { ...state, offer: { ...item, deadlineMs, shown: false } };
}

function applyConversation(state: State, item: ConversationItem): State {
  const current = state.conversation;
  const same = current?.conversation === item.conversation;
  if (current && item.seq < current.seq) return state;
  return {
    ...state,
    conversation: item,
    messages: same ? state.messages : state.messages.filter((it) => it.conversation === item.conversation),
    helpKey: null,
  };
}

function applyMessage(state: State, item: MessageItem): State {
  if (state.messages.some((it) => it.message === item.message)) return state;
  const messages = [...state.messages, item].sort((a, b) => a.seq - b.seq).slice(-MESSAGES_MAX);
  const pending = state.pending.filter((it) => it.clientKey !== item.client_key);
  return { ...state, messages, pending, unread: state.unread + (item.author === 'agent' ? 1 : 0) };
}

function applyOne(state: State, item: FeedItem, nowMs: number): State {
  switch (item.kind) {
    case 'offer':
      return applyOffer(state, item, nowMs);
    case 'offer_withdrawn':
      return closeOffer(state, item.offer);
    case 'conversation':
      return applyConversation(state, item);
    case 'message':
      return applyMessage(state, item);
    default:
      return state; // A newer server may send kinds this widget does not know.
  }
}

/** Applies what the feed brought; any item may come twice. */
export function applyItems(state: State, items: FeedItem[], seq: number, nowMs: number): State {
  const next = items.reduce((it, item) => applyOne(it, item, nowMs), state);
  return { ...next, seq: Math.max(seq, state.seq) };
}

/** A new session brings all that is live: what it does not name is over. Own unsent words are kept. */
export function applyLive(state: State, items: FeedItem[], seq: number, nowMs: number): State {
  const kept = { ...state, offer: null, conversation: null, messages: [], unread: 0, seq: 0 };
  return { ...applyItems(kept, items, seq, nowMs), unread: state.unread };
}

export function closeOffer(state: State, offer: string): State {
  const closedOffers = [...state.closedOffers.filter((it) => it !== offer), offer].slice(-CLOSED_OFFERS_MAX);
  return { ...state, closedOffers, offer: state.offer?.offer === offer ? null : state.offer };
}

export interface View extends State {
  connection: Connection;
  helpButton: boolean;
  faqs: boolean;
}

export function createStore(initial: State) {
  let view: View = { ...initial, connection: 'connecting', helpButton: true, faqs: false };
  const listeners: ((view: View, before: View) => void)[] = [];

  function set(change: Partial<View>): void {
    const before = view;
    view = { ...view, ...change };
    for (const listener of listeners) listener(view, before);
  }

  return {
    get: () => view,
    set,
    update: (change: (view: View) => Partial<View>) => set(change(view)),
    subscribe: (listener: (view: View, before: View) => void) => void listeners.push(listener),
  };
}

export type Store = ReturnType<typeof createStore>;
