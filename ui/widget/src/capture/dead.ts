/** Clicks on something that looks alive and does nothing (dead), or answers late (slow). */
import { fnv1a } from '../ids';
import {
  IGNORE,
  interactiveAncestor,
  isChosen,
  isMarking,
  isPicked,
  isTextField,
  listenToClicks,
  PLAYED,
  targetHash,
} from './target';
import { attach, documents, listen, nowMs, together, visitor, type Recorder, type Stop } from './recorder';
import type { Thresholds } from '../types';

/** By then a click that opened something has used up the browser's leave to do so. */
const PROBE_MS = 150;
/** A page that moves the focus does it at once; later it is the visitor. */
const FOCUS_MS = 500;
/** So long after the visitor did anything, what changes changes by itself. */
const ACT_MS = 1_000;
/** Changes so close together are one, and beats so alike are one beat. */
const BURST_MS = 250;
const BEAT_MS = 100;
const PENDING_MAX = 20;
const CONTROLS_MAX = 200;

/** Answers that leave no mark in the document, as methods of interfaces; what is drawn anew is wiped before. */
const UNSEEN = [
  'Clipboard.write',
  'Clipboard.writeText',
  'HTMLMediaElement.play',
  'Element.animate',
  'CanvasRenderingContext2D.clearRect',
  'CanvasRenderingContext2D.drawImage',
  'WebGLRenderingContext.clear',
  'WebGL2RenderingContext.clear',
];
const PLAYED_ON = 'play pause seeking volumechange ratechange enterpictureinpicture leavepictureinpicture';

/** What the widget itself puts on the page: its element, and the scripts that it fetches when they are wanted. */
const isOurs = (node: Node): boolean =>
  (node as Element).matches?.(`overture-widget,script[${IGNORE}]`) === true;

function isByUs({ target, addedNodes, removedNodes }: MutationRecord): boolean {
  const nodes = [...addedNodes, ...removedNodes];
  return nodes.length ? nodes.every(isOurs) : isOurs(target);
}

/** Hears what a page calls while a click waits for its answer; the calls themselves go on as they are. */
function overhear(heard: (self: EventTarget) => void): Stop {
  const stops: Stop[] = [];
  for (const { defaultView } of documents()) {
    for (const it of UNSEEN) {
      const [name, method] = it.split('.') as [string, string];
      const { prototype } = Object((defaultView as unknown as Record<string, unknown> | null)?.[name]);
      const before = prototype?.[method];
      if (!before) continue;
      const after = function (this: EventTarget, ...values: unknown[]): unknown {
        // Later, for nothing of ours may come between the page and its own call.
        queueMicrotask(() => heard(this));
        return before.apply(this, values);
      };
      Reflect.set(prototype, method, after);
      stops.push(() => prototype[method] === after && Reflect.set(prototype, method, before));
    }
  }
  return together(...stops);
}

