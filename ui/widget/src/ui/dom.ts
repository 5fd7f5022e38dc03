/** Builds elements without ever parsing text as HTML. */
type Child = Node | string | null | undefined | false;
type Props = Record<string, string | boolean | number | ((event: Event) => void) | undefined>;

const SVG = 'http://www.w3.org/2000/svg';
type Tags = HTMLElementTagNameMap & Pick<SVGElementTagNameMap, 'svg' | 'path'>;

/** `on...` functions become listeners, `true` an empty attribute, `false` and `undefined` nothing. */
export function h<Tag extends keyof Tags>(tag: Tag, props: Props = {}, ...children: Child[]): Tags[Tag] {
  const element = /^(svg|path)$/.test(tag) ? document.createElementNS(SVG, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (typeof value === 'function') element.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== false)
      element.setAttribute(name, value === true ? '' : String(value));
  }
  for (const child of children) if (child) element.append(child);
  return element as Tags[Tag];
}

/** Replaces text only when it changed, so that a screen reader is not told twice. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

export function setChildren(element: Element, ...children: Child[]): void {
  element.replaceChildren(...children.filter((child): child is Node | string => Boolean(child)));
}
