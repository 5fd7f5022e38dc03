/** Follows an anchor through scrolling, re-rendering and things that come to lie over it. */
import { find, isDrawn } from './anchor';
import type { Box } from './place';
import type { Anchor } from './types';

const LOOK_EVERY_MS = 400;
/** A page that is still loading has this long to bring the element. */
export const MISSING_AFTER_MS = 5_000;

export interface Followed {
  element: Element;
  box: Box;
  /** Whether something else of the page lies over all of it. */
  covered: boolean;
}

/** `hidden`: it may be seen yet, once the visitor opens what it is in. */
export type Absence = 'missing' | 'hidden';

export interface FollowHooks {
  moved(found: Followed | null): void;
  /** It did not come in time, or is there without being drawn. It is still looked for. */
  absent(how: Absence): void;
}

/** The element that a click at this place would reach, through open shadow roots. */
function topAt(x: number, y: number): Element | null {
  let top = document.elementFromPoint(x, y);
  while (top?.shadowRoot) {
    const inner: Element | null = top.shadowRoot.elementFromPoint(x, y);
    if (!inner || inner === top) break;
    top = inner;
  }
  return top;
}

const isOurs = (element: Element): boolean =>
  element.localName === 'overture-widget' ||
  (element.getRootNode() as ShadowRoot).host?.localName === 'overture-widget';

function isRelated(top: Element, element: Element): boolean {
  if (isOurs(top)) return true;
  for (
    let it: Node | null = top;
    it;
    it = it.parentNode ?? ((it as ShadowRoot).host as Node | undefined) ?? null
  ) {
    if (it === element) return true;
  }
  return top.contains(element) || (element as HTMLInputElement).labels?.[0]?.contains(top) === true;
}

export function isCovered(element: Element, box: Box): boolean {
  const x = (box.left + box.right) / 2;
  const y = (box.top + box.bottom) / 2;
  const points: [number, number][] = [
    [x, y],
    [box.left + 3, box.top + 3],
    [box.right - 3, box.top + 3],
    [box.left + 3, box.bottom - 3],
    [box.right - 3, box.bottom - 3],
  ];
  const tops = points
    .filter(([left, top]) => left >= 0 && top >= 0 && left < innerWidth && top < innerHeight)
    .map(([left, top]) => topAt(left, top))
    .filter((it): it is Element => it !== null);
  return tops.length > 0 && tops.every((top) => !isRelated(top, element));
}

export function follow(anchor: Anchor, hooks: FollowHooks): () => void {
  let element: Element | null = null;
  let waiting = false;
  let told: Absence | null = null;
  let stopped = false;
  let seenMs = performance.now();
  const observer = new MutationObserver(later);
  const observed = new WeakSet<Node>();

  function observe(node: Node): void {
    if (observed.has(node)) return;
    observed.add(node);
    observer.observe(node, {
      childList: true,
      subtree: true,
      attributes: true,
      attributeFilter: ['class', 'style', 'hidden', 'open', 'aria-hidden'],
    });
  }

  function look(): void {
    if (stopped) return;
    if (!element?.isConnected || !isDrawn(element)) element = find(anchor)?.element ?? null;
    const how: Absence = element ? 'hidden' : 'missing';
    if (element && !isDrawn(element)) element = null;
    if (!element) {
      if (told !== how && performance.now() - seenMs >= MISSING_AFTER_MS) {
        told = how;
        hooks.absent(how);
      }
      if (!stopped) hooks.moved(null);
      return;
    }
    told = null;
    seenMs = performance.now();
    const root = element.getRootNode();
    if (root instanceof ShadowRoot) observe(root);
    const { left, top, right, bottom } = element.getBoundingClientRect();
    const box = { left, top, right, bottom };
    hooks.moved({ element, box, covered: isCovered(element, box) });
  }

  function later(): void {
    if (waiting || stopped) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      look();
    });
  }

  const options = { capture: true, passive: true };
  document.addEventListener('scroll', later, options);
  document.addEventListener('focusin', later, options);
  document.addEventListener('transitionend', later, options);
  addEventListener('resize', later, options);
  observe(document.documentElement);
  const timer = setInterval(later, LOOK_EVERY_MS);
  later();

  return () => {
    stopped = true;
    clearInterval(timer);
    observer.disconnect();
    document.removeEventListener('scroll', later, options);
    document.removeEventListener('focusin', later, options);
    document.removeEventListener('transitionend', later, options);
    removeEventListener('resize', later, options);
  };
}
