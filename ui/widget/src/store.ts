/** Everything the widget knows and shows. */
import { randomId } from './ids';
import type { AttachedFile, CallbackItem, ConversationItem, FeedItem, MessageItem, OfferItem } from './types';

const PENDING_MAX = 50;
/** The longest message, letters. */
export const MESSAGE_CHARS_MAX = 4_000;
/** Nobody reads this much: the oldest are forgotten. */
const NEWS_MAX = 200;

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
  /** Files that were uploaded for it. */
  attachments?: AttachedFile[] | undefined;
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
  /** The last word on a callback; it may wait for its time beside a chat. */
  callback: CallbackItem | null;
  messages: MessageItem[];
  pending: PendingMessage[];
  outbox: OutboxEntry[];
  /** Makes a repeated request for the same help the same request; null when none is under way. */
  helpKey: string | null;
  draft: string;
  unread: number;
  never: boolean;
}

/** A new session that names nothing live leaves this, and what the customer wrote. */
export const NOTHING_LIVE = {
  seq: 0,
  offer: null,
  conversation: null,
  callback: null,
  messages: [],
} satisfies Partial<State>;

export const emptyState = (): State => ({
  ...NOTHING_LIVE,
  closedOffers: [],
  pending: [],
  outbox: [],
  helpKey: null,
  draft: '',
  unread: 0,
  never: false,
});

export const isOpen = (conversation: ConversationItem | null): boolean =>
  conversation !== null && conversation.status !== 'ended';

/** Keeps what the customer wrote until it is sent. */
export const addPending = (state: State, text: string, attachments?: AttachedFile[]): Partial<State> => ({
  pending: [...state.pending, { clientKey: randomId(), text, failed: false, attachments }].slice(
    -PENDING_MAX,
  ),
  draft: '',
});

/** Something the feed brought. */
export interface News {
  items: FeedItem[];
  seq: number;
  /** When it came, by this browser's clock. */
  atMs: number;
  /** All that is live: what it does not name is over. */
  live: boolean;
}

export interface View extends State {
  connection: Connection;
  helpButton: boolean;
  faqs: boolean;
  /** What nobody here could read yet: `src/rules.ts` comes with the panel. */
  news: News[];
}

export type ReadNews = (state: State, news: News) => State;

/** `permit` has the last word on everything that is known. */
export function createStore(initial: State, permit: (view: View) => View) {
  let view: View = { ...initial, connection: 'connecting', helpButton: true, faqs: false, news: [] };
  let read: ReadNews | undefined;
  const listeners: ((view: View, before: View) => void)[] = [];

  function set(change: Partial<View>): void {
    const before = view;
    view = { ...view, ...change };
    view = permit(read ? { ...view, ...view.news.reduce<State>(read, view), news: [] } : view);
    for (const listener of listeners) listener(view, before);
  }

  return {
    get: () => view,
    set,
    update: (change: (view: View) => Partial<View>) => set(change(view)),
    subscribe: (listener: (view: View, before: View) => void) => void listeners.push(listener),
    tell: (news: News) => set({ news: [...view.news, news].slice(-NEWS_MAX) }),
    /** Reads what waits, and from now on whatever comes, before anybody sees it. */
    learn(reader: ReadNews): void {
      read = reader;
      set({});
    },
  };
}

export type Store = ReturnType<typeof createStore>;
