/** Asks the page to stand still and to go on. A page may answer late, wrongly or not at all. */
import { LATE, within } from './clock';
import type { CanPause, Pausable, PauseFailure } from './types';

export const CAN_PAUSE_MS = 200;
const PAUSE_MS = 3_000;
const RESUME_MS = 5_000;
export const DRAFT_BYTES_MAX = 64 * 1024;

/** Asks the page; what it throws at once is a refusal like any other. */
const ask = <T>(question: () => T | Promise<T>): Promise<T> => Promise.resolve().then(question);

const says = (answer: CanPause | null | undefined): boolean =>
  answer === true || (typeof answer === 'object' && answer?.canPause === true);

/**
 * Holds the page and returns its draft as JSON, or says why not. A page that may be half held, because it failed, is late
 * or gave what cannot be kept, is let go again before this answers.
 */
export async function hold(page: Pausable): Promise<{ draft: string } | { why: PauseFailure }> {
  try {
    const answer = await within(
      CAN_PAUSE_MS,
      ask(() => page.canPause()),
    );
    if (answer === LATE) return { why: 'no_answer' };
    if (!says(answer)) return { why: 'refused' };
  } catch (error) {
    report('canPause')(error);
    return { why: 'refused' };
  }
  let isLate = false;
  let state: unknown;
  const pausing = ask(() => page.pause());
  // What stops only now, when nobody waits for it any more, is let go once more.
  pausing.then(
    (late) => isLate && void letGo(page, late),
    () => isLate && void letGo(page, null),
  );
  try {
    state = await within(PAUSE_MS, pausing, () => (isLate = true));
  } catch (error) {
    report('pause')(error);
    await letGo(page, null);
    return { why: 'pause_failed' };
  }
  if (state === LATE) {
    await letGo(page, null);
    return { why: 'no_answer' };
  }
  const draft = written(state);
  const why = draft === null ? 'not_storable' : bytes(draft) > DRAFT_BYTES_MAX ? 'too_large' : null;
  if (draft !== null && !why) return { draft };
  console.error(
    `overture: pause returned ${why === 'too_large' ? `more than ${DRAFT_BYTES_MAX} bytes` : 'something that is not plain data'}; the page goes on`,
  );
  await letGo(page, state);
  return { why: why ?? 'not_storable' };
}

const report =
  (what: string) =>
  (error: unknown): void =>
    console.error(`overture: the page's ${what} failed`, error);

/** Gives the page its draft back; `null` when there is none. False when it could not take it. */
export async function letGo(page: Pausable, state: unknown): Promise<boolean> {
  try {
    const going = ask(() => page.resume(state));
    return (await within(RESUME_MS, going)) !== LATE;
  } catch (error) {
    report('resume')(error);
    return false;
  }
}

function written(state: unknown): string | null {
  if (state === undefined) return 'null';
  try {
    return JSON.stringify(state) ?? null;
  } catch {
    return null;
  }
}

const bytes = (text: string): number => new TextEncoder().encode(text).length;
