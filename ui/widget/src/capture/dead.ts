/** Clicks on something that looks alive and does nothing (dead), or answers late (slow). */
import { inputType, interactiveAncestor, isTextField, sourceOf, targetHash } from './target';
import { listen, type Recorder, type Stop } from './recorder';

export const SLOW_MS = 3_000;
export const DEAD_MS = 7_000;
const PENDING_MAX = 20;

/** Things that show no change in the page when they work. */
function mayStaySilent(element: Element, event: MouseEvent): boolean {
  if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return true;
  const link = element.closest('a[href],area[href]');
  if (link) {
    const target = link.getAttribute('target');
    if (target && target !== '_self') return true;
    if (link.hasAttribute('download') || !/^https?:$/.test((link as HTMLAnchorElement).protocol)) return true;
  }
  if (isTextField(element) || element.closest('label,select,option,audio,video')) return true;
  if (['checkbox', 'radio', 'range', 'color', 'file'].includes(inputType(element))) return true;
  return (getSelection()?.toString() ?? '') !== '';
}

interface Pending {
  target: string;
  atMs: number;
  timer: ReturnType<typeof setTimeout>;
}

/** A link to another page answers by leaving, however long the next page takes. */
function leavesPage(element: Element, event: Event): boolean {
  const link = element.closest<HTMLAnchorElement>('a[href],area[href]');
  return link !== null && !event.defaultPrevented && link.href.split('#')[0] !== location.href.split('#')[0];
}

export function captureDeadClicks(record: Recorder): Stop {
  let pending: Pending[] = [];
  /** The page may answer a press already, before the click is complete. */
  let pressed = false;
  let answeredPress = false;

  const observer = new MutationObserver(answered);
  const observe = (): void =>
    observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });

  function clear(): void {
    for (const it of pending) clearTimeout(it.timer);
    pending = [];
    observer.disconnect();
  }

  function answered(): void {
    answeredPress = true;
    const now = Date.now();
    const late = pending.filter((it) => now - it.atMs > SLOW_MS);
    clear();
    for (const it of late) record('overture:slow_click', { target: it.target });
  }

  function press(): void {
    pressed = true;
    answeredPress = false;
    observe();
  }

  function click(event: Event): void {
    const skip = pressed && answeredPress;
    pressed = false;
    const source = sourceOf(event);
    const element = source && interactiveAncestor(source);
    if (!element || skip || pending.length >= PENDING_MAX || mayStaySilent(element, event as MouseEvent)) {
      if (!pending.length) observer.disconnect();
      return;
    }
    const target = targetHash(element);
    const timer = setTimeout(() => {
      pending = pending.filter((it) => it.timer !== timer);
      if (!pending.length) observer.disconnect();
      if (!leavesPage(element, event)) record('overture:dead_click', { target });
    }, DEAD_MS);
    pending.push({ target, atMs: Date.now(), timer });
    observe();
  }

  const stops = [
    listen(document, ['pointerdown'], press),
    listen(document, ['click'], click),
    listen(document, ['scroll', 'invalid', 'submit', 'toggle', 'copy', 'fullscreenchange'], answered),
    listen(window, ['hashchange', 'popstate', 'blur'], answered),
    listen(window, ['pagehide'], clear),
    listen(document, ['visibilitychange'], clear),
    clear,
  ];
  return () => stops.forEach((stop) => stop());
}
