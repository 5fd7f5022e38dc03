/** The card of a step: not modal, last in the tab order of the page, and silent until it has something to say. */
import { renderMarkdown } from '../panel/markdown';
import { h, setChildren } from '../ui/dom';
import { isRtl, wordsIn } from './words';
import type { Guide, PlayerHooks } from './types';

export interface CardHooks {
  next(): void;
  back(): void;
  close(): void;
  never?: PlayerHooks['never'];
  why?: string | undefined;
}

export function createCard(guide: Guide, locale: string, hooks: CardHooks) {
  const t = wordsIn(locale);
  const count = guide.steps.length;
  const titleId = `guide-title-${guide.id}`;
  // Filled once it is on the page: that is what makes a screen reader say it, politely, in its turn.
  const words = h('div', { class: 'guide-words', 'aria-live': 'polite', lang: guide.locale });
  words.dir = isRtl(guide.locale) ? 'rtl' : 'ltr';
  const progress = h('p', { class: 'guide-progress' });
  const body = h('div', { class: 'guide-body' });
  const ask = h('p', { class: 'guide-ask', hidden: true });
  const back = h('button', { type: 'button', class: 'guide-quiet', onclick: hooks.back }, t('guide_back'));
  const next = h('button', { type: 'button', class: 'guide-main', onclick: hooks.next });
  const close = h(
    'button',
    { type: 'button', class: 'guide-x', 'aria-label': t('guide_close'), onclick: hooks.close },
    h('span', { 'aria-hidden': 'true' }, '×'),
  );
  const why = h('p', { class: 'guide-why', id: `guide-why-${guide.id}`, hidden: true }, hooks.why ?? '');
  const whyButton = h(
    'button',
    {
      type: 'button',
      class: 'guide-link',
      'aria-expanded': 'false',
      'aria-controls': why.id,
      onclick: () => {
        why.hidden = !why.hidden;
        whyButton.setAttribute('aria-expanded', String(!why.hidden));
      },
    },
    t('guide_why'),
  );
  const never =
    hooks.never &&
    h('button', { type: 'button', class: 'guide-link', onclick: hooks.never }, t('guide_never'));
  const quiet =
    hooks.why || never
      ? h('div', { class: 'guide-about' }, hooks.why ? whyButton : null, never ?? null, why)
      : null;
  const arrow = h('i', { class: 'guide-arrow', 'aria-hidden': 'true' });
  const element = h(
    'section',
    { class: `guide ${guide.kind}`, 'aria-labelledby': titleId, hidden: true },
    arrow,
    close,
    words,
    body,
    ask,
    h('div', { class: 'guide-row' }, progress, h('div', { class: 'guide-buttons' }, back, next)),
    quiet,
  );
  element.dir = isRtl(locale) ? 'rtl' : 'ltr';
  element.lang = locale;

  element.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || event.defaultPrevented) return;
    event.stopPropagation();
    hooks.close();
  });

  return {
    element,
    t,

    /** Draws a step. The words come when `speak` is called: the card may not be on the screen yet. */
    draw(index: number, media: HTMLElement | null): void {
      const step = guide.steps[index];
      words.replaceChildren();
      setChildren(body, media);
      const waits = step?.waits_for ?? 'next';
      ask.hidden = waits === 'next';
      ask.textContent = waits === 'next' ? '' : t(waits === 'click' ? 'guide_do_click' : 'guide_do_input');
      const isLast = index === count - 1;
      next.textContent = t(
        waits !== 'next'
          ? 'guide_skip'
          : count > 1
            ? isLast
              ? 'guide_done'
              : 'guide_next'
            : guide.kind === 'video'
              ? 'guide_done'
              : 'guide_got_it',
      );
      next.className = waits === 'next' ? 'guide-main' : 'guide-quiet';
      // A button that vanishes under the focus would throw the keyboard back to the top of the page.
      if (index === 0 && element.getRootNode() instanceof ShadowRoot) {
        const root = element.getRootNode() as ShadowRoot;
        if (root.activeElement === back) next.focus();
      }
      back.hidden = index === 0;
      progress.textContent = count > 1 ? t('guide_step', { n: index + 1, count }) : '';
    },

    speak(index: number): void {
      const step = guide.steps[index];
      if (words.firstChild) return;
      words.append(
        h('h2', { id: titleId }, step?.title || guide.name),
        ...(step?.text ? renderMarkdown(step.text) : []),
      );
    },

    /** Takes the words back: they were there to be measured. */
    hush: (): void => words.replaceChildren(),

    point(side: string | null, at: number): void {
      element.dataset.side = side ?? '';
      arrow.style.setProperty('--at', `${Math.round(at)}px`);
    },
  };
}

export type Card = ReturnType<typeof createCard>;
