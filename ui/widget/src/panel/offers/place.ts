/** Finds the place of a card. */
import type { Host } from '../../ui/host';
import { inTheWay, settle } from '../../ui/place';

/** Hit tests are this far apart; buttons are looked for besides, however small. */
const STEP_PX = 40;
/** A card with less room than this shows too little to choose from. */
const SHORT_MIN_PX = 160;
/** Room is taken away so often, until what is left is free. */
const SHORTER_MAX = 4;
const GAP_PX = 12;

/**
 * Puts `element` at the first of `places` that is free, or at the last one; where it already is counts as the first
 * while it stands at the head in full or is a short one. `up` in a place lifts it above what is fixed at the foot of
 * the page, `short` takes away as much of its height as is in the way. `also` must stay free, too.
 */
export function keepClear(host: Host, element: HTMLElement, places: string[], also: Element | null): void {
  const look = (): Element | null => inTheWay(host, element, STEP_PX, also);
  const now = element.dataset.edge ?? '';
  const stays = places.includes(now) && /^top$|short/.test(now);
  // A short one keeps its height, and what was scrolled into view in it.
  if (stays && !look()) return;
  let lift = 0;
  settle(element, 'data-edge', stays ? [now, ...places] : places, (place) => {
    const up = place.endsWith('up');
    if (up && !lift) return false;
    const short = place.endsWith('short');
    element.style.setProperty('--lift', `${up || (short && place.startsWith('bottom')) ? lift : 0}px`);
    element.style.removeProperty('--room');
    const found = look();
    if (!found) return true;
    if (short) return shorten(element, place.startsWith('top'), found, look);
    const { top } = found.getBoundingClientRect();
    if (getComputedStyle(found).position === 'fixed' && top > innerHeight * 0.6)
      lift = Math.max(lift, Math.round(innerHeight - top));
    return false;
  });
}

/** Takes away height until nothing is in the way; false when too little would be left. */
function shorten(
  element: HTMLElement,
  fromTop: boolean,
  found: Element | null,
  look: () => Element | null,
): boolean {
  for (let time = 0; found && time < SHORTER_MAX; time += 1) {
    const own = element.getBoundingClientRect();
    const other = found.getBoundingClientRect();
    const room = (fromTop ? other.top - own.top : own.bottom - other.bottom) - GAP_PX;
    if (room < SHORT_MIN_PX) return false;
    element.style.setProperty('--room', `${Math.floor(room)}px`);
    found = look();
  }
  return !found;
}
