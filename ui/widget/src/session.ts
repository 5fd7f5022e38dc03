/** Gets, keeps and renews the visitor's session, and makes the calls that need its token. */
import { backoffMs, isRetriable } from './backoff';
import { storage, type StoredSession } from './storage';
import { ApiError, type Transport } from './transport';
import type { SessionResponse, User } from './types';

const TOKEN_MAX_AGE_MS = 23 * 3_600_000;
const RETRY_BASE_MS = 1_000;
const RETRY_MAX_MS = 30_000;

export interface SessionHooks {
  /** A session is there; `response` is null when it was kept from the page before. */
  onSession(session: StoredSession, response: SessionResponse | null): void;
  onUnreachable(): void;
  /** The server will never let this page in: wrong key or origin. */
  onRefused(code: string): void;
}

export function createSession(
  transport: Transport,
  config: { writeKey: string; locale: string; user?: User | undefined; path(): string },
  hooks: SessionHooks,
) {
  let user = config.user;
  let current: StoredSession | null = null;
  let pending: Promise<void> | null = null;
  let generation = 0;
  let wake: (() => void) | null = null;

  function restore(): boolean {
    const kept = storage.session();
    const usable =
      kept !== null &&
      kept.host === transport.host &&
      kept.writeKey === config.writeKey &&
      (!user || kept.userId === user.id) &&
      Date.now() - kept.createdAtMs < TOKEN_MAX_AGE_MS;
    if (!usable) return false;
    current = kept;
    hooks.onSession(kept, null);
    return true;
  }

  async function create(mine: number): Promise<void> {
    for (let attempt = 0; mine === generation; attempt += 1) {
      try {
        const response = await transport.request<SessionResponse>('POST', '/v1/widget/session', undefined, {
          write_key: config.writeKey,
          device_token: storage.device(),
          anonymous_id: storage.anonymousId(),
          user,
          page: { path: config.path() },
          locale: config.locale,
          // Quiet hours are the visitor's.
          time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
        });
        if (mine !== generation) return;
        current = {
          host: transport.host,
          writeKey: config.writeKey,
          session: response.session,
          token: response.session_token,
          anonymousId: response.anonymous_id,
          userId: user?.id,
          createdAtMs: Date.now(),
          helpButton: response.help_button,
          faqs: response.faqs,
          texts: response.texts ?? {},
        };
        storage.saveDevice(response.device_token, response.anonymous_id);
        storage.saveSession(current);
        hooks.onSession(current, response);
        return;
      } catch (error) {
        if (mine !== generation) return;
        if (!(error instanceof ApiError)) throw error;
        if (!isRetriable(error.status)) {
          hooks.onRefused(error.code);
          return;
        }
        hooks.onUnreachable();
        const delay = Math.max(backoffMs(attempt, RETRY_BASE_MS, RETRY_MAX_MS), error.retryAfterMs ?? 0);
        await new Promise<void>((resolve) => {
          wake = resolve;
          setTimeout(resolve, delay);
        });
      }
    }
  }

  /** One attempt to get a session at a time; a newer identity makes the older attempt void. */
  function renew(): Promise<void> {
    if (pending) return pending;
    current = null;
    storage.saveSession(null);
    const mine = generation;
    const running = create(mine).finally(() => {
      if (pending === running) pending = null;
    });
    pending = running;
    return running;
  }

  function startOver(): void {
    generation += 1;
    pending = null;
    wake?.();
    void renew();
  }

  return {
    current: () => current,
    renew,
    start: () => void (restore() || renew()),
    /** The network is back: do not wait out the delay. */
    retryNow: () => wake?.(),

    identify(next: User): void {
      if (current?.userId === next.id) return;
      user = next;
      startOver();
    },

    reset(): void {
      user = undefined;
      storage.clear();
      startOver();
    },

    /** Calls with the session's token; an expired one is renewed and the call made once more. */
    async call<T>(method: 'GET' | 'POST', path: string, body?: unknown): Promise<T> {
      if (!current) throw new ApiError(0, 'no_session');
      const { token } = current;
      try {
        return await transport.request<T>(method, `/v1/widget${path}`, token, body);
      } catch (error) {
        if (!(error instanceof ApiError) || error.status !== 401) throw error;
        if (current?.token === token) await renew();
        const renewed = current as StoredSession | null;
        if (!renewed || renewed.token === token) throw new ApiError(0, 'no_session');
        return transport.request<T>(method, `/v1/widget${path}`, renewed.token, body);
      }
    },
  };
}

export type Session = ReturnType<typeof createSession>;
