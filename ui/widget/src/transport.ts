/** The only place that calls the server over HTTP. */
import { retryAfterMs } from './backoff';
import type { SendResult } from './event-queue';

const TIMEOUT_MS = 10_000;

/** An answer that is not a success; `status` is 0 when the server was not reached in time. */
export interface ApiError extends Error {
  status: number;
  code: string;
  retryAfterMs?: number | undefined;
}

export const apiError = (status: number, code: string, retryAfterMs?: number): ApiError =>
  Object.assign(new Error(code), { status, code, retryAfterMs });

export const isApiError = (error: unknown): error is ApiError => error instanceof Error && 'status' in error;

export function createTransport(host: string) {
  const batches = `${host}/v1/batch`;

  const reach = (url: string, init: RequestInit): Promise<Response> => {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    // A page's own `fetch` may not heed the signal.
    const late = new Promise<never>((_, fail) => signal.addEventListener('abort', fail));
    return Promise.race([fetch(url, { ...init, credentials: 'omit', signal }), late]);
  };

  const askedToWaitMs = ({ headers }: Response): number | undefined =>
    retryAfterMs(headers.get('Retry-After'), Date.now());

  return {
    host,

    async request<T>(method: 'GET' | 'POST', path: string, token?: string, body?: unknown): Promise<T> {
      const post = method === 'POST';
      let response: Response;
      try {
        response = await reach(host + path, {
          method,
          // What is asked without a token is the same for everybody.
          cache: token || post ? 'no-store' : 'default',
          headers: {
            ...(token && { Authorization: `Bearer ${token}` }),
            ...(post && { 'Content-Type': 'application/json' }),
          },
          ...(post && { body: JSON.stringify(body ?? {}) }),
        });
        if (response.status === 204) return undefined as T;
        if (response.ok) return (await response.json()) as T;
      } catch {
        throw apiError(0, 'unreachable');
      }
      const { code = 'unknown' } = (await response.json().catch(() => ({}))) as { code?: string };
      throw apiError(response.status, code, askedToWaitMs(response));
    },

    /** Sends one batch of facts; as plain text, which a string is, so that the browser asks no permission first. */
    async capture(body: string): Promise<SendResult> {
      try {
        const response = await reach(batches, { method: 'POST', body });
        return { status: response.status, retryAfterMs: askedToWaitMs(response) };
      } catch {
        return { status: 0 };
      }
    },

    beacon(body: string): boolean {
      try {
        return navigator.sendBeacon(batches, body);
      } catch {
        return false;
      }
    },

    socketUrl: (token: string, after: number) =>
      `${host.replace(/^http/, 'ws')}/v1/widget/socket?token=${encodeURIComponent(token)}&after=${after}`,
  };
}

export type Transport = ReturnType<typeof createTransport>;
