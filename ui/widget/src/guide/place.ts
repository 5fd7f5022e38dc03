/** Where a card goes beside its anchor: pure arithmetic in CSS pixels of the viewport. */
import type { Placement } from './types';

export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

export interface Size {
  width: number;
  height: number;
}

export type Side = 'top' | 'bottom' | 'left' | 'right';

export interface Place {
  left: number;
  top: number;
  /** The side of the anchor the card stands on; `null`: in a corner, without an arrow. */
  side: Side | null;
  /** Where along that side the arrow points, from the card's left or top edge. */
  arrow: number;
  /** The side, or which corner: the same place again after the page has moved. */
  name: string;
}

const GAP = 12;
const EDGE = 8;
const ARROW_EDGE = 18;

const overlaps = (a: Box, b: Box): boolean =>
  a.left < b.right && a.right > b.left && a.top < b.bottom && a.bottom > b.top;

const clamp = (value: number, low: number, high: number): number =>
  Math.max(low, Math.min(value, Math.max(low, high)));

const boxAt = (left: number, top: number, size: Size): Box => ({
  left,
  top,
  right: left + size.width,
  bottom: top + size.height,
});

function sidesOf(wanted: Placement, isRtl: boolean): Side[] {
  const start: Side = isRtl ? 'right' : 'left';
  const end: Side = isRtl ? 'left' : 'right';
  const first: Side[] = { auto: [], top: ['top'], bottom: ['bottom'], start: [start], end: [end] }[
    wanted
  ] as Side[];
  return [...new Set<Side>([...first, 'bottom', 'top', end, start])];
}

function beside(anchor: Box, size: Size, view: Size, side: Side): Place {
  const middleX = (anchor.left + anchor.right) / 2;
  const middleY = (anchor.top + anchor.bottom) / 2;
  const isUpright = side === 'top' || side === 'bottom';
  const left = isUpright
    ? clamp(middleX - size.width / 2, EDGE, view.width - size.width - EDGE)
    : side === 'left'
      ? anchor.left - GAP - size.width
      : anchor.right + GAP;
  const top = isUpright
    ? side === 'top'
      ? anchor.top - GAP - size.height
      : anchor.bottom + GAP
    : clamp(middleY - size.height / 2, EDGE, view.height - size.height - EDGE);
  const arrow = isUpright
    ? clamp(middleX - left, ARROW_EDGE, size.width - ARROW_EDGE)
    : clamp(middleY - top, ARROW_EDGE, size.height - ARROW_EDGE);
  return { left, top, side, arrow, name: side };
}

/** The corners, the one opposite the start of reading last: where cards without an arrow stand. */
function corners(size: Size, view: Size, isRtl: boolean): Place[] {
  const far = view.width - size.width - EDGE;
  const [end, start] = isRtl ? [EDGE, far] : [far, EDGE];
  const low = view.height - size.height - EDGE;
  return [
    [end, low],
    [end, EDGE],
    [start, low],
    [start, EDGE],
  ].map(([left = 0, top = 0], at) => ({
    left: Math.max(EDGE, left),
    top: Math.max(EDGE, top),
    side: null,
    arrow: 0,
    name: `corner ${at}`,
  }));
}

/**
 * The places for a card of `size`, best first: wholly on the screen and never over the anchor. Where the screen is too
 * small for that, the corner where reading ends is the only one.
 */
export function places(
  anchor: Box | null,
  size: Size,
  view: Size,
  wanted: Placement,
  isRtl: boolean,
): [Place, ...Place[]] {
  const seen =
    anchor && anchor.bottom > 0 && anchor.top < view.height && anchor.right > 0 && anchor.left < view.width;
  const inCorners = corners(size, view, isRtl);
  const all = [
    ...(seen ? sidesOf(wanted, isRtl).map((side) => beside(anchor, size, view, side)) : []),
    ...inCorners,
  ];
  const [first = inCorners[0] as Place, ...others] = all.filter(({ left, top }) => {
    const box = boxAt(left, top, size);
    const isOnScreen =
      left >= EDGE - 1 &&
      top >= EDGE - 1 &&
      box.right <= view.width - EDGE + 1 &&
      box.bottom <= view.height - EDGE + 1;
    return isOnScreen && !(seen && overlaps(box, anchor));
  });
  return [first, ...others];
}
