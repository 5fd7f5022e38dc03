/** Gets, keeps and renews the visitor's session, and makes the calls that need its token. */
import { isRetriable } from './backoff';
import type { Said } from './consent';
import { fnv1a } from './ids';
import { createRetry, refusal } from './retry';
import { storage, type Device, type StoredSession } from './storage';
import { timeZone } from './time-zone';
import { apiError, isApiError, type ApiError, type Transport } from './transport';
import type { SessionResponse, User } from './types';

const TOKEN_MAX_AGE_MS = 23 * 3_600_000;
const PATIENCE_MS = 5_000;

export interface SessionHooks {
  /** A session is there; `response` is null when it was kept from the page before. */
  onSession(session: StoredSession, response: SessionResponse | null): void;
  onUnreachable(): void;
  /** The server will never let this page in: wrong key or origin. */
  onRefused(code: string): void;
}

/** What tells a user from another, and from the same one whose signature or traits are others. */
const hashOf = ({ id, signature, traits }: User): string => fnv1a(JSON.stringify([id, signature, traits]));

export function createSession(
  transport: Transport,
  config: {
    writeKey: string;
    locale: string;
    user?: User | undefined;
    resume?: string | undefined;
    path(): string;
    said(): Said;
    /** Asks for the terms while they are not known; what this browser keeps is not read before. */
    terms(): Promise<void> | undefined;
  },
  hooks: SessionHooks,
) {
  let user = config.user;
  let current: StoredSession | null = null;
  let pending: Promise<void> | undefined;
  let generation = 0;
  /** Whose calls these are: what is answered to somebody who signed out is nobody's. */
  let person = 0;
  let ask = asking();
  /** Nobody is told of this visitor before somebody wants a session: consent, or a call for help. */
  let wanted = false;
  /** Known here even where nothing may be stored. */
  let device: Device | null = null;
  let told = '{}';

  /** Until the server knows the last word: it may change while an earlier one is on its way. */
  const tell = createRetry(async () => {
    for (;;) {
      const consent = config.said();
      const now = JSON.stringify(consent);
      if (now === told || now === '{}') return;
      device ??= storage.peek(storage.device);
      if (!device) return;
      const body = { write_key: config.writeKey, device_token: device.token, consent };
      await transport.request('POST', '/v1/widget/consent', undefined, body).catch(refusal);
      told = now;
      if (current) storage.saveSession((current = { ...current, told }));
    }
  });

  function restore(): boolean {
    const kept = storage.session();
    const usable =
      kept !== null &&
      kept.host === transport.host &&
      kept.writeKey === config.writeKey &&
      kept.resume === config.resume &&
      (!user || kept.user === hashOf(user)) &&
      Date.now() - kept.createdAtMs < TOKEN_MAX_AGE_MS;
    if (!usable) return false;
    current = kept;
    told = kept.told;
    device = storage.device();
    hooks.onSession(kept, null);
    void tell();
    return true;
  }

  /** Asks for a session until there is one; a newer identity makes the older one's asking void. */
  function asking(): () => Promise<void> {
    const mine = (generation += 1);
    return createRetry(async () => {
      await config.terms();
      if (mine !== generation) return;
      device ??= storage.device();
      const consent = config.said();
      const path = config.resume ? `/help/c/${config.resume}` : '/v1/widget/session';
      const asked = transport.request<SessionResponse>('POST', path, undefined, {
        write_key: config.writeKey,
        device_token: device?.token,
        anonymous_id: device?.anonymousId,
        consent,
        user,
        page: { path: config.path() },
        locale: config.locale,
        // Quiet hours are the visitor's.
        time_zone: timeZone(),
      });
      const response = await asked.catch((error: ApiError) => {
        if (mine !== generation) return;
        if (!isRetriable(error.status)) return hooks.onRefused(error.code);
        hooks.onUnreachable();
        throw error;
      });
      if (!response) return;
      const { device_token: token, anonymous_id: anonymousId } = response;
      if (token && anonymousId && (mine === generation || !wanted)) device = { token, anonymousId };
      told = JSON.stringify(consent);
      if (mine !== generation) {
        // Refused while it was on its way: the server has to know.
        if (!wanted) void tell();
        return;
      }
      current = {
        host: transport.host,
        writeKey: config.writeKey,
        session: response.session,
        token: response.session_token,
        anonymousId,
        user: user && hashOf(user),
        resume: config.resume,
        createdAtMs: Date.now(),
        told,
        helpButton: response.help_button,
        faqs: response.faqs,
        texts: response.texts ?? {},
        brand: response.brand,
      };
      keep();
      hooks.onSession(current, response);
      void tell();
    });
  }

  function keep(): void {
    if (device) storage.saveDevice(device);
    if (current) storage.saveSession(current);
  }

  function renew(): Promise<void> {
    current = null;
    storage.saveSession(null);
    return (pending = ask());
  }

  function startOver(): void {
    ask = asking();
    if (wanted) void renew();
  }

  /** The session, once one that is being asked for is there; null where that takes too long. */
  async function known(): Promise<StoredSession | null> {
    if (!current) await Promise.race([pending, new Promise((go) => setTimeout(go, PATIENCE_MS))]);
    return current;
  }

  return {
    current: () => current,
    known,
    user: () => user,
    renew,
    tell,
    keep,
    start(): void {
      if (wanted) return;
      wanted = true;
      if (!restore()) void renew();
    },
    stop(): void {
      wanted = false;
      current = null;
      startOver();
    },
    /** The network is back: do not wait out the delay. */
    retryNow: () => wanted && !current && void renew(),

    identify(next: User): void {
      if (current?.user === hashOf(next)) return;
      user = next;
      startOver();
    },

    /** Somebody else is here: `next`, or nobody that is known. */
    reset(next?: User): void {
      person += 1;
      user = next;
      device = current = null;
      storage.peek(storage.clear);
      startOver();
    },

    /** Calls with the session's token; an expired one is renewed and the call made once more. */
    async call<T>(method: 'GET' | 'POST', path: string, body?: unknown): Promise<T> {
      const mine = person;
      const request = async (token: string): Promise<T> => {
        const answer = await transport.request<T>(method, `/v1/widget${path}`, token, body);
        if (mine !== person) throw apiError(0, 'no_session');
        return answer;
      };
      // The first call for help comes before its session is there.
      await known();
      if (!current || mine !== person) throw apiError(0, 'no_session');
      const { token } = current;
      try {
        return await request(token);
      } catch (error) {
        if (!isApiError(error) || error.status !== 401) throw error;
        if (current?.token === token) void renew();
        await pending;
        const renewed = current as StoredSession | null;
        if (!renewed || mine !== person) throw apiError(0, 'no_session');
        return request(renewed.token);
      }
    },
  };
}

export type Session = ReturnType<typeof createSession>;
