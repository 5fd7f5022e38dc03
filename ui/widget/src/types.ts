/** What travels between the widget and the server, and what a host page may call. */

import type { Pausable, PauseEnd } from './guide/pause/types';

export type { CanPause, Pausable, PauseEnd } from './guide/pause/types';

export type OptionKind = 'chat' | 'callback' | 'faq' | 'smart_pause';
export type DismissHow = 'not_now' | 'never' | 'ignored';
export type Navigation = 'navigate' | 'reload' | 'back_forward';

/** From when on what is noticed on a page is a struggle, by the policy; times in milliseconds. */
export interface Thresholds {
  slow_click_ms: number;
  dead_click_ms: number;
  hesitation_ms: number;
  thrash_reversals: number;
  thrash_window_ms: number;
  idle_ms: number;
}

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
  style: 'prompt' | 'banner' | 'guide';
  /** The guide to show, where it is one. */
  guide?: string | null;
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

export type ConversationStatus = 'queued' | 'assigned' | 'ended' | 'no_agent' | 'scheduled';

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

/** What the customer is told about a callback. */
export interface CallbackItem {
  seq: number;
  at: string;
  kind: 'callback';
  conversation: string;
  notice: 'confirmed' | 'reminder' | 'moved' | 'late' | 'cancelled' | 'retry' | 'gave_up' | 'done';
  ended: boolean;
  /** In the customer's language, by the customer's clock. */
  text: string;
  due_at: string;
  slot_at?: string | null;
  slot_end_at?: string | null;
  expected_at?: string | null;
  number_hint: string;
  our_number?: string | null;
  attempts: number;
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
  attachments?: AttachedFile[] | undefined;
}

/** A file that came with a message. */
export interface AttachedFile {
  id: string;
  name: string;
  content_type: string;
  bytes: number;
  /** Of an image, else 0. */
  width_px: number;
  height_px: number;
  /** What an image shows; may be empty. */
  alt: string;
  /** A path from the server's root; it needs the session. */
  url: string;
}

export type FeedItem = OfferItem | OfferWithdrawnItem | ConversationItem | MessageItem | CallbackItem;

export interface User {
  id: string;
  /** HMAC of the id, made by the host's own server. */
  signature: string;
  traits?: Record<string, unknown>;
}

/** Colours are `#rrggbb`. */
export interface Look {
  accent: string;
  on_accent: string;
  accent_dark: string;
  on_accent_dark: string;
  position: 'end' | 'start';
  logo_url?: string;
}

/** The brand that the customers of this page meet. */
export interface SessionBrand {
  id: string;
  look: Look;
  privacy_url?: string;
  /** The number we call from, E.164. */
  phone?: string;
  chat: { attachments: boolean; ask_email: boolean };
  /** Countries are ISO 3166-1 alpha-2. */
  callback: { countries: string[]; verify_sms: boolean };
}

export interface SessionResponse {
  session: string;
  session_token: string;
  /** Not there when a conversation is gone on with from a link. */
  device_token?: string;
  anonymous_id?: string;
  seq: number;
  help_button: boolean;
  faqs: boolean;
  /** "Don't offer again" holds; an older server does not say. */
  never?: boolean;
  feed: FeedItem[];
  texts?: Record<string, string> | null;
  /** How far the user is proven; an older server does not say. */
  identity?: 'anonymous' | 'claimed' | 'verified';
  brand?: SessionBrand;
}

/** One answer in a list. */
export interface Faq {
  id: string;
  title: string;
  summary: string;
  locale: string;
  version: number;
  /** It is in another language than asked for. */
  fallback: boolean;
  why: 'error' | 'page' | 'words' | 'general';
}

