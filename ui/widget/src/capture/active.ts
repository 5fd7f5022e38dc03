/** Time really spent: only while the page is visible and there was input in the last 30 s. */
import { listen, type Recorder, type Stop } from './recorder';

const TICK_MS = 1_000;
const REPORT_MS = 10_000;
const IDLE_MS = 30_000;
/** Less is not worth an event; it counts towards the next one. */
const REPORT_MIN_MS = 200;

export function captureActive(record: Recorder): Stop {
  let lastInputMs = Date.now();
  let lastTickMs = Date.now();
  let activeMs = 0;

  function count(wasVisible: boolean): void {
    const now = Date.now();
    const sinceMs = now - lastTickMs;
    lastTickMs = now;
    // A tick that comes very late was a sleeping computer, not a reading person.
    if (wasVisible && now - lastInputMs < IDLE_MS && sinceMs < 5 * TICK_MS) activeMs += sinceMs;
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

  const stops = [
    listen(document, ['pointerdown', 'pointermove', 'keydown', 'scroll', 'touchstart', 'wheel'], () => {
      lastInputMs = Date.now();
    }),
    listen(document, ['visibilitychange'], () => {
      // What ends now was visible until now.
      count(document.hidden);
      if (document.hidden) report();
    }),
    listen(window, ['pagehide'], () => {
      count(!document.hidden);
      report();
    }),
    () => clearInterval(timer),
  ];
  return () => stops.forEach((stop) => stop());
}
