/** Where a capture module puts its facts, and what it returns to be stopped. */
export type Recorder = (name: string, properties: Record<string, unknown>) => void;
export type Stop = () => void;

/** Adds passive listeners in the capture phase, so that a page that stops events does not blind us. */
export function listen(target: EventTarget, types: string[], handler: (event: Event) => void): Stop {
  const options = { capture: true, passive: true };
  for (const type of types) target.addEventListener(type, handler, options);
  return () => {
    for (const type of types) target.removeEventListener(type, handler, options);
  };
}
