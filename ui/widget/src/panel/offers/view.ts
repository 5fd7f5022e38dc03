/** Follows the offer in the store: puts its card on the page, reports it as shown, and takes it away. */
import type { LiveOffer, View } from '../../store';
import type { OptionKind } from '../../types';
import type { Notice, PanelHooks, Route } from '../../ui/context';
import { watchPage } from '../../ui/place';
import type { PanelContext } from '../texts';
import { createOfferCard, type OfferCard } from './card';
import { watchTyping } from './typing';
import css from './offer.css?inline';

/** Leaving a field ends the wait: it is looked for this often. */
const LOOK_AGAIN_MS = 250;

/** What an offer needs of the panel behind it. */
export interface OfferPanel {
  open(route: Route, notice?: Notice): void;
  isOpen(): boolean;
  /** While an offer is being taken nothing is sent, so that no second request is made. */
  hold(on: boolean): void;
}

export function createOfferView(context: PanelContext, panel: OfferPanel, { launcher }: PanelHooks) {
  const { t, store, offers, host, announce } = context;
  let card: OfferCard | null = null;
  /** The offer as the card shows it. */
  let seq = 0;
  let fetching = false;
  let waiting: ReturnType<typeof setTimeout> | undefined;
  /** The offer that is on the page, as a card or a guide. */
  let showing: string | undefined;
  const typing = watchTyping();
  host.adopt(css);

  async function take(offer: LiveOffer, option: OptionKind): Promise<void> {
    if (option === 'smart_pause') {
      void offers.accept(offer, option);
      context.smartPause();
      return;
    }
    panel.open(option);
    if (option === 'callback') return; // It is taken when the number is there.
    if (option === 'faq') {
      void offers.accept(offer, 'faq');
      return;
    }
    panel.hold(true);
    const outcome = await offers.accept(offer, 'chat');
    panel.hold(false);
    // Who closed the panel meanwhile, or signed out, is told nothing: an offer that stands comes back by itself.
    if (outcome === 'accepted' || !panel.isOpen()) return;
    panel.open(
      'home',
      outcome === 'unreachable' ? 'offer_unreachable' : outcome === 'denied' ? 'offer_denied' : 'offer_gone',
    );
  }

  function giveBackFocus(to: Element | null): void {
    if (panel.isOpen()) return;
    if (to instanceof HTMLElement && to.isConnected && to !== host.element) to.focus({ preventScroll: true });
    else launcher.focus({ preventScroll: true });
  }

  function show(offer: LiveOffer): void {
    card = createOfferCard(context, offer, {
      take: (option) => void take(offer, option),
      dismiss(how) {
        offers.dismiss(offer, how);
        if (how === 'never') announce(t('never_done'));
      },
      alsoFree: typing.button,
      helpIsAtTop: () => !launcher.hidden && launcher.dataset.side === 'top',
      giveBackFocus,
    });
    // Before the button in tab order, after everything of the page.
    host.root.insertBefore(card.element, launcher);
    // In its place before it is ever painted: nothing moves.
    card.keepClear();
    announce(`${offer.title}. ${offer.text}`);
    requestAnimationFrame(() => requestAnimationFrame(check));
  }

  function check(): void {
    if (!card) return;
    card.keepClear();
    const { offer } = store.get();
    if (offer && offer.offer === card.id && !offer.shown && card.visible()) offers.shown(offer);
  }

  /** A guide has a script of its own; once that is there, the store tells. */
  function guide(offer: LiveOffer | null): void {
    const { guides } = context.shared;
    if (!offer) return guides?.hide();
    if (guides) return guides.show(offer, offers);
    if (fetching) return;
    fetching = true;
    context.load('guide', () => (fetching = false));
  }

  watchPage(check);

  /** While the panel is open the customer is being helped already, and nobody who types is disturbed: an offer waits. */
  function update(view: View): void {
    clearTimeout(waiting);
    let live = panel.isOpen() ? null : view.offer;
    const quietInMs = live && live.offer !== showing ? typing.quietInMs() : 0;
    if (quietInMs > 0) {
      live = null;
      waiting = setTimeout(() => update(store.get()), Math.min(quietInMs, LOOK_AGAIN_MS));
    }
    if (showing && !view.offer && !offers.answered(showing)) announce(t('offer_withdrawn'));
    showing = live?.offer;
    guide(live?.style === 'guide' ? live : null);
    const wanted = live?.style === 'guide' ? null : live;
    if (card && card.id !== wanted?.offer) {
      card.remove();
      card = null;
    }
    if (wanted && !card) show(wanted);
    else if (card && wanted && wanted.seq > seq) card.change(wanted);
    seq = wanted?.seq ?? 0;
  }

  return { update };
}
