/** The one element the widget adds to a page: everything it shows lives in its shadow root. */
import { IGNORE } from '../capture/target';
import type { Language } from '../i18n';
import type { Look, Offsets } from '../types';
import { h } from './dom';
import css from './core.css?inline';

const OFFSET_MAX_PX = 600;
/** A page that takes our element away so often means it. */
const RETURNS_MAX = 5;
const RETURNS_FORGOTTEN_MS = 10_000;

export interface Host {
  element: HTMLElement;
  root: HTMLElement;
  shadow: ShadowRoot;
  adopt(css: string): void;
  /** Selectors of what the page wants us to stay off. */
  avoid: string[];
  /** The brand's colours, and the corner the Help button is in. */
  wear(look: Look): void;
  /** Keeps this far from the edges of the page, in pixels. */
  offset(offsets: Offsets): void;
  /** Takes our element away for good. */
  leave(): void;
}

export function createHost(language: Language): Host {
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

  const root = h('div', { class: 'root', lang: language, dir: language === 'ar' ? 'rtl' : 'ltr' });
  shadow.append(root);

  const style = (name: string, value: string): void => element.style.setProperty(`--brand-${name}`, value);
  /** The first time it comes, it does not come back. */
  let returns = -1;
  function come(): void {
    watch.observe(document.body, { childList: true });
    if (element.isConnected || returns >= RETURNS_MAX) return;
    returns += 1;
    document.body.append(element);
    setTimeout(() => (returns = 0), RETURNS_FORGOTTEN_MS);
  }
  const watch = new MutationObserver(come);
  watch.observe(document.documentElement, { childList: true });
  come();

  return {
    element,
    root,
    shadow,
    adopt,
    avoid: [],
    wear(look) {
      for (const name of ['accent', 'on_accent', 'accent_dark', 'on_accent_dark'] as const)
        style(name, look[name]);
      root.dataset.position = look.position;
    },
    offset(offsets) {
      for (const side of ['bottom', 'top', 'side'] as const) {
        const px = Number(offsets[side]);
        if (px >= 0) style(`offset-${side}`, `${Math.min(px, OFFSET_MAX_PX)}px`);
      }
    },
    leave() {
      watch.disconnect();
      element.remove();
    },
  };
}
