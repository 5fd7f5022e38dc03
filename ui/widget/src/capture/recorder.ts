/** Where a capture module puts its facts, and how it listens: on the page and in frames that joined it. */
import { attach, nowMs, together, type Stop } from './listen';

export { attach, nowMs, together, type Stop };
export type Recorder = (name: string, properties: Record<string, unknown>) => void;
type Listening = [types: string, handler: (event: Event) => void];

/** A frame of the page's own origin that is to be captured like the page itself. */
export const FRAME = 'iframe[data-overture-capture]';
const shared = new Set<Listening>();
const frames = new Set<Document>();

/** The page and its frames, as far as they are captured. */
export const documents = (): Document[] => [document, ...frames];

/** Listens; what is heard on the page is heard in its frames as well. */
export function listen(types: string, handler: (event: Event) => void, target: EventTarget = document): Stop {
  const listening: Listening = [types, handler];
  const targets = (): EventTarget[] => (target === document ? documents() : [target]);
  targets().forEach((it) => attach(true, it, types, handler));
  if (target === document) shared.add(listening);
  return () => {
    shared.delete(listening);
    targets().forEach((it) => attach(false, it, types, handler));
  };
}

/** When the visitor last did anything, and anything but move the pointer. */
export const visitor = { movedMs: -Infinity, actedMs: -Infinity };

export function captureVisitor(): Stop {
  // Who comes is there.
  visitor.movedMs = nowMs();
  return listen('pointermove pointerdown keydown touchmove wheel', ({ type }) => {
    visitor.movedMs = nowMs();
    if (type !== 'pointermove') visitor.actedMs = visitor.movedMs;
  });
}

/** Captures inside a frame; one of another origin shows us nothing and is left alone. */
export function addFrame(frame: HTMLIFrameElement): void {
  for (const it of frames) if (!it.defaultView) frames.delete(it);
  const inner = frame.contentDocument;
  if (!inner || frames.has(inner) || frame.closest('[data-overture-ignore]')) return;
  frames.add(inner);
  shared.forEach((it) => attach(true, inner, ...it));
}

/** Takes in every frame that asks for it, also when it loads another page. */
export function captureFrames(): Stop {
  document.querySelectorAll<HTMLIFrameElement>(FRAME).forEach(addFrame);
  return together(
    listen('load', ({ target }) => {
      if ((target as Element).matches?.(FRAME)) addFrame(target as HTMLIFrameElement);
    }),
    () => frames.clear(),
  );
}

/** Where an event was, in pixels of the page's own window. */
export function pointOf(event: MouseEvent): { x: number; y: number } {
  let { clientX: x, clientY: y } = event;
  for (
    let inner = event.view;
    inner && inner !== window && inner.frameElement;
    inner = inner.parent as Window
  ) {
    const box = inner.frameElement.getBoundingClientRect();
    x += box.left;
    y += box.top;
  }
  return { x, y };
}
