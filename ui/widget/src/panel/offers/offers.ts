/** What is done with an offer: seen, taken, declined, run out. */
import { isRetriable } from '../../backoff';
import { conversationOf } from '../../conversation';
import { randomId } from '../../ids';
import { closeOffer } from '../../rules';
import type { LiveOffer } from '../../store';
import { isApiError } from '../../transport';
import type { DismissHow, OptionKind } from '../../types';
import type { WidgetContext } from '../../ui/context';

/** `gone`: withdrawn, expired or taken; `denied`: not through this offer; `invalid`: what was given; `unreachable`: try again. */
export type AcceptOutcome = 'accepted' | 'gone' | 'denied' | 'invalid' | 'unreachable';

const TIMER_MAX_MS = 2 ** 31 - 1;

function createOffers(context: WidgetContext) {
  const { session, store, outbox, emit } = context;
  const conversation = conversationOf(context);
  let expiry: ReturnType<typeof setTimeout> | undefined;
  const acceptKeys = new Map<string, string>();
  /** Answered here, so that its end is no news. */
  const answered = new Set<string>();

  function expire(): void {
    const { offer } = store.get();
    if (!offer || Date.now() < offer.deadlineMs) return;
    if (offer.shown) dismiss(offer, 'ignored');
    else store.set(closeOffer(store.get(), offer.offer));
  }

  function dismiss(offer: LiveOffer, how: DismissHow): void {
    answered.add(offer.offer);
    store.set({ ...closeOffer(store.get(), offer.offer), ...(how === 'never' ? { never: true } : {}) });
    outbox.send(`/offers/${offer.offer}/dismiss`, { how });
    emit('offer_dismissed', { offer: offer.offer, how });
  }

  store.subscribe((view, before) => {
    if (view.offer?.offer === before.offer?.offer) return;
    clearTimeout(expiry);
    if (view.offer) watchExpiry(view.offer);
  });

  function watchExpiry(offer: LiveOffer): void {
    clearTimeout(expiry);
    expiry = setTimeout(expire, Math.min(Math.max(0, offer.deadlineMs - Date.now()) + 5, TIMER_MAX_MS));
  }

  async function accept(offer: LiveOffer, option: OptionKind, phone?: string): Promise<AcceptOutcome> {
    const key = acceptKeys.get(offer.offer + option) ?? randomId();
    acceptKeys.set(offer.offer + option, key);
    answered.add(offer.offer);
    try {
      const answer = await session.call<{ conversation?: string }>('POST', `/offers/${offer.offer}/accept`, {
        option,
        idempotency_key: key,
        ...(offer.grant_token ? { grant_token: offer.grant_token } : {}),
        ...(phone ? { phone } : {}),
      });
      store.set(closeOffer(store.get(), offer.offer));
      if (answer.conversation && (option === 'chat' || option === 'callback'))
        conversation.opened(answer.conversation, option);
      emit('offer_accepted', { offer: offer.offer, option });
      return 'accepted';
    } catch (error) {
      const status = isApiError(error) ? error.status : 0;
      if (isRetriable(status) || status === 401) return 'unreachable';
      if (status === 400 || status === 422) {
        acceptKeys.delete(offer.offer + option);
        return 'invalid';
      }
      store.set(closeOffer(store.get(), offer.offer));
      return status === 403 ? 'denied' : 'gone';
    }
  }

  // An offer kept from the page before runs out all the same.
  const { offer: kept } = store.get();
  if (kept) watchExpiry(kept);

  return {
    dismiss,
    accept,
    answered: (offer: string) => answered.has(offer),

    shown(offer: LiveOffer): void {
      if (offer.shown || store.get().offer?.offer !== offer.offer) return;
      store.set({ offer: { ...offer, shown: true } });
      outbox.send(`/offers/${offer.offer}/shown`);
      emit('offer_shown', { offer: offer.offer, style: offer.style });
    },

    undoNever(): void {
      store.set({ never: false });
      outbox.send('/offers/undo_never');
    },
  };
}

export type Offers = ReturnType<typeof createOffers>;

/** One of them in a widget, whichever of the scripts that come later asks first. */
export function offersOf(context: WidgetContext): Offers {
  return (context.shared.offers ??= createOffers(context));
}
