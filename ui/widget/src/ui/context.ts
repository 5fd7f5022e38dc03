/** What the parts of the interface share. Scripts that come later get everything through here. */
import type { Conversation } from '../conversation';
import type { Language, Translate } from '../i18n';
import type { Line } from '../feed';
import type { Outbox } from '../outbox';
import type { Guides } from '../guide/run';
import type { Offers } from '../panel/offers/offers';
import type { Session } from '../session';
import type { Store, View } from '../store';
import type { CapturedEvent, OvertureEvents, SessionBrand } from '../types';
import type { Announce } from './further';
import type { Host } from './host';
import type { LoadScript } from './lazy';

export interface WidgetContext {
  t: Translate;
  /** The BCP 47 tag of the page or of the customer; dates and numbers are written in it. */
  locale: string;
  /** Which of our languages serves it. */
  language: Language;
  host: Host;
  /** Wording the server sent in place of ours, by text key. */
  overrides(): Record<string, string>;
  /** What this page's customers meet; unknown until the first session. */
  brand(): SessionBrand | undefined;
  store: Store;
  session: Pick<Session, 'call' | 'current' | 'known' | 'renew'>;
  outbox: Outbox;
  /** The chat listens here while the panel is there. */
  line: Line;
  /** The page, without query and fragment. */
  path(): string;
  /** The last form error that was met, on whatever page. */
  lastError(): CapturedEvent | undefined;
  emit<Name extends keyof OvertureEvents>(name: Name, detail: OvertureEvents[Name]): void;
  load: LoadScript;
  /** The customer wants the page paused and to be shown how. */
  smartPause(): void;
  /** What the scripts that come later make once and share among themselves. */
  shared: {
    offers?: Offers;
    conversation?: Conversation;
    guides?: Guides;
    /** Tells a screen reader. */
    announce?: Announce;
    /** The page declared how it is paused. */
    pausable?: boolean;
  };
}

export type Route = 'home' | 'chat' | 'callback' | 'faq';
/** Something the panel has to say about an offer that could not be taken. */
export type Notice = 'offer_gone' | 'offer_denied' | 'offer_unreachable';

/** The whole panel, once its script is there. */
export interface Panel {
  element: HTMLElement;
  /** Without a wish it opens where the customer already is. */
  open(route?: Route, notice?: Notice): void;
  close(): void;
  update(view: View): void;
  isOpen(): boolean;
  /** Somebody else is here: nothing that the one before wrote, read or was told is left in it. */
  renew(): void;
}

export interface PanelHooks {
  /** The Help button: offers stand before it in tab order. */
  launcher: HTMLElement;
  opened(route: Route): void;
  closed(): void;
}

export type CreatePanel = (context: WidgetContext, hooks: PanelHooks) => Panel;

/** One page of the panel. */
export interface Page {
  title(): string;
  element: HTMLElement;
  update(view: View): void;
  /** Called each time the page is opened; puts the focus where the work starts. */
  enter(): void;
  /** Called when the page is left or the panel closed. */
  leave?(): void;
  /** Called before the page is thrown away: it stops what it has under way, and listens no more. */
  drop?(): void;
  /** One step back inside the page; false when there is none. */
  back?(): boolean;
}
