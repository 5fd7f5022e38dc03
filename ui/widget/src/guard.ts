/** Whether our script is to start: once on a page, and only where the browser has what it needs. */
export function mayStart(writeKey = ''): boolean {
  const page = window as { overtureKey?: string };
  const first = page.overtureKey;
  if (first !== undefined) {
    if (first !== writeKey) console.warn('overture: second snippet left out');
    return false;
  }
  page.overtureKey = writeKey;
  if (hasWhatWeNeed()) return true;
  console.warn('overture: the browser lacks what the widget needs');
  return false;
}

/** An old browser has no shadow root or shared style sheets, and a page may have broken what we write messages with. */
function hasWhatWeNeed(): boolean {
  try {
    return (
      'attachShadow' in Element.prototype &&
      'replaceSync' in CSSStyleSheet.prototype &&
      JSON.parse(JSON.stringify({ a: 1 })).a === 1
    );
  } catch {
    return false;
  }
}