/** One answer to read. */
export interface FaqArticle extends Omit<Faq, 'why'> {
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

/** What the visitor allows: to watch and score behaviour, and to offer help unasked. */
export interface ConsentWords {
  analyse?: boolean;
  /** The purpose's own name for `analyse`. */
  analyse_behaviour?: boolean;
  contact?: boolean;
}

export interface BootOptions {
  writeKey: string;
  /** Where the server is, for example `https://help.example.com`; by default where the script came from. */
  host?: string;
  user?: User;
  /** BCP 47 tag; by default the language of the page, then of the browser. */
  locale?: string;
  /** False where nothing of the page is to be noticed: there is only help that is asked for. */
  capture?: boolean;
  /** The token of a continuation link: goes on with its conversation in place of a visit of this browser. */
  resume?: string;
}

/** What a host page may listen to with `overture('on', name, handler)`. */
export interface OvertureEvents {
  ready: { session: string };
  opened: { view: string };
  closed: Record<string, never>;
  offer_shown: { offer: string; style: 'prompt' | 'banner' | 'guide' };
  offer_accepted: { offer: string; option: OptionKind };
  offer_dismissed: { offer: string; how: DismissHow };
  conversation: { conversation: string; status: ConversationStatus; channel: 'chat' | 'callback' };
  message: { conversation: string; author: 'customer' | 'agent' | 'system' };
  /** The page stands still. */
  paused: { pause: string };
  /** The page goes on; `changed` names what is not as it was, and is empty when `exact`. */
  resumed: {
    pause: string;
    exact: boolean;
    how: PauseEnd;
    changed: ('scroll' | 'focus' | 'caret' | 'values')[];
  };
}

/** Room to leave at the edges of the page, in pixels; `side` is the side of the Help button. */
export interface Offsets {
  bottom?: number;
  top?: number;
  side?: number;
}

/** Every command: `overture.open('chat')`, or `overture('open', 'chat')`. */
export interface OvertureCommands {
  boot(options: BootOptions): void;
  /** Opens the panel: where the customer already is, or at one of its pages. */
  open(view?: OptionKind): void;
  close(): void;
  /** Says who is signed in; `signature` is made by the host's own server. */
  setUser(user: User): void;
  /** The name `setUser` had before. */
  identify(user: User): void;
  /** The visitor signed out: nothing of theirs stays on this browser. */
  reset(): void;
  /** What the visitor allows, where the page asks them itself. */
  consent(said: ConsentWords): void;
  /** Captures inside a frame of the page's own origin; the same as `data-overture-capture` on it. */
  frame(frame: HTMLIFrameElement): void;
  /** A fact that only the page knows, for example from a frame of another origin. */
  signal(name: string, properties?: Record<string, unknown>): void;
  /** A field was refused in a way that the page alone can see. */
  error(field: string, code: string): void;
  /** Says that the page can stand still while the customer is shown how, and how. */
  pausable(page: Pausable | null): void;
  /** The same for a form: its fields are locked and kept. */
  pausableForm(form: HTMLFormElement): void;
  /** Pauses the page and shows how, as the customer's own wish. */
  smart_pause(): void;
  /** Keeps away from the edges of the page. */
  offset(offsets: Offsets): void;
  /** Keeps off elements of the page, by a CSS selector. */
  avoid(selector: string): void;
}

type OvertureHandler<Name extends keyof OvertureEvents> = (detail: OvertureEvents[Name]) => void;

/** The one global function; before the script arrives, a stub that queues its arguments in `q`. */
export interface Overture extends OvertureCommands {
  <Name extends keyof OvertureCommands>(command: Name, ...values: Parameters<OvertureCommands[Name]>): void;
  <Name extends keyof OvertureEvents>(command: 'on', event: Name, handler: OvertureHandler<Name>): () => void;
  <Name extends keyof OvertureEvents>(command: 'off', event: Name, handler?: OvertureHandler<Name>): void;
  /** Listens; what it returns stops listening. */
  on<Name extends keyof OvertureEvents>(event: Name, handler: OvertureHandler<Name>): () => void;
  /** Stops listening: one handler, or every one of the event. */
  off<Name extends keyof OvertureEvents>(event: Name, handler?: OvertureHandler<Name>): void;
  q?: { push(values: ArrayLike<unknown>): unknown };
}

declare global {
  interface Window {
    overture?: Overture;
  }
}
