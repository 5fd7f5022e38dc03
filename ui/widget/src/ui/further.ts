/** What the scripts that come later need of the host: the rest of its style, and a voice. */
import type { WidgetContext } from './context';
import type { Host } from './host';
import { h } from './dom';
import css from './further.css?inline';

const ANNOUNCE_DELAY_MS = 120;

/** Tells a screen reader, politely, without moving the focus. */
export type Announce = (text: string) => void;

/** A screen reader has to know the place before something is said in it. */
export function furnish(host: Host): Announce {
  const live = h('div', { class: 'sr', 'aria-live': 'polite' });
  let timer: ReturnType<typeof setTimeout> | undefined;
  host.adopt(css);
  host.root.prepend(live);
  return (text) => {
    live.textContent = '';
    clearTimeout(timer);
    timer = setTimeout(() => {
      live.textContent = text;
    }, ANNOUNCE_DELAY_MS);
  };
}

/** One of them in a widget, whichever of the scripts that come later asks first. */
export const voiceOf = ({ shared, host }: WidgetContext): Announce => (shared.announce ??= furnish(host));
