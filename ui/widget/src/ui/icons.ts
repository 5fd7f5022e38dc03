/** Draws icons from paths on a 24 by 24 grid; the page part has one. */
import { h } from './dom';

export const drawIcon = (path: string): SVGSVGElement =>
  h('svg', { viewBox: '0 0 24 24', 'aria-hidden': 'true', class: 'icon' }, h('path', { d: path }));

export const helpIcon = (): SVGSVGElement =>
  drawIcon(
    'M21 12a8.5 8.5 0 0 1-12.4 7.6L3.5 21l1.4-4.8A8.5 8.5 0 1 1 21 12ZM10 9.6a2.3 2.3 0 1 1 3.4 2c-.8.4-1 .8-1 1.5M12.4 15.8v.1',
  );
