/** Picking an element: by pointer, or by keyboard with Tab and the arrows. The page itself does nothing meanwhile. */
import type { Announce } from '../ui/further';
import type { Host } from '../ui/host';
import { h } from '../ui/dom';
import { describe, quality } from './anchor';
import type { Notices } from './preview-texts';

export interface PickerHooks {
  picked(element: Element): void;
  cancelled(): void;
}

const SWALLOWED = [
  'pointerdown',
  'mousedown',
  'pointerup',
  'mouseup',
  'click',
  'dblclick',
  'submit',
  'touchstart',
];
const STOPS =
  'a[href],button,input,select,textarea,summary,[tabindex],[role=button],h1,h2,h3,label,img,p,li,td,section,form';

/** The element under a point, through open shadow roots; never one of ours. */
function deepest(x: number, y: number): Element | null {
  let found = document.elementFromPoint(x, y);
  while (found?.shadowRoot && found.localName !== 'overture-widget') {
    const inner: Element | null = found.shadowRoot.elementFromPoint(x, y);
    if (!inner || inner === found) break;
    found = inner;
  }
  return found?.localName === 'overture-widget' ? null : found;
}

const isUsable = (element: Element): boolean =>
  !['html', 'body', 'script', 'style', 'overture-widget'].includes(element.localName) &&
  element.getClientRects().length > 0;

/** Everything worth stopping at, in the order of the page, open shadow roots included. */
function stopsIn(root: Document | ShadowRoot): Element[] {
  return Array.from(root.querySelectorAll('*')).flatMap((it) => [
    ...(it.matches(STOPS) && isUsable(it) ? [it] : []),
    ...(it.shadowRoot && it.localName !== 'overture-widget' ? stopsIn(it.shadowRoot) : []),
  ]);
}

export function createPicker(host: Host, announce: Announce, t: Notices, hooks: PickerHooks): () => void {
  let current: Element | null = null;
  const label = h('span', {});
  const box = h('div', { class: 'pick-box', 'aria-hidden': 'true', hidden: true }, label);
  host.root.append(box);

  function mark(element: Element | null, isSpoken = false): void {
    current = element && isUsable(element) ? element : current;
    if (!current?.isConnected) return;
    const { left, top, width, height } = current.getBoundingClientRect();
    box.hidden = false;
    for (const [name, value] of Object.entries({ x: left, y: top, w: width, h: height }))
      box.style.setProperty(`--${name}`, `${Math.round(value)}px`);
    const strength = quality(describe(current));
    box.dataset.quality = strength;
    const text = `<${current.localName}> ${t(strength)}`;
    label.textContent = text;
    if (isSpoken) announce(text);
  }

  const isOurs = (event: Event): boolean => event.composedPath().includes(host.element);

  function moved(event: PointerEvent): void {
    if (!isOurs(event)) mark(deepest(event.clientX, event.clientY));
  }

  function swallow(event: Event): void {
    if (isOurs(event)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (event.type !== 'click') return;
    const { clientX, clientY } = event as MouseEvent;
    mark(deepest(clientX, clientY));
    choose();
  }

  function choose(): void {
    if (!current) return;
    const element = current;
    stop();
    hooks.picked(element);
  }

  function step(by: number): void {
    const stops = stopsIn(document);
    const at = current ? stops.indexOf(current) : -1;
    const next = stops[(at + by + stops.length) % stops.length];
    next?.scrollIntoView({ block: 'nearest' });
    mark(next ?? null, true);
  }

  function pressed(event: KeyboardEvent): void {
    if (isOurs(event) && event.key !== 'Escape') return;
    const parent = current?.parentElement ?? (current?.getRootNode() as ShadowRoot | undefined)?.host ?? null;
    const actions: Record<string, () => void> = {
      Tab: () => step(event.shiftKey ? -1 : 1),
      ArrowDown: () => step(1),
      ArrowRight: () => step(1),
      ArrowLeft: () => step(-1),
      ArrowUp: () => mark(parent, true),
      Enter: choose,
      Escape: () => {
        stop();
        hooks.cancelled();
      },
    };
    const action = actions[event.key];
    if (!action) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    action();
  }

  const redraw = (): void => mark(null);
  addEventListener('pointermove', moved, true);
  addEventListener('keydown', pressed, true);
  addEventListener('scroll', redraw, true);
  for (const name of SWALLOWED) addEventListener(name, swallow, { capture: true, passive: false });

  function stop(): void {
    removeEventListener('pointermove', moved, true);
    removeEventListener('keydown', pressed, true);
    removeEventListener('scroll', redraw, true);
    for (const name of SWALLOWED) removeEventListener(name, swallow, true);
    box.remove();
  }
  return stop;
}
