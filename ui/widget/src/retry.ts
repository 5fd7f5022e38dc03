/** One job that is tried again later when the server cannot take it now. */
import { backoffMs, isRetriable } from './backoff';
import { isApiError, type ApiError } from './transport';

const BASE_MS = 1_000;
const MAX_MS = 20_000;

/** `job` sends what there is and throws at the first failure; it runs once at a time. Ends when this try has. */
export function createRetry(job: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  let failures = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function attempt(): Promise<void> {
    try {
      await job();
      failures = 0;
    } catch (error) {
      const askedMs = isApiError(error) ? error.retryAfterMs : 0;
      timer = setTimeout(run, Math.max(backoffMs(failures, BASE_MS, MAX_MS), askedMs ?? 0));
      failures += 1;
    }
    running = undefined;
  }

  /** Done with one attempt, whatever came of it. */
  function run(): Promise<void> {
    clearTimeout(timer);
    return (running ??= attempt());
  }
  return run;
}

/** Passes on what may succeed later; swallows a refusal, which is final. Returns the refusal. */
export function refusal(error: unknown): ApiError {
  if (isApiError(error) && !isRetriable(error.status)) return error;
  throw error;
}
