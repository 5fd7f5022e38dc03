/** The only place that calls the server over HTTP. */
import { retryAfterMs } from './backoff';
import type { SendResult } from './event-queue';

const TIMEOUT_MS = 10_000;

/** An answer that is not a success; `status` is 0 when the server was not reached in time. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly retryAfterMs?: number,
  ) {
    super(code);
  }
}

export function createTransport(host: string) {
  return {
    host,

    async request<T>(method: 'GET' | 'POST', path: string, token?: string, body?: unknown): Promise<T> {
      let response: Response;
      try {
        response = await fetch(host + path, {
          method,
          credentials: 'omit',
          cache: 'no-store',
          signal: AbortSignal.timeout(TIMEOUT_MS),
          headers: {
            ...(token ? { Authorization: `Bearer ${token}` } : {}),
            ...(method === 'POST' ? { 'Content-Type': 'application/json' } : {}),
          },
          ...(method === 'POST' ? { body: JSON.stringify(body ?? {}) } : {}),
        });
        if (response.status === 204) return undefined as T;
        if (response.ok) return (await response.json()) as T;
      } catch {
        throw new ApiError(0, 'unreachable');
      }
      const problem = (await response.json().catch(() => ({}))) as { code?: string };
      throw new ApiError(
        response.status,
        problem.code ?? 'unknown',
        retryAfterMs(response.headers.get('Retry-After'), Date.now()),
      );
    },

    /** Sends one batch of facts; plain text, so that the browser asks no permission first. */
    async capture(body: string): Promise<SendResult> {
      try {
        const response = await fetch(`${host}/v1/batch`, {
          method: 'POST',
          credentials: 'omit',
          signal: AbortSignal.timeout(TIMEOUT_MS),
          headers: { 'Content-Type': 'text/plain' },
          body,
        });
        return {
          status: response.status,
          retryAfterMs: retryAfterMs(response.headers.get('Retry-After'), Date.now()),
        };
      } catch {
        return { status: 0 };
      }
    },

    beacon(body: string): boolean {
      try {
        return navigator.sendBeacon(`${host}/v1/batch`, new Blob([body], { type: 'text/plain' }));
      } catch {
        return false;
      }
    },

    socketUrl: (token: string, after: number) =>
      `${host.replace(/^http/, 'ws')}/v1/widget/socket?token=${encodeURIComponent(token)}&after=${after}`,
  };
}

export type Transport = ReturnType<typeof createTransport>;
