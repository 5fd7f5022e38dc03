/** How far down the page the visitor came, in steps of a quarter. */
import { listen, type Recorder, type Stop } from './recorder';

const STEP_PERCENT = 25;

export function captureScroll(record: Recorder): { stop: Stop; leave(): void } {
  let reached = 0;
  let waiting = false;

  function measure(): void {
    waiting = false;
    const { scrollHeight } = document.documentElement;
    if (scrollHeight <= innerHeight) return;
    const percent = Math.min(100, Math.round(((scrollY + innerHeight) / scrollHeight) * 100));
    const step = Math.floor(percent / STEP_PERCENT) * STEP_PERCENT;
    if (step <= reached) return;
    reached = step;
    record('overture:scroll', { depth_percent: step });
  }

  const stop = listen('scroll', () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(measure);
  });
  return {
    stop,
    /** The next page is at its top. */
    leave() {
      reached = 0;
    },
  };
}
