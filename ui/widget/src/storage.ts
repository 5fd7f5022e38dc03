/** What the browser keeps for us. Storage may be forbidden or full: then the widget works without memory. */
import type { State } from './store';

export interface StoredSession {
  host: string;
  writeKey: string;
  session: string;
  token: string;
  anonymousId: string;
  userId?: string | undefined;
  createdAtMs: number;
  helpButton: boolean;
  faqs: boolean;
  texts: Record<string, string>;
}

const DEVICE = 'overture.device';
const ANONYMOUS = 'overture.anonymous';
const SESSION = 'overture.session';
const STATE = 'overture.state';

function attempt<T>(action: () => T): T | null {
  try {
    return action();
  } catch {
    return null;
  }
}

function readJson<T>(key: string): T | null {
  return attempt(() => JSON.parse(sessionStorage.getItem(key) ?? 'null') as T | null);
}

export const storage = {
  device: () => attempt(() => localStorage.getItem(DEVICE)) ?? undefined,
  anonymousId: () => attempt(() => localStorage.getItem(ANONYMOUS)) ?? undefined,
  session: () => readJson<StoredSession>(SESSION),
  state: () => readJson<State>(STATE),

  saveDevice(deviceToken: string, anonymousId: string): void {
    attempt(() => localStorage.setItem(DEVICE, deviceToken));
    attempt(() => localStorage.setItem(ANONYMOUS, anonymousId));
  },
  saveSession(session: StoredSession | null): void {
    attempt(() =>
      session ? sessionStorage.setItem(SESSION, JSON.stringify(session)) : sessionStorage.removeItem(SESSION),
    );
  },
  saveState(state: State): void {
    attempt(() => sessionStorage.setItem(STATE, JSON.stringify(state)));
  },
  clear(): void {
    for (const key of [DEVICE, ANONYMOUS]) attempt(() => localStorage.removeItem(key));
    for (const key of [SESSION, STATE]) attempt(() => sessionStorage.removeItem(key));
  },
};
