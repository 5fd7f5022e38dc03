/** One job that is tried again later when the server cannot take it now. */
import { backoffMs, isRetriable } from './backoff';
import { ApiError } from './transport';

const BASE_MS = 1_000;
const MAX_MS = 20_000;

/** `job` sends what there is and throws at the first failure; it runs once at a time. */
export function createRetry(job: () => Promise<void>): () => Promise<void> {
  let busy = false;
  let failures = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  return async function run(): Promise<void> {
    clearTimeout(timer);
    if (busy) return;
    busy = true;
    try {
      await job();
      failures = 0;
    } catch (error) {
      const asked = error instanceof ApiError ? error.retryAfterMs : undefined;
      timer = setTimeout(() => void run(), Math.max(backoffMs(failures, BASE_MS, MAX_MS), asked ?? 0));
      failures += 1;
    }
    busy = false;
  };
}

/** Passes on what may succeed later; swallows a refusal, which is final. Returns the refusal. */
export function refusal(error: unknown): ApiError {
  if (error instanceof ApiError && !isRetriable(error.status)) return error;
  throw error;
}