/** Things that show no change in the page when they work. */
function mayStaySilent(element: Element, source: Element, event: MouseEvent): boolean {
  if (event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return true;
  const link = linkOf(element);
  if (link) {
    // To another window, to a program, or to where the visitor is already.
    if (!/^(_self)?$/.test(link.target) || link.hasAttribute('download') || !/^https?:$/.test(link.protocol))
      return true;
    if (link.hash[1] && !leavesPage(link, event) && link.ownerDocument.getElementById(link.hash.slice(1)))
      return true;
  }
  if (isTextField(element) || isPicked(element) || isChosen(source)) return true;
  if (element.matches(`label,select,option,${PLAYED}`) || isMarking()) return true;
  // A component that shows nobody what is in it.
  if (element.localName.includes('-') && !element.shadowRoot && element.matches(':defined')) return true;
  // A command for the editor that has the focus: what it changes may be what is written next.
  return (document.activeElement as HTMLElement | null)?.isContentEditable === true;
}

const linkOf = (element: Element): HTMLAnchorElement | null => element.closest('a[href],area[href]');

/** A link to another page answers by leaving, however long the next page takes. */
function leavesPage(element: Element, event: Event): boolean {
  const [here, there] = [location, linkOf(element) ?? location].map(({ href }) => href.split('#')[0]);
  return !event.defaultPrevented && here !== there;
}

/** What stands in the fields, as a number that is compared here and goes nowhere: a page may set it silently. */
function fieldsNow(): string {
  const controls = documents().flatMap((it) => [
    ...it.querySelectorAll<HTMLInputElement>('input,textarea,select'),
  ]);
  return fnv1a(
    controls
      .slice(0, CONTROLS_MAX)
      .map((it) => it.value + it.checked)
      .join(),
  );
}

interface Pending {
  target: string;
  atMs: number;
  fields: string;
  timers: ReturnType<typeof setTimeout>[];
}

/** How a thing changes: in bursts, `own` where nobody asked for them, with the last distances between those. */
interface Beat {
  startMs: number;
  lastMs: number;
  gapsMs: number[];
  own: boolean;
}

export function captureDeadClicks(
  record: Recorder,
  { slow_click_ms: slowMs, dead_click_ms: deadMs }: Thresholds,
): Stop {
  let pending: Pending[] = [];
  /** The page may answer a press already, before the click is complete. */
  let pressed = false;
  let answeredPress = false;
  let deaf: Stop | undefined;
  const beats = new WeakMap<EventTarget, Beat>();

  /** Whether a thing that changes now does so by itself: nobody did anything, or it keeps a beat. */
  function isOwn(it: EventTarget): boolean {
    const now = nowMs();
    const idle = !pending.length && now - visitor.movedMs > ACT_MS;
    const beat = beats.get(it) ?? { startMs: now, lastMs: -Infinity, gapsMs: [], own: false };
    beats.set(it, beat);
    if (now - beat.lastMs > BURST_MS) {
      const gapMs = now - beat.startMs;
      beat.own = idle || beat.gapsMs.some((known) => Math.abs(known - gapMs) < BEAT_MS);
      // Two, for what goes on and off.
      if (beat.own) beat.gapsMs = [gapMs, ...beat.gapsMs].slice(0, 2);
      beat.startMs = now;
    }
    beat.lastMs = now;
    return (beat.own ||= idle);
  }

  const observer = new MutationObserver((changes) => {
    // Each is looked at, so that every beat is known.
    if (changes.filter((it) => !isByUs(it) && !isOwn(it.target)).length) answered();
  });

  /** Looks and listens for an answer: in the page, its frames, and the open shadow roots in them. */
  function attend(): void {
    const roots: (Document | ShadowRoot)[] = documents();
    for (const root of roots) {
      observer.observe(root, { subtree: true, childList: true, attributes: true, characterData: true });
      for (const { shadowRoot, localName } of root.querySelectorAll('*'))
        if (shadowRoot && localName !== 'overture-widget') roots.push(shadowRoot);
    }
    deaf ??= overhear((self) => {
      answered();
      // A player that is not in the page: what else it does is heard by itself alone.
      if ('paused' in self) attach(true, self, PLAYED_ON, answered);
    });
  }

  function clear(): void {
    for (const it of pending) it.timers.forEach(clearTimeout);
    pending = [];
    deaf?.();
    deaf = undefined;
  }

  function answered(): void {
    answeredPress = pressed;
    const now = nowMs();
    const late = pending.filter((it) => now - it.atMs > slowMs);
    clear();
    for (const it of late) record('overture:slow_click', { target: it.target });
  }

  function press(): void {
    pressed = true;
    answeredPress = false;
    attend();
  }

  function click(event: MouseEvent, source: Element): void {
    const skip = answeredPress;
    if (!deaf && !skip) attend();
    pressed = answeredPress = false;
    // The page itself opens a file dialogue or a download for the visitor.
    if (!event.isTrusted && pending.length && source.matches('a[download],input[type=file]'))
      return answered();
    const element = interactiveAncestor(source);
    if (!element || skip || pending.length >= PENDING_MAX || mayStaySilent(element, source, event)) {
      if (!pending.length) clear();
      return;
    }
    const leave = navigator.userActivation?.isActive;
    const one: Pending = { target: targetHash(element), atMs: nowMs(), fields: fieldsNow(), timers: [] };
    const moved = (): boolean => fieldsNow() !== one.fields;
    const probe = (): void => {
      // A new tab, a share sheet, a file dialogue: what the browser grants once a click was granted.
      if ((leave && navigator.userActivation?.isActive === false) || moved()) answered();
    };
    const end = (): void => {
      if (moved()) return answered();
      pending = pending.filter((it) => it !== one);
      if (!pending.length) clear();
      if (!leavesPage(element, event)) record('overture:dead_click', { target: one.target });
    };
    one.timers = [setTimeout(probe, PROBE_MS), setTimeout(end, deadMs)];
    pending.push(one);
  }

  /** What the visitor does next is no answer of the page's. */
  function input(event: Event): void {
    if (!event.isTrusted) return answered();
    if (pending.length) {
      const fields = fieldsNow();
      for (const it of pending) it.fields = fields;
    }
  }

  function focus(): void {
    const last = pending.at(-1);
    if (last && !pressed && nowMs() - last.atMs < FOCUS_MS) answered();
  }

  const SHOWN = 'scroll invalid submit reset toggle close cancel copy cut fullscreenchange';
  const { navigation } = window as unknown as { navigation?: EventTarget };
  attend();
  clear();
  return together(
    listen('pointerdown', press),
    listenToClicks(click),
    listen(`${SHOWN} ${PLAYED_ON}`, ({ target }) => isOwn(target!) || answered()),
    listen('input change', input),
    listen('focusin', focus),
    listen('hashchange popstate beforeprint', answered, window),
    // Going into a frame takes the focus from the window, not from the page.
    listen(
      'blur',
      () => {
        if (document.activeElement?.localName !== 'iframe' || !document.hasFocus()) answered();
      },
      window,
    ),
    navigation ? listen('navigate', answered, navigation) : clear,
    listen('visibilitychange', clear),
    clear,
    () => observer.disconnect(),
  );
}
