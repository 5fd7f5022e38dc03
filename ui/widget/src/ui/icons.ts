/** The icons of the page part, as paths on a 24 by 24 grid. */
const SVG = 'http://www.w3.org/2000/svg';

export const PATHS = {
  help: 'M21 12a8.5 8.5 0 0 1-12.4 7.6L3.5 21l1.4-4.8A8.5 8.5 0 1 1 21 12ZM10 9.6a2.3 2.3 0 1 1 3.4 2c-.8.4-1 .8-1 1.5M12.4 15.8v.1',
  chat: 'M20 12a7.5 7.5 0 0 1-11 6.6L4 20l1.4-4.6A7.5 7.5 0 1 1 20 12ZM9 12h.01M12.5 12h.01M16 12h.01',
  callback:
    'M6.5 4h3l1.5 4-2 1.5a11 11 0 0 0 5.5 5.5l1.5-2 4 1.5v3a2 2 0 0 1-2 2A16 16 0 0 1 4.5 6a2 2 0 0 1 2-2Z',
  faq: 'M12 6.5c-2-1.5-5-1.5-8-1v13c3-.5 6-.5 8 1 2-1.5 5-1.5 8-1v-13c-3-.5-6-.5-8 1Zm0 0v13',
  close: 'M6 6l12 12M18 6 6 18',
  send: 'M4.5 12 20 4.5 16 20l-4.5-6.5ZM11.5 13.5 20 4.5',
};

export function drawIcon(path: string, turns: boolean): SVGSVGElement {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  svg.setAttribute('class', turns ? 'icon turns' : 'icon');
  const shape = document.createElementNS(SVG, 'path');
  shape.setAttribute('d', path);
  svg.append(shape);
  return svg;
}

/** `send` points forward, so it turns where text runs from right to left. */
export const icon = (name: keyof typeof PATHS): SVGSVGElement => drawIcon(PATHS[name], name === 'send');
