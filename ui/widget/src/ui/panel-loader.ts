/** Fetches the panel's script at the first sign that it is wanted, and stands in for it until it is there. */
import { createBarePanel } from './bare-panel';
import type { CreatePanel, Notice, Panel, PanelHooks, Route, WidgetContext } from './context';

/** Sooner than this a stand-in would only flicker. */
const PATIENCE_MS = 400;

export function createPanelLoader(
  context: WidgetContext,
  root: HTMLElement,
  url: string,
  nonce: string,
  hooks: PanelHooks,
) {
  const { store } = context;
  let panel: Panel | null = null;
  let script: HTMLScriptElement | null = null;
  let failed = false;
  /** What the customer asked for while the panel was on its way. */
  let held = false;
  let wanted: { route: Route; notice: Notice | undefined } | null = null;
  let patience: ReturnType<typeof setTimeout> | undefined;
  let bare: ReturnType<typeof createBarePanel> | null = null;

  function load(): void {
    if (panel || script) return;
    failed = false;
    script = document.createElement('script');
    script.onerror = giveUp;
    try {
      script.nonce = nonce;
      script.src = url;
      document.head.append(script);
    } catch {
      giveUp(); // A page that demands Trusted Types forbids this.
    }
  }

  function giveUp(): void {
    script?.remove();
    script = null;
    failed = true;
    if (wanted) showBare();
  }

  function showBare(): void {
    clearTimeout(patience);
    if (!wanted || bare) return;
    bare = createBarePanel(context, close);
    root.append(bare.element);
    bare.enter();
    update();
    hooks.opened(wanted.route);
  }

  function hideBare(): void {
    clearTimeout(patience);
    bare?.element.remove();
    bare = wanted = null;
  }

  function close(): void {
    if (panel) return panel.close();
    if (!bare) return;
    hideBare();
    hooks.closed();
  }

  function update(): void {
    const view = store.get();
    panel?.update(view);
    bare?.update(failed || view.connection === 'offline');
    if (failed && wanted && view.connection === 'online') load();
  }

  return {
    load,
    close,
    update,
    isOpen: () => (panel?.isOpen() ?? false) || bare !== null,
    showsChat: () => panel?.showsChat() ?? false,
    hold(on: boolean): void {
      held = on;
      panel?.hold(on);
    },

    open(route: Route, notice?: Notice): void {
      if (panel) return panel.open(route, notice);
      wanted = { route, notice };
      load();
      clearTimeout(patience);
      patience = setTimeout(showBare, PATIENCE_MS);
    },

    arrived(create: CreatePanel): void {
      if (panel) return;
      panel = create(context, hooks);
      root.append(panel.element);
      panel.hold(held);
      const now = wanted;
      const wrote = store.get().draft !== '' || store.get().pending.length > 0;
      hideBare();
      if (now) panel.open(wrote ? 'chat' : now.route, now.notice);
    },
  };
}
