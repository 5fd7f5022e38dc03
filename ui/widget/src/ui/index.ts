/** Puts the parts of the interface together and follows the store. */
import type { View } from '../store';
import type { WidgetContext } from './context';
import { createLauncher } from './launcher';
import { createPanelLoader } from './panel-loader';
import { watchPage } from './place';

/** The Help button waits this long for the brand's look. */
const PATIENCE_MS = 1_000;

export function createInterface(context: WidgetContext) {
  const { store, emit, host, brand } = context;
  let patient = true;
  let fetchedFor: string | number | undefined;

  const launcher = createLauncher(context, () => panel.open());
  const panel = createPanelLoader(context, {
    launcher: launcher.element,
    opened(route) {
      emit('opened', { view: route });
      draw(store.get());
    },
    closed() {
      draw(store.get());
      launcher.element.focus();
      emit('closed', {});
    },
  });

  function draw(view: View): void {
    // Not in one corner and colour first, in another then.
    const unknown = patient && !brand() && view.connection === 'connecting';
    launcher.update(!view.helpButton || panel.isOpen() || unknown);
    launcher.keepClear();
    panel.update();
    // The panel's script reads the news, shows offers and sends messages; where it cannot be had, no offer is shown.
    const { offer, news, unread, pending } = view;
    const offered = news.flatMap(({ items }) => items).filter((it) => it.kind === 'offer');
    const need =
      offer?.offer ??
      (offered.at(-1) ?? news[0])?.seq ??
      pending.find((it) => !it.failed)?.clientKey ??
      unread;
    if (need && need !== fetchedFor) panel.load();
    fetchedFor = need;
  }

  host.root.append(launcher.element);
  for (const sign of ['pointerenter', 'focus'])
    launcher.element.addEventListener(sign, panel.load, { once: true });
  watchPage(launcher.keepClear);
  setTimeout(() => {
    patient = false;
    draw(store.get());
  }, PATIENCE_MS);
  // A page's own link to the help page opens the panel instead, as long as that has somebody to talk to.
  addEventListener('click', (event) => {
    if (store.get().connection !== 'online' || !(event.target as Element).closest?.('[data-overture-help]'))
      return;
    event.preventDefault();
    panel.open();
  });

  store.subscribe(draw);
  draw(store.get());

  return {
    open: panel.open,
    close: panel.close,
    isOpen: panel.isOpen,
    panelArrived: panel.arrived,
    /** Somebody else is here. */
    renew(): void {
      panel.close();
      panel.renew();
      context.shared.announce?.('');
    },
  };
}
