/** What travels between the widget and the server, and what a host page may call. */

export type OptionKind = 'chat' | 'callback' | 'faq';
export type DismissHow = 'not_now' | 'never' | 'ignored';
export type Navigation = 'navigate' | 'reload' | 'back_forward';

export interface OfferOption {
  kind: OptionKind;
  label: string;
  /** Expected wait in seconds, when the server can say it honestly. */
  wait_s?: number | null;
}

export interface OfferItem {
  seq: number;
  at: string;
  kind: 'offer';
  offer: string;
  style: 'prompt' | 'banner';
  title: string;
  text: string;
  why: string;
  options: OfferOption[];
  grant_token?: string | null;
  expires_at: string;
}

export interface OfferWithdrawnItem {
  seq: number;
  at: string;
  kind: 'offer_withdrawn';
  offer: string;
}

export type ConversationStatus = 'queued' | 'assigned' | 'ended' | 'no_agent';

export interface ConversationItem {
  seq: number;
  at: string;
  kind: 'conversation';
  conversation: string;
  status: ConversationStatus;
  channel: 'chat' | 'callback';
  agent_name?: string | null;
  position?: number | null;
  wait_s?: number | null;
}

export interface MessageItem {
  seq: number;
  at: string;
  kind: 'message';
  conversation: string;
  message: string;
  author: 'customer' | 'agent' | 'system';
  author_name?: string | null;
  text: string;
  client_key?: string | null;
}

export type FeedItem = OfferItem | OfferWithdrawnItem | ConversationItem | MessageItem;

export interface User {
  id: string;
  /** HMAC of the id, made by the host's own server. */
  signature: string;
  traits?: Record<string, unknown>;
}

export interface SessionResponse {
  session: string;
  session_token: string;
  device_token: string;
  anonymous_id: string;
  seq: number;
  help_button: boolean;
  faqs: boolean;
  /** "Don't offer again" holds; an older server does not say. */
  never?: boolean;
  feed: FeedItem[];
  texts?: Record<string, string> | null;
}

export interface Faq {
  id: string;
  title: string;
  body_markdown: string;
}

/** One captured fact, in the shape of the Segment tracking API. */
export interface CapturedEvent {
  type: 'page' | 'track';
  event?: string;
  anonymousId?: string;
  messageId: string;
  timestamp: string;
  properties: Record<string, unknown>;
  context: { page: { path: string }; overture?: { session: string } };
}

export interface BootOptions {
  writeKey: string;
  /** Where the server is, for example `https://help.example.com`; by default where the script came from. */
  host?: string;
  user?: User;
  /** BCP 47 tag; by default the language of the page, then of the browser. */
  locale?: string;
}

/** What a host page may listen to with `overture('on', name, handler)`. */
export interface OvertureEvents {
  ready: { session: string };
  opened: { view: string };
  closed: Record<string, never>;
  offer_shown: { offer: string; style: 'prompt' | 'banner' };
  offer_accepted: { offer: string; option: OptionKind };
  offer_dismissed: { offer: string; how: DismissHow };
  conversation: { conversation: string; status: ConversationStatus; channel: 'chat' | 'callback' };
  message: { conversation: string; author: 'customer' | 'agent' | 'system' };
}

/** The one global function; before the script arrives, a stub that queues its arguments in `q`. */
export interface Overture {
  (command: 'boot', options: BootOptions): void;
  (command: 'open', view?: OptionKind): void;
  (command: 'close'): void;
  (command: 'identify', user: User): void;
  (command: 'reset'): void;
  (command: 'signal', name: string, properties?: Record<string, unknown>): void;
  (command: 'error', field: string, code: string): void;
  <Name extends keyof OvertureEvents>(
    command: 'on',
    event: Name,
    handler: (detail: OvertureEvents[Name]) => void,
  ): void;
  q?: ArrayLike<unknown>[];
}

declare global {
  interface Window {
    overture?: Overture;
  }
}
