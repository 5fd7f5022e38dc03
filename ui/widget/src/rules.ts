/** The pure rules by which what the feed brings changes what is known. They come with the panel: only it shows any of it. */
import { NOTHING_LIVE, type ReadNews, type State } from './store';
import type { CallbackItem, ConversationItem, FeedItem, MessageItem, OfferItem } from './types';

const MESSAGES_MAX = 200;
const CLOSED_OFFERS_MAX = 20;

function applyOffer(state: State, item: OfferItem, nowMs: number): State {
  if (state.closedOffers.includes(item.offer)) return state;
  // The same offer again says what is left of it, for example that no agent is free any more.
  if (state.offer?.offer === item.offer) {
    const { deadlineMs, shown, seq } = state.offer;
    return item.seq > seq ? { ...state, offer: { ...item, deadlineMs, shown } } : state;
  }
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

function applyCallback(state: State, item: CallbackItem): State {
  if (state.callback && item.seq < state.callback.seq) return state;
  const { conversation: open } = state;
  // Tried again later: until then nobody has it, and a chat is possible.
  const aside = item.notice === 'retry' && open?.conversation === item.conversation && open.seq < item.seq;
  return { ...state, callback: item, conversation: aside ? null : open };
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
    case 'callback':
      return applyCallback(state, item);
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
  return { ...applyItems({ ...state, ...NOTHING_LIVE }, items, seq, nowMs), unread: state.unread };
}

export const readNews: ReadNews = (state, { items, seq, atMs, live }) =>
  (live ? applyLive : applyItems)(state, items, seq, atMs);

export function closeOffer(state: State, offer: string): State {
  const closedOffers = [...state.closedOffers.filter((it) => it !== offer), offer].slice(-CLOSED_OFFERS_MAX);
  return { ...state, closedOffers, offer: state.offer?.offer === offer ? null : state.offer };
}
