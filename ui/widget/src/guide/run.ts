/** Shows the guide of an offer to the customer, and reports what becomes of it. */
import { closeOffer } from '../rules';
import type { LiveOffer } from '../store';
import type { WidgetContext } from '../ui/context';
import type { Offers } from '../panel/offers/offers';
import { playSteps } from './player';
import type { Guide, Player } from './types';

export interface Guides {
  /** Shows the offer's guide, unless it is on the page already. */
  show(offer: LiveOffer, offers: Offers): void;
  /** Takes it off the page without a word to anybody. */
  hide(): void;
}

export function createGuides(context: WidgetContext): Guides {
  const { session, store, outbox, host, locale, emit } = context;
  let current: { offer: string; player: Player | null } | null = null;
  /** How far the customer is in a guide that gave way to the panel for a while. */
  let place = { offer: '', step: 0 };
  /** Reported once a page for each step: a page that lacks an element lacks it for good. */
  const missed = new Set<string>();

  async function play(offer: LiveOffer, offers: Offers): Promise<void> {
    const mine = (current = { offer: offer.offer, player: null as Player | null });
    const isMine = (): boolean => current === mine && store.get().offer?.offer === offer.offer;
    const id = offer.guide ?? '';
    let guide: Guide;
    try {
      guide = await session.call<Guide>('GET', `/guides/${id}?locale=${encodeURIComponent(locale)}`);
    } catch {
      return; // Taken back meanwhile, or out of reach: the offer runs out by itself.
    }
    if (!isMine()) return;
    if (place.offer !== offer.offer) place = { offer: offer.offer, step: 0 };
    const tell = (fact: string, step: number): void =>
      outbox.send(`/guides/${id}/facts`, { offer: offer.offer, revision: guide.revision, fact, step });
    const over = (): void => {
      current = null;
      store.set(closeOffer(store.get(), offer.offer));
    };
    mine.player = playSteps(
      { own: host, root: host.root, adopt: host.adopt, locale, host: session.current()?.host ?? '' },
      guide,
      {
        from: place.step,
        why: offer.why,
        step(step, how) {
          const live = store.get().offer;
          if (live && isMine()) offers.shown(live);
          place.step = step;
          if (how === 'placed') tell('step', step);
        },
        completed() {
          tell('completed', guide.steps.length - 1);
          over();
        },
        closed(step) {
          tell('closed', step);
          emit('offer_dismissed', { offer: offer.offer, how: 'not_now' });
          over();
        },
        missing(step) {
          if (!missed.has(id + step)) tell('anchor_missing', step);
          missed.add(id + step);
          if (step === 0) over();
        },
        never: () => offers.dismiss(offer, 'never'),
      },
    );
  }

  return {
    show(offer, offers) {
      if (current?.offer === offer.offer) return;
      this.hide();
      void play(offer, offers);
    },
    hide() {
      current?.player?.close();
      current = null;
    },
  };
}
