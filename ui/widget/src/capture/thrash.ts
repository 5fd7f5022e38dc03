/** Impatient to and fro of the pointer or the scroll position. */
import { listen, type Recorder, type Stop } from './recorder';

const REVERSALS = 4;
const WINDOW_MS = 2_000;
const QUIET_MS = 5_000;
/** Shorter movements are a trembling hand, not a change of mind. */
const POINTER_TRAVEL_PX = 40;
const SCROLL_TRAVEL_PX = 100;

/** Follows one axis; returns true when the direction turned after a real movement. */
function createAxis(travelPx: number) {
  let extreme: number | null = null;
  let direction = 0;
  return (position: number): boolean => {
    if (extreme === null) extreme = position;
    const moved = position - extreme;
    if (direction !== 0 && Math.sign(moved) === direction) extreme = position;
    if (Math.abs(moved) < travelPx || Math.sign(moved) === direction) return false;
    const turned = direction !== 0;
    direction = Math.sign(moved);
    extreme = position;
    return turned;
  };
}

export function captureThrash(record: Recorder): Stop {
  const axes = {
    x: createAxis(POINTER_TRAVEL_PX),
    y: createAxis(POINTER_TRAVEL_PX),
    scroll: createAxis(SCROLL_TRAVEL_PX),
  };
  const turns: Record<keyof typeof axes, number[]> = { x: [], y: [], scroll: [] };
  let quietUntilMs = 0;

  function follow(axis: keyof typeof axes, position: number): void {
    if (!axes[axis](position)) return;
    const now = Date.now();
    turns[axis] = turns[axis].filter((at) => now - at < WINDOW_MS).concat(now);
    if (turns[axis].length < REVERSALS || now < quietUntilMs) return;
    turns[axis] = [];
    quietUntilMs = now + QUIET_MS;
    record('overture:thrash', {});
  }

  const stops = [
    listen(document, ['pointermove'], (event) => {
      const { clientX, clientY, buttons, pointerType } = event as PointerEvent;
      if (buttons !== 0 || pointerType === 'touch') return; // Dragging is work, not thrashing.
      follow('x', clientX);
      follow('y', clientY);
    }),
    listen(document, ['scroll'], () => follow('scroll', scrollY)),
  ];
  return () => stops.forEach((stop) => stop());
}
