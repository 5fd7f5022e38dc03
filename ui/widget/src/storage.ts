/** What the browser keeps for us. Storage may be forbidden or full: then the widget works without memory. */
import type { State } from './store';
import type { SessionBrand } from './types';

export interface StoredSession {
  host: string;
  writeKey: string;
  session: string;
  token: string;
  anonymousId?: string | undefined;
  /** The continuation link it came from. */
  resume?: string | undefined;
  /** A hash of the user, with signature and traits. */
  user?: string | undefined;
  createdAtMs: number;
  /** What the server was told of consent. */
  told: string;
  helpButton: boolean;
  faqs: boolean;
  texts: Record<string, string>;
  brand?: SessionBrand | undefined;
}

/** What makes the next session this browser's. */
export interface Device {
  token: string;
  anonymousId: string;
}

const DEVICE = 'overture.device';
const ANONYMOUS = 'overture.anonymous';
const SESSION = 'overture.session';
const STATE = 'overture.state';
const PAUSE = 'overture.pause';
/** Purposes that the site's own word refuses: it is the same on every browser that refused, and tells nobody apart. */
export const REFUSED = 'overture.refused';

/** Nothing is read or written before the visitor allows it, but for the refusal itself. */
let allowed = false;

function attempt<T>(action: () => T): T | null {
  try {
    return allowed ? action() : null;
  } catch {
    return null;
  }
}

const shelf = (of: () => Storage) => ({
  get: (key: string) => attempt(() => of().getItem(key)),
  /** Keeps a text, or with `null` nothing. */
  set: (key: string, text: string | null) =>
    attempt(() => (text === null ? of().removeItem(key) : of().setItem(key, text))),
});
const browser = shelf(() => localStorage);
const tab = shelf(() => sessionStorage);

const inTab = <T>(key: string): T | null => attempt(() => JSON.parse(tab.get(key) ?? 'null') as T | null);

export const storage = {
  /** Opens or shuts what is kept; returns whether that was news. */
  allow(on: boolean): boolean {
    const news = allowed !== on;
    allowed = on;
    return news;
  },
  /** With leave for this once: to keep and pass on a refusal, and to remove what is there. */
  peek<T>(action: () => T): T {
    const before = allowed;
    allowed = true;
    const found = action();
    allowed = before;
    return found;
  },
  device(): Device | null {
    const token = browser.get(DEVICE);
    const anonymousId = browser.get(ANONYMOUS);
    return token && anonymousId ? { token, anonymousId } : null;
  },
  session: () => inTab<StoredSession>(SESSION),
  state: () => inTab<Partial<State>>(STATE),

  saveDevice({ token, anonymousId }: Device): void {
    browser.set(DEVICE, token);
    browser.set(ANONYMOUS, anonymousId);
  },
  saveSession: (session: StoredSession | null) => tab.set(SESSION, session && JSON.stringify(session)),
  saveState: (state: object) => tab.set(STATE, JSON.stringify(state)),
  /** The purposes that were refused on this browser; with a text, keeps that, and with an empty one nothing. */
  refused: (text?: string): string =>
    storage.peek(() =>
      text === undefined ? browser.get(REFUSED) : (browser.set(REFUSED, text || null), null),
    ) ?? '',
  /** What this tab keeps of a pause; with a text, keeps that, and with an empty one nothing. */
  pause: (text?: string): string | null | void =>
    text === undefined ? tab.get(PAUSE) : tab.set(PAUSE, text),
  /** What is refused stays refused. */
  clear(): void {
    for (const key of [DEVICE, ANONYMOUS]) browser.set(key, null);
    for (const key of [SESSION, STATE, PAUSE]) tab.set(key, null);
  },
};
