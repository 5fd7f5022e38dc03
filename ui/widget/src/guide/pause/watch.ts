/** What is minded while a page stands still. Each returns how to stop. */
import type { Pausable } from './types';

const HEARTBEAT_MS = 60_000;
/** A page is kept awake for no longer than this; it stays paused. */
const HEARTBEATS_MAX = 30;

export function watchEscape(escaped: () => void): () => void {
  const listener = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape' || event.isComposing) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    escaped();
  };
  addEventListener('keydown', listener, true);
  return () => removeEventListener('keydown', listener, true);
}

/** A page that takes `ours` away for good takes the way back with it. */
export function watchGone(ours: Element, gone: () => void): () => void {
  const watch = new MutationObserver(() => {
    watch.observe(document.body, { childList: true });
    if (!ours.isConnected) gone();
  });
  for (const it of [document.documentElement, document.body]) watch.observe(it, { childList: true });
  return () => watch.disconnect();
}

/** Lets the page keep its own session alive while nobody uses it. */
export function keepAwake(page: Pausable): () => void {
  let beats = 0;
  const timer = setInterval(() => {
    beats += 1;
    if (beats >= HEARTBEATS_MAX) clearInterval(timer);
    try {
      page.heartbeat?.();
    } catch (error) {
      console.error("overture: the page's heartbeat failed", error);
    }
  }, HEARTBEAT_MS);
  return () => clearInterval(timer);
}
