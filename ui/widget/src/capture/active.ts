/** Time really spent: only while the page is visible and there was input shortly before. */
import { listen, nowMs, together, visitor, type Recorder, type Stop } from './recorder';
import type { Thresholds } from '../types';

const TICK_MS = 1_000;
const REPORT_MS = 10_000;
/** Less is not worth an event; it counts towards the next one. */
const REPORT_MIN_MS = 200;

export function captureActive(
  record: Recorder,
  { idle_ms: idleMs }: Thresholds,
): { stop: Stop; leave(): void } {
  let lastTickMs = nowMs();
  let activeMs = 0;

  function count(wasVisible: boolean): void {
    const now = nowMs();
    const sinceMs = now - lastTickMs;
    lastTickMs = now;
    // A tick that comes very late was a sleeping computer, not a reading person.
    if (wasVisible && now - visitor.movedMs < idleMs && sinceMs < 5 * TICK_MS) activeMs += sinceMs;
  }

  function report(): void {
    if (activeMs < REPORT_MIN_MS) return;
    record('overture:active', { ms: Math.round(activeMs) });
    activeMs = 0;
  }

  const timer = setInterval(() => {
    count(!document.hidden);
    if (activeMs >= REPORT_MS) report();
  }, TICK_MS);

  return {
    stop: together(
      listen('visibilitychange', () => {
        // What ends now was visible until now.
        count(document.hidden);
        if (document.hidden) report();
      }),
      () => clearInterval(timer),
    ),
    /** What was spent on the page that goes is told as spent there. */
    leave() {
      count(!document.hidden);
      report();
    },
  };
}
