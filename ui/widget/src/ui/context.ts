/** What the parts of the interface share. The panel is loaded later, so it gets everything through here. */
import type { Conversation } from '../conversation';
import type { Translate } from '../i18n';
import type { Offers } from '../offers';
import type { Outbox } from '../outbox';
import type { Store, View } from '../store';
import type { Faq, OvertureEvents } from '../types';

export interface WidgetContext {
  t: Translate;
  locale: string;
  /** Wording the server sent in place of ours, by text key. */
  overrides(): Record<string, string>;
  store: Store;
  conversation: Conversation;
  offers: Offers;
  outbox: Outbox;
  faqs(): Promise<Faq[]>;
  emit<Name extends keyof OvertureEvents>(name: Name, detail: OvertureEvents[Name]): void;
  /** Adds a style sheet to the shadow root. */
  adopt(css: string): void;
}

export type Route = 'home' | 'chat' | 'callback' | 'faq';
/** Something the panel has to say about an offer that could not be taken. */
export type Notice = 'offer_gone' | 'offer_denied' | 'offer_unreachable';

/** The whole panel, once its script is there. */
export interface Panel {
  element: HTMLElement;
  open(route: Route, notice?: Notice): void;
  close(): void;
  update(view: View): void;
  isOpen(): boolean;
  showsChat(): boolean;
  /** While an offer is being taken nothing is sent, so that no second request is made. */
  hold(on: boolean): void;
}

export interface PanelHooks {
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
  /** One step back inside the page; false when there is none. */
  back?(): boolean;
}
