/** How everything here listens. */
export type Stop = () => void;

const OPTIONS = { capture: true, passive: true };

/**
 * Adds or takes away passive listeners in the capture phase: a page that stops events does not blind us.
 * `types` are names with spaces between them.
 */
export function attach(
  on: boolean,
  target: EventTarget,
  types: string,
  handler: (event: Event) => void,
): void {
  for (const type of types.split(' '))
    target[on ? 'addEventListener' : 'removeEventListener'](type, handler, OPTIONS);
}

export function listen(types: string, handler: (event: Event) => void, target: EventTarget = document): Stop {
  attach(true, target, types, handler);
  return () => attach(false, target, types, handler);
}

/** Time that no change of the clock disturbs. */
export const nowMs = (): number => performance.now();

export const together =
  (...stops: Stop[]): Stop =>
  () =>
    stops.forEach((stop) => stop());
