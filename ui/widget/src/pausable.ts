/** What the page declared about pausing itself. The script that pauses it is fetched when it is taken, or one was left open. */
import { pagePath } from './capture/pages';
import type { CreateSmartPause, Declared, SmartPause } from './guide/pause/types';
import { storage } from './storage';
import type { WidgetContext } from './ui/context';

export function createPausable(context: WidgetContext, openAnswers: () => void, closePanel: () => void) {
  const { host, outbox, load } = context;
  let page: Declared = null;
  let pause: SmartPause | null = null;
  let loading = false;
  let wanted = false;
  let cameFrom: Element | null = null;

  host.element.addEventListener('focusin', ({ relatedTarget }) => {
    if (relatedTarget instanceof Element) cameFrom = relatedTarget;
  });

  function fetch(): void {
    if (loading) return;
    loading = true;
    load('guide', () => {
      loading = false;
      if (wanted) openAnswers();
      wanted = false;
    });
  }

  /** A pause that a reload interrupted is offered again. */
  function look(): void {
    if (pause) pause.declared();
    else if (page && storage.pause()) fetch();
  }

  return {
    look,

    declare(next: Declared | undefined): void {
      page = next ?? null;
      const pausable = (context.shared.pausable = !!page);
      outbox.send('/pausable', { path: pagePath(), pausable });
      look();
    },

    take(): void {
      wanted = !pause;
      if (pause) pause.take();
      else fetch();
    },

    /** The visitor signed out. */
    reset: () => pause?.reset(),

    arrived(create: CreateSmartPause): void {
      if (pause) return;
      pause = create(context, {
        page: () => page,
        cameFrom: () => cameFrom,
        openAnswers,
        closePanel,
        kept: storage.pause,
      });
      if (wanted) pause.take();
      else pause.declared();
    },
  };
}
