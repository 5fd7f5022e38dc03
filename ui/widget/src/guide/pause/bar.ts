/** What is on the page while it is paused: one line that says so, and the way on. Not modal. */
import { h, setText } from '../../ui/dom';
import type { PauseWords } from './words';

const ASKED_MS = 600;

export function createBar(t: PauseWords, resume: () => void) {
  const words = h('p', { role: 'status' });
  const button = h('button', { type: 'button', class: 'pause-main', onclick: resume }, t('pause_resume'));
  const element = h(
    'section',
    { class: 'pause', 'aria-label': t('pause_title') },
    h('i', { class: 'pause-sign', 'aria-hidden': 'true' }),
    words,
    h('div', { class: 'pause-buttons' }, button),
  );
  let timer: ReturnType<typeof setTimeout> | undefined;
  return {
    element,
    /** Filled once it is on the page, so that a screen reader says it. */
    speak(): void {
      setText(words, t('pause_saved'));
      button.focus({ preventScroll: true });
    },
    /** Somebody tried to use the page that stands still. */
    ask(): void {
      setText(words, t('pause_held'));
      element.dataset.asked = '';
      clearTimeout(timer);
      timer = setTimeout(() => delete element.dataset.asked, ASKED_MS);
    },
    /** The page is going on: the button has done its work, and keeps the focus until the page has it again. */
    busy: () => disable(button),
  };
}

/** For the eye and the ear alone, so that the focus stays. */
const disable = (...buttons: HTMLElement[]): void =>
  buttons.forEach((it) => it.setAttribute('aria-disabled', 'true'));

/** After a reload: the page was paused when it went. */
export function createAgain(t: PauseWords, go: () => void, discard: () => void) {
  const afresh = h('button', { type: 'button', class: 'pause-quiet', onclick: discard }, t('pause_discard'));
  const on = h('button', { type: 'button', class: 'pause-main', onclick: go }, t('pause_continue'));
  return {
    element: h(
      'section',
      { class: 'pause', 'aria-labelledby': 'pause-again' },
      h('h2', { id: 'pause-again' }, t('pause_again')),
      h('p', { role: 'status' }, t('pause_again_text')),
      h('div', { class: 'pause-buttons' }, afresh, on),
    ),
    /** It was chosen to go on, which is under way. */
    busy: () => disable(afresh, on),
  };
}
