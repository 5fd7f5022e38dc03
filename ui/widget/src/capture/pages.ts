/** Which pages are seen, and when each is left. */
import { listen, type Stop } from './recorder';
import type { Navigation } from '../types';

const PATH_CHARS_MAX = 512;
const ROUTE_CHECK_MS = 500;

/** The path alone: no query, no fragment, and no segment that carries an e-mail address. */
export function pagePath(): string {
  return location.pathname.replace(/[^/]*(?:@|%40)[^/]*/gi, ':redacted').slice(0, PATH_CHARS_MAX);
}

export function navigationKind(): Navigation {
  const entry = performance.getEntriesByType?.('navigation')[0] as PerformanceNavigationTiming | undefined;
  return entry?.type === 'reload' || entry?.type === 'back_forward' ? entry.type : 'navigate';
}

export function capturePages(hooks: { page(navigation: Navigation): void; leave(): void }): Stop {
  let path = location.pathname;
  let stepped = false;
  hooks.page(navigationKind());

  /** Applications that change the address without loading a page. */
  function checkRoute(): void {
    if (location.pathname === path) return;
    path = location.pathname;
    hooks.leave();
    hooks.page(stepped ? 'back_forward' : 'navigate');
    stepped = false;
  }

  const timer = setInterval(checkRoute, ROUTE_CHECK_MS);
  const stops = [
    listen(window, ['popstate'], () => {
      stepped = true;
      checkRoute();
      stepped = false;
    }),
    listen(window, ['pagehide'], () => hooks.leave()),
    listen(window, ['pageshow'], (event) => {
      if ((event as PageTransitionEvent).persisted) hooks.page('back_forward');
    }),
    () => clearInterval(timer),
  ];
  return () => stops.forEach((stop) => stop());
}
