/** Keeps what we show off the field the visitor is working in. */

const MARGIN_PX = 8;

/** The focused field of the page, or the frame that may hold it; `null` when the focus is on no field. */
export function focusedField(): Element | null {
  let active = document.activeElement;
  while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
  if (!active || (active.getRootNode() as ShadowRoot).host?.localName === 'overture-widget') return null;
  const field = active.matches('input,select,textarea,iframe') || (active as HTMLElement).isContentEditable;
  return field ? active : null;
}

function covers(element: Element, field: Element): boolean {
  const a = element.getBoundingClientRect();
  const b = field.getBoundingClientRect();
  return (
    a.left < b.right + MARGIN_PX &&
    a.right > b.left - MARGIN_PX &&
    a.top < b.bottom + MARGIN_PX &&
    a.bottom > b.top - MARGIN_PX
  );
}

/**
 * Sets `attribute` of `element` to the first of `places` that leaves the focused field free, or to the last one.
 * The first two places are as good as each other: `element` stays where it is while it can.
 */
export function keepClear(element: HTMLElement, attribute: string, places: string[]): void {
  const before = element.getAttribute(attribute) ?? '';
  const order = places.indexOf(before) < 2 ? [before, ...places] : places;
  const field = focusedField();
  for (const place of order) {
    element.setAttribute(attribute, place);
    if (!field || !covers(element, field)) return;
  }
}

/** Calls `check` whenever the focus or the layout may have changed. */
export function watchFocus(check: () => void): void {
  let waiting = false;
  const later = (): void => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      check();
    });
  };
  const options = { capture: true, passive: true };
  document.addEventListener('focusin', check, options);
  document.addEventListener('focusout', later, options);
  document.addEventListener('scroll', later, options);
  addEventListener('resize', later, options);
}
