/** The panel's texts in the one language this script was built for, and behind them those the page part already has. */
import { conversationOf, type Conversation } from '../../conversation';
import { translator, type Fill } from '../../i18n/fill';
import type { CoreKey } from '../../i18n/texts';
import type { WidgetContext } from '../../ui/context';
import { voiceOf, type Announce } from '../../ui/further';
import { offersOf, type Offers } from '../offers/offers';
import * as callback from './callback';
import * as chat from './chat';
import * as chatFiles from './chat-files';
import * as faq from './faq';
import * as home from './home';
import * as offer from './offer';

// The build replaces `[__LOCALE__]` before anything is bundled, so that the other languages stay out.
const texts = {
  ...home[__LOCALE__],
  ...offer[__LOCALE__],
  ...chat[__LOCALE__],
  ...chatFiles[__LOCALE__],
  ...callback[__LOCALE__],
  ...faq[__LOCALE__],
};

export type PanelKey = keyof typeof texts;
export type AnyKey = CoreKey | PanelKey;

/** The widget's context with the panel's texts in it. */
export type PanelContext = Omit<WidgetContext, 't'> & {
  t: Fill<AnyKey>;
  conversation: Conversation;
  offers: Offers;
  announce: Announce;
};

export function withPanelTexts(context: WidgetContext): PanelContext {
  const own = translator(context.locale, texts, context.overrides);
  const t: Fill<AnyKey> = (key, values) =>
    key in texts ? own(key as PanelKey, values) : context.t(key as CoreKey);
  return {
    ...context,
    t,
    conversation: conversationOf(context),
    offers: offersOf(context),
    announce: voiceOf(context),
  };
}
