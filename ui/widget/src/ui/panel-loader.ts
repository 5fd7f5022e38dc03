/** Fetches the panel's script at the first sign that it is wanted, and stands in for it until it is there. */
import { createBarePanel } from './bare-panel';
import type { CreatePanel, Panel, PanelHooks, Route, WidgetContext } from './context';

/** Sooner than this a stand-in would only flicker. */
const PATIENCE_MS = 400;

export function createPanelLoader(context: WidgetContext, hooks: PanelHooks) {
  const { store, host } = context;
  let panel: Panel | null = null;
  let loading = false;
  let failed = false;
  /** What the customer asked for while the panel was on its way. */
  let wanted: { route: Route | undefined } | null = null;
  let patience: ReturnType<typeof setTimeout> | undefined;
  let bare: ReturnType<typeof createBarePanel> | null = null;

  function load(): void {
    if (panel || loading) return;
    loading = true;
    failed = false;
    context.load('panel', () => {
      loading = false;
      failed = true;
      if (wanted) showBare();
    });
  }

  function showBare(): void {
    clearTimeout(patience);
    if (!wanted || bare) return;
    bare = createBarePanel(context, close);
    host.root.append(bare.element);
    bare.enter();
    update();
    hooks.opened(wanted.route ?? 'home');
  }

  function hideBare(): void {
    clearTimeout(patience);
    bare?.element.remove();
    bare = wanted = null;
  }

  function close(): void {
    if (panel) return panel.close();
    const wasOpen = bare;
    hideBare();
    if (wasOpen) hooks.closed();
  }

  function update(): void {
    const view = store.get();
    panel?.update(view);
    bare?.update(failed || view.connection === 'offline');
    if (failed && (wanted || view.pending.length) && view.connection === 'online') load();
  }

  return {
    load,
    close,
    update,
    isOpen: () => (panel?.isOpen() ?? false) || bare !== null,
    renew: () => panel?.renew(),

    open(route?: Route): void {
      if (panel) return panel.open(route);
      wanted = { route };
      load();
      clearTimeout(patience);
      patience = setTimeout(showBare, PATIENCE_MS);
    },

    arrived(create: CreatePanel): void {
      if (panel) return;
      panel = create(context, hooks);
      host.root.append(panel.element);
      const now = wanted;
      const wrote = store.get().draft !== '' || store.get().pending.length > 0;
      hideBare();
      if (now) panel.open(wrote ? 'chat' : now.route);
      else update();
    },
  };
}
