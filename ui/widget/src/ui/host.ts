/** The one element the widget adds to a page: everything it shows lives in its shadow root. */
import { IGNORE } from '../capture/target';
import { h } from './dom';
import css from './core.css?inline';

const ANNOUNCE_DELAY_MS = 120;

export interface Host {
  element: HTMLElement;
  root: HTMLElement;
  shadow: ShadowRoot;
  adopt(css: string): void;
  /** Tells a screen reader, politely, without moving the focus. */
  announce(text: string): void;
}

export function createHost(locale: string): Host {
  const element = document.createElement('overture-widget');
  // Our own element is never a fact about the page.
  element.setAttribute(IGNORE, '');
  const shadow = element.attachShadow({ mode: 'open' });
  function adopt(text: string): void {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(text);
    shadow.adoptedStyleSheets = [...shadow.adoptedStyleSheets, sheet];
  }
  adopt(css);

  const live = h('div', { class: 'sr', 'aria-live': 'polite' });
  const root = h('div', { class: 'root', lang: locale }, live);
  root.dir = getComputedStyle(document.documentElement).direction || 'ltr';
  shadow.append(root);
  document.body.append(element);

  let timer: ReturnType<typeof setTimeout> | undefined;
  return {
    element,
    root,
    shadow,
    adopt,
    announce(text) {
      live.textContent = '';
      clearTimeout(timer);
      timer = setTimeout(() => {
        live.textContent = text;
      }, ANNOUNCE_DELAY_MS);
    },
  };
}
