/** Puts the parts of the interface together and follows the store. */
import { isOpen, type LiveOffer, type View } from '../store';
import type { OptionKind } from '../types';
import type { Route, WidgetContext } from './context';
import type { Host } from './host';
import { watchFocus } from './keep-clear';
import { createLauncher } from './launcher';
import { createOfferCard, type OfferCard } from './offer-card';
import { createPanelLoader } from './panel-loader';

export function createInterface(context: WidgetContext, host: Host, panelUrl: string, nonce: string) {
  const { t, store, offers, emit } = context;
  let card: OfferCard | null = null;

  const launcher = createLauncher(context, () => openPanel());
  const panel = createPanelLoader(context, host.root, panelUrl, nonce, {
    opened(route) {
      emit('opened', { view: route });
      if (route === 'chat') store.set({ unread: 0 });
      else draw(store.get());
    },
    closed() {
      draw(store.get());
      launcher.element.focus();
      emit('closed', {});
    },
  });

  /** Without a wish the panel opens where the customer already is. */
  function openPanel(route?: Route): void {
    const { conversation } = store.get();
    panel.open(route ?? (conversation && isOpen(conversation) ? conversation.channel : 'home'));
  }

  async function take(offer: LiveOffer, option: OptionKind): Promise<void> {
    openPanel(option);
    if (option === 'callback') return; // It is taken when the number is there.
    if (option === 'faq') {
      void offers.accept(offer, 'faq');
      return;
    }
    panel.hold(true);
    const outcome = await offers.accept(offer, 'chat');
    panel.hold(false);
    if (outcome === 'accepted') return;
    panel.open(
      'home',
      outcome === 'unreachable' ? 'offer_unreachable' : outcome === 'denied' ? 'offer_denied' : 'offer_gone',
    );
  }

  function giveBackFocus(to: Element | null): void {
    if (panel.isOpen()) return;
    if (to instanceof HTMLElement && to.isConnected && to !== host.element) to.focus({ preventScroll: true });
    else launcher.element.focus({ preventScroll: true });
  }

  function showCard(offer: LiveOffer): void {
    card = createOfferCard(context, offer, {
      take: (option) => void take(offer, option),
      dismiss(how) {
        offers.dismiss(offer, how);
        if (how === 'never') host.announce(t('never_done'));
      },
      giveBackFocus,
    });
    // Before the button in tab order, after everything of the page.
    host.root.insertBefore(card.element, launcher.element);
    panel.load();
    requestAnimationFrame(() => requestAnimationFrame(checkCard));
  }

  function checkCard(): void {
    launcher.keepClear();
    if (!card) return;
    card.speak();
    card.keepClear();
    const { offer } = store.get();
    if (offer && offer.offer === card.id && !offer.shown && card.visible()) offers.shown(offer);
  }

  /** While the panel is open the customer is being helped already: an offer waits. */
  function drawOffer(view: View): void {
    const wanted = panel.isOpen() ? null : view.offer;
    if (card && card.id !== wanted?.offer) {
      card.remove();
      card = null;
    }
    if (wanted && !card) showCard(wanted);
  }

  function draw(view: View): void {
    launcher.update(view.unread, !view.helpButton || panel.isOpen());
    panel.update();
    drawOffer(view);
  }

  host.root.append(launcher.element);
  for (const sign of ['pointerenter', 'focus'])
    launcher.element.addEventListener(sign, panel.load, { once: true });
  watchFocus(checkCard);
  document.addEventListener('visibilitychange', checkCard);

  store.subscribe((view, before) => {
    const message = view.messages.at(-1);
    const fresh = message && message !== before.messages.at(-1) && view.unread > before.unread;
    if (fresh && panel.showsChat() && !document.hidden) {
      store.set({ unread: 0 });
      return;
    }
    draw(view);
    if (fresh) host.announce(t('new_message', { name: message.author_name || t('agent') }));
  });
  draw(store.get());

  return { open: openPanel, close: panel.close, panelArrived: panel.arrived };
}
