/** What is done with an offer: seen, taken, declined, run out. */
import { isRetriable } from './backoff';
import { randomId } from './ids';
import type { Conversation } from './conversation';
import type { Outbox } from './outbox';
import type { Session } from './session';
import { closeOffer, type LiveOffer, type Store } from './store';
import { ApiError } from './transport';
import type { DismissHow, OptionKind, OvertureEvents } from './types';

/** `gone`: withdrawn, expired or taken; `denied`: not through this offer; `invalid`: what was given; `unreachable`: try again. */
export type AcceptOutcome = 'accepted' | 'gone' | 'denied' | 'invalid' | 'unreachable';

const TIMER_MAX_MS = 2 ** 31 - 1;

export function createOffers(
  session: Session,
  store: Store,
  outbox: Outbox,
  conversation: Conversation,
  emit: <Name extends keyof OvertureEvents>(name: Name, detail: OvertureEvents[Name]) => void,
) {
  let expiry: ReturnType<typeof setTimeout> | undefined;
  const acceptKeys = new Map<string, string>();

  function expire(): void {
    const { offer } = store.get();
    if (!offer || Date.now() < offer.deadlineMs) return;
    if (offer.shown) dismiss(offer, 'ignored');
    else store.set(closeOffer(store.get(), offer.offer));
  }

  function dismiss(offer: LiveOffer, how: DismissHow): void {
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
    try {
      const answer = await session.call<{ conversation?: string }>('POST', `/offers/${offer.offer}/accept`, {
        option,
        idempotency_key: key,
        ...(offer.grant_token ? { grant_token: offer.grant_token } : {}),
        ...(phone ? { phone } : {}),
      });
      store.set(closeOffer(store.get(), offer.offer));
      if (answer.conversation && option !== 'faq') conversation.opened(answer.conversation, option);
      emit('offer_accepted', { offer: offer.offer, option });
      return 'accepted';
    } catch (error) {
      const status = error instanceof ApiError ? error.status : 0;
      if (isRetriable(status) || status === 401) return 'unreachable';
      if (status === 400 || status === 422) {
        acceptKeys.delete(offer.offer + option);
        return 'invalid';
      }
      store.set(closeOffer(store.get(), offer.offer));
      return status === 403 ? 'denied' : 'gone';
    }
  }

  return {
    dismiss,
    accept,

    /** An offer kept from the page before runs out all the same. */
    resume(): void {
      const { offer } = store.get();
      if (offer) watchExpiry(offer);
    },

    shown(offer: LiveOffer): void {
      if (offer.shown || store.get().offer?.offer !== offer.offer) return;
      store.set({ offer: { ...offer, shown: true } });
      outbox.send(`/offers/${offer.offer}/shown`);
      emit('offer_shown', { offer: offer.offer, style: offer.style });
    },

    /** A callback: through the offer when one with it is open, otherwise as the customer's own request. */
    async callback(phone: string): Promise<AcceptOutcome> {
      const { offer } = store.get();
      if (offer?.options.some((it) => it.kind === 'callback')) return accept(offer, 'callback', phone);
      try {
        await conversation.ask('callback', phone);
        return 'accepted';
      } catch (error) {
        return error instanceof ApiError && !isRetriable(error.status) ? 'invalid' : 'unreachable';
      }
    },

    undoNever(): void {
      store.set({ never: false });
      outbox.send('/offers/undo_never');
    },
  };
}

export type Offers = ReturnType<typeof createOffers>;
