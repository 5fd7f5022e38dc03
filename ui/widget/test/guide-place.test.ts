import { describe, expect, test } from 'vitest';
import { places, type Box, type Size } from '../src/guide/place';
import type { Placement } from '../src/guide/types';

const WIDE: Size = { width: 1440, height: 900 };
const PHONE: Size = { width: 360, height: 740 };
const CARD: Size = { width: 320, height: 180 };

const box = (left: number, top: number, width: number, height: number): Box => ({
  left,
  top,
  right: left + width,
  bottom: top + height,
});

const best = (...of: Parameters<typeof places>) => places(...of)[0];

describe('the place of a card', () => {
  test.each<[string, Placement, boolean, string]>([
    ['auto', 'auto', false, 'bottom'],
    ['top', 'top', false, 'top'],
    ['start is left', 'start', false, 'left'],
    ['start is right where writing runs from right to left', 'start', true, 'right'],
    ['end', 'end', false, 'right'],
  ])('%s', (_, wanted, isRtl, side) => {
    expect(best(box(700, 400, 120, 40), CARD, WIDE, wanted, isRtl).side).toBe(side);
  });

  test('goes to the other side where the wanted one has no room', () => {
    expect(best(box(700, 10, 120, 40), CARD, WIDE, 'top', false).side).toBe('bottom');
    expect(best(box(20, 400, 120, 40), CARD, WIDE, 'start', false).side).toBe('bottom');
  });

  test('is on the screen and off the anchor, wherever the anchor is', () => {
    for (const view of [WIDE, PHONE]) {
      for (let left = -60; left < view.width; left += 37) {
        for (let top = -30; top < view.height; top += 41) {
          const anchor = box(left, top, 150, 44);
          for (const isRtl of [false, true]) {
            for (const at of places(anchor, CARD, view, 'auto', isRtl)) {
              expect(at.left).toBeGreaterThanOrEqual(7);
              expect(at.left + CARD.width).toBeLessThanOrEqual(view.width - 7);
              expect(at.top).toBeGreaterThanOrEqual(7);
              expect(at.top + CARD.height).toBeLessThanOrEqual(view.height - 7);
              const isApart =
                at.left >= anchor.right ||
                at.left + CARD.width <= anchor.left ||
                at.top >= anchor.bottom ||
                at.top + CARD.height <= anchor.top;
              expect(isApart, `${left},${top} in ${view.width}`).toBe(true);
            }
          }
        }
      }
    }
  });

  test('without an anchor stands in the corner where reading ends', () => {
    expect(best(null, CARD, WIDE, 'auto', false)).toMatchObject({
      side: null,
      left: 1440 - 328,
      top: 900 - 188,
    });
    expect(best(null, CARD, WIDE, 'auto', true)).toMatchObject({ side: null, left: 8 });
  });
});
