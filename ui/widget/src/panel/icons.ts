/** The icons of the panel and of offers: the ways to get help, and arrows. */
import { drawIcon } from '../ui/icons';
import type { OptionKind } from '../types';

const WAYS: Record<OptionKind, string> = {
  chat: 'M20 12a7.5 7.5 0 0 1-11 6.6L4 20l1.4-4.6A7.5 7.5 0 1 1 20 12ZM9 12h.01M12.5 12h.01M16 12h.01',
  callback:
    'M6.5 4h3l1.5 4-2 1.5a11 11 0 0 0 5.5 5.5l1.5-2 4 1.5v3a2 2 0 0 1-2 2A16 16 0 0 1 4.5 6a2 2 0 0 1 2-2Z',
  smart_pause: 'M9 5v14M15 5v14',
  faq: 'M12 6.5c-2-1.5-5-1.5-8-1v13c3-.5 6-.5 8 1 2-1.5 5-1.5 8-1v-13c-3-.5-6-.5-8 1Zm0 0v13',
};

/** It points forward, so it turns where text runs from right to left. */
function pointing(path: string): SVGSVGElement {
  const icon = drawIcon(path);
  icon.classList.add('turns');
  return icon;
}

export const wayIcon = (way: OptionKind): SVGSVGElement => drawIcon(WAYS[way]);
export const backIcon = (): SVGSVGElement => pointing('M14.5 5.5 8 12l6.5 6.5');
export const nextIcon = (): SVGSVGElement => pointing('M9.5 5.5 16 12l-6.5 6.5');
export const closeIcon = (): SVGSVGElement => drawIcon('M6 6l12 12M18 6 6 18');
export const sendIcon = (): SVGSVGElement => pointing('M4.5 12 20 4.5 16 20l-4.5-6.5ZM11.5 13.5 20 4.5');
