/** What of the page must stay free: the field in use, primary buttons, cookie banners, other chat bubbles. */
import { listen } from '../capture/listen';
import type { Host } from './host';

const OWN = 'overture-widget';
const MARGIN_PX = 8;
const CHECK_MS = 150;
/** Cookie banners and bubbles come late, and tell nobody. */
const LOOK_AGAIN_MS = 1_500;

/** What sends a form, and what the page names; elsewhere a button counts when it is drawn as one. */
const PRIMARY = '[type=submit],[type=image],form button:not([type]),[data-primary]';
const BUTTONS = 'button,[type=button],[role=button]';
/** What asks for consent. */
const CONSENT = '[id*=cookie i],[class*=cookie i],[id*=consent i],[class*=consent i]';

/** The focused field of the page, or the frame that may hold it; `null` when the focus is on no field. */
export function focusedField(): Element | null {
  let active = document.activeElement;
  while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
  if (!active || (active.getRootNode() as ShadowRoot).host?.localName === OWN) return null;
  const field = active.matches('input,select,textarea,iframe') || (active as HTMLElement).isContentEditable;
  return field ? active : null;
}

/** Whether a button has a background of its own: links and icons in a bar have none. */
function isFilled(button: Element): boolean {
  const { backgroundColor, backgroundImage } = getComputedStyle(button);
  return !backgroundColor.endsWith(' 0)') || backgroundImage !== 'none';
}

/**
 * The first thing in the way of `element` where it is now. Buttons are looked for by what they are, however small they
 * are, all else by hit tests `step` pixels apart; in the page and in the open shadow roots that lie under `element`.
 */
export function inTheWay(
  host: Pick<Host, 'element' | 'avoid'>,
  element: Element,
  step: number,
  also: Element | null = null,
): Element | null {
  const box = element.getBoundingClientRect();
  const meets = (own?: DOMRect): boolean =>
    !!own?.width &&
    own.left < box.right + MARGIN_PX &&
    own.right > box.left - MARGIN_PX &&
    own.top < box.bottom + MARGIN_PX &&
    own.bottom > box.top - MARGIN_PX;
  for (const it of [focusedField(), also]) if (meets(it?.getBoundingClientRect())) return it;
  const primary = [PRIMARY, ...host.avoid].join();
  const free = new Set<Element>([host.element, document.body, document.documentElement]);
  const columns = Math.ceil(box.width / step) || 1;
  const rows = Math.ceil(box.height / step) || 1;
  const roots: (Document | ShadowRoot)[] = [document];
  for (const root of roots) {
    const hits = (x: number, y: number): Element[] => root.elementsFromPoint?.(x, y) ?? [];
    for (const it of root.querySelectorAll(`${primary},${BUTTONS}`)) {
      const own = it.getBoundingClientRect();
      if (
        meets(own) &&
        (it.matches(primary) || isFilled(it)) &&
        // Not one of a closed menu or of what is scrolled away.
        hits((own.left + own.right) / 2, (own.top + own.bottom) / 2).includes(it)
      )
        return it;
    }
    for (let at = 0; at < (columns + 1) * (rows + 1); at += 1) {
      const x = box.left + (box.width * (at % (columns + 1))) / columns;
      const y = box.top + (box.height * Math.floor(at / (columns + 1))) / rows;
      for (const hit of hits(x, y)) {
        const inner = hit.shadowRoot;
        if (inner && inner !== host.element.shadowRoot && !roots.includes(inner)) roots.push(inner);
        for (let it: Element | null = hit; it && !free.has(it); it = it.parentElement) {
          free.add(it);
          const own: DOMRect = it.getBoundingClientRect();
          const { position, display } = getComputedStyle(it);
          // Bubbles and bars at the foot of the page; not its head, and not an app that fills it.
          const low: boolean = own.top > innerHeight * 0.4 && /fixed|sticky/.test(position);
          // A shadow root may paint far from its element.
          const far: boolean =
            it === hit && (own.bottom < y - 1 || own.top > y + 1) && display !== 'contents';
          if (low || far || it.matches(CONSENT)) return it;
        }
      }
    }
  }
  return null;
}

/**
 * Sets `attribute` of `element` to the first of `places` that is `free`, or to the last one. It tries them unseen: what
 * is not visible does not move, and the page counts no layout shift.
 */
export function settle(
  element: HTMLElement,
  attribute: string,
  places: string[],
  free: (place: string) => boolean,
): void {
  const [best = ''] = places;
  if (element.getAttribute(attribute) === best && free(best)) return;
  element.style.visibility = 'hidden';
  for (const place of places) {
    element.setAttribute(attribute, place);
    if (free(place)) break;
  }
  element.style.visibility = '';
}

/** Calls `check` whenever the focus, the layout or what lies on the page may have changed; not while ours is pressed. */
export function watchPage(check: () => void): void {
  let waiting = false;
  const later = (): void => {
    if (waiting) return;
    waiting = true;
    setTimeout(() => {
      waiting = false;
      requestAnimationFrame(() => (document.querySelector(`${OWN}:active`) ? later() : check()));
    }, CHECK_MS);
  };
  // A press gives its target the focus before it is a click.
  listen('focusin', ({ target }) => ((target as Element).localName === OWN ? later() : check()));
  listen('focusout scroll visibilitychange', later);
  listen('resize', later, window);
  setInterval(() => document.hidden || later(), LOOK_AGAIN_MS);
}
