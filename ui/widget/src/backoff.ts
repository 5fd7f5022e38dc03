/** Delay in milliseconds before try number `attempt` (0 is the first retry): doubles, capped, with half of it random. */
export function backoffMs(attempt: number, baseMs: number, maxMs: number, random = Math.random): number {
  const full = Math.min(maxMs, baseMs * 2 ** Math.min(attempt, 20));
  return full / 2 + (full / 2) * random();
}

/** A `Retry-After` header as milliseconds: seconds or an HTTP date; `undefined` when absent or unreadable. */
export function retryAfterMs(header: string | null, nowMs: number): number | undefined {
  if (!header) return undefined;
  const seconds = Number(header);
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - nowMs;
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

/** Whether the same request may succeed later. `0` stands for "the server was not reached". */
export function isRetriable(status: number): boolean {
  return (
    status === 0 || status === 408 || status === 429 || (status >= 500 && status !== 501 && status !== 505)
  );
}
