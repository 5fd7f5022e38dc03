/** Impatient to and fro of the pointer or the scroll position. */
import { isIgnored, PLAYED, sourceOf } from './target';
import { listen, nowMs, pointOf, together, visitor, type Recorder, type Stop } from './recorder';
import type { Thresholds } from '../types';

const QUIET_MS = 5_000;
/** A scroll so long after the visitor's last move is the page's own. */
const SCROLL_AFTER_MS = 1_000;
/** Shorter movements are a trembling hand, not a change of mind. */
const POINTER_TRAVEL_PX = 40;
const SCROLL_TRAVEL_PX = 100;

export function captureThrash(
  record: Recorder,
  { thrash_reversals: reversals, thrash_window_ms: windowMs }: Thresholds,
): Stop {
  let quietUntilMs = 0;

  /** Follows one axis, and counts where the direction turns after a real movement. */
  function createAxis(travelPx: number) {
    let extreme: number | undefined;
    let direction = 0;
    let turns: number[] = [];
    return (position: number): void => {
      extreme ??= position;
      const moved = position - extreme;
      const towards = Math.sign(moved);
      if (towards === direction) extreme = position;
      else if (Math.abs(moved) >= travelPx) {
        const now = nowMs();
        if (direction) turns = turns.filter((at) => now - at < windowMs).concat(now);
        direction = towards;
        extreme = position;
        if (turns.length < reversals || now < quietUntilMs) return;
        turns = [];
        quietUntilMs = now + QUIET_MS;
        record('overture:thrash', {});
      }
    };
  }

  const x = createAxis(POINTER_TRAVEL_PX);
  const y = createAxis(POINTER_TRAVEL_PX);
  let scroll = createAxis(SCROLL_TRAVEL_PX);
  let scrolled: unknown;

  return together(
    listen('pointermove', (event) => {
      const { buttons, pointerType } = event as PointerEvent;
      const source = sourceOf(event);
      // Dragging is work, not thrashing, and so is playing.
      if (buttons || pointerType === 'touch' || !source || source.closest(PLAYED)) return;
      const point = pointOf(event as PointerEvent);
      x(point.x);
      y(point.y);
    }),
    listen('scroll', ({ target }) => {
      const part = target as Element;
      const isPart = part.nodeType === 1;
      // A page that scrolls by itself is not impatient.
      if (nowMs() - visitor.actedMs > SCROLL_AFTER_MS || (isPart && isIgnored(part))) return;
      if (part !== scrolled) scroll = createAxis(SCROLL_TRAVEL_PX);
      scrolled = part;
      scroll(isPart ? part.scrollTop : scrollY);
    }),
  );
}
