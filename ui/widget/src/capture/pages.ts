/** Which pages are seen, and when each is left. */
import { listen, nowMs, together, type Stop } from './listen';
import type { Navigation } from '../types';

const PATH_CHARS_MAX = 512;
const ROUTE_CHECK_MS = 500;
/** Where the browser does not tell: what follows a click so soon is a link's work. */
const CLICK_MS = 1_000;
const TRAIL_MAX = 50;

const MAIL = /@|%40/i;

/**
 * The path, with the query keys of `allow` and, where it holds `#`, the fragment; nothing that carries an e-mail
 * address, and no fragment that carries values.
 */
export function pagePath(allow: string[] = []): string {
  const path = location.pathname.replace(/[^/]*(?:@|%40)[^/]*/gi, ':redacted');
  const kept = location.search
    .slice(1)
    .split('&')
    .filter((pair) => allow.includes(pair.split('=')[0]!) && !MAIL.test(pair));
  const hash = location.hash.split('?')[0]!;
  const fragment =
    allow.includes('#') && hash.length > 1 && !/[=&]/.test(hash) && !MAIL.test(hash) ? hash : '';
  return (path + (kept.length ? `?${kept.join('&')}` : '') + fragment).slice(0, PATH_CHARS_MAX);
}

/** The Navigation API, where the browser has it. */
interface Entry {
  index: number;
}
interface Navigations extends EventTarget {
  currentEntry: Entry | null;
  activation?: { navigationType: string; entry: Entry; from: Entry | null } | null;
}

const navigation = (): Navigations | undefined =>
  (window as unknown as { navigation?: Navigations }).navigation;

export function navigationKind(): Navigation {
  const { navigationType, entry, from } = navigation()?.activation ?? {};
  // Forward is no way back, and neither is to come from another site.
  if (navigationType === 'traverse')
    return entry && from && entry.index < from.index ? 'back_forward' : 'navigate';
  const loaded = performance.getEntriesByType?.('navigation')[0] as PerformanceNavigationTiming | undefined;
  return loaded?.type === 'reload' || loaded?.type === 'back_forward' ? loaded.type : 'navigate';
}

export function capturePages(
  hooks: { page(navigation: Navigation): void; leave(): void },
  path: () => string = pagePath,
): Stop {
  const api = navigation();
  /** What tells one page from another: also a route that lives in the fragment. */
  const routeNow = (): string => path() + (/^#!?\//.test(location.hash) ? location.hash.split('?')[0] : '');
  const indexNow = (): number => api?.currentEntry?.index ?? 0;
  /** The routes up to this one, as far as the way back is known. */
  let trail = [routeNow()];
  let index = indexNow();
  let clickedAtMs = -Infinity;
  hooks.page(navigationKind());

  /** Applications that change the address without loading a page. */
  function checkRoute(traversed: boolean): void {
    const now = routeNow();
    const before = index;
    index = indexNow();
    if (now === trail.at(-1)) return;
    const back = traversed && (api ? index <= before : now === trail.at(-2));
    trail = back && !api ? trail.slice(0, -1) : [...trail, now].slice(-TRAIL_MAX);
    hooks.leave();
    hooks.page(back ? 'back_forward' : 'navigate');
  }

  const timer = api ? undefined : setInterval(() => checkRoute(false), ROUTE_CHECK_MS);
  return together(
    api
      ? listen(
          'currententrychange',
          (event) =>
            checkRoute((event as Event & { navigationType: string | null }).navigationType === 'traverse'),
          api,
        )
      : together(
          // A link to a fragment is a `popstate` like the way back.
          listen(
            'popstate hashchange',
            ({ type }) => checkRoute(type === 'popstate' && nowMs() - clickedAtMs > CLICK_MS),
            window,
          ),
          listen(
            'click',
            () => {
              clickedAtMs = nowMs();
            },
            window,
          ),
        ),
    listen('pagehide', () => hooks.leave(), window),
    listen(
      'pageshow',
      (event) => {
        if ((event as PageTransitionEvent).persisted)
          hooks.page(api?.activation ? navigationKind() : 'back_forward');
      },
      window,
    ),
    () => clearInterval(timer),
  );
}
