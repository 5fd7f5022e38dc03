/** An offer on the page: the banner "Help is Available", or the small prompt beside the Help button. Never modal. */
import { waitText } from '../i18n';
import type { LiveOffer } from '../store';
import type { DismissHow, OptionKind } from '../types';
import type { WidgetContext } from './context';
import { h } from './dom';
import { icon } from './icons';
import { keepClear } from './keep-clear';

export interface OfferCardHooks {
  take(option: OptionKind): void;
  dismiss(how: DismissHow): void;
  /** Where the focus goes when the card leaves with the focus inside. */
  giveBackFocus(to: Element | null): void;
}

export function createOfferCard({ t }: WidgetContext, offer: LiveOffer, hooks: OfferCardHooks) {
  let focusCameFrom: Element | null = null;

  const options = offer.options.map((option) => {
    const waits = typeof option.wait_s === 'number' && option.kind !== 'faq';
    const wait = waits && (option.wait_s ? waitText(t, option.wait_s) : t('no_wait'));
    return h(
      'button',
      { class: 'option', type: 'button', onclick: () => hooks.take(option.kind) },
      icon(option.kind),
      h('span', {}, option.label, wait && h('small', {}, wait)),
    );
  });

  const why = h('p', { class: 'why', id: 'why', hidden: true }, offer.why);
  const whyButton = h(
    'button',
    {
      type: 'button',
      'aria-expanded': 'false',
      'aria-controls': 'why',
      onclick: () => {
        why.hidden = !why.hidden;
        whyButton.setAttribute('aria-expanded', String(!why.hidden));
      },
    },
    t('why'),
  );

  // Filled once it is on the page: that is what makes a screen reader say it, politely, in its turn.
  const words = h('div', { class: 'words', 'aria-live': 'polite' });

  const element = h(
    'section',
    { class: `card ${offer.style}`, 'data-edge': 'bottom', 'aria-labelledby': 'offer-title' },
    words,
    h('button', { class: 'more link', type: 'button', onclick: enlarge }, t('show')),
    h('div', { class: 'options' }, ...options),
    h(
      'div',
      { class: 'quiet' },
      h('button', { type: 'button', onclick: () => hooks.dismiss('not_now') }, t('not_now')),
      h('button', { type: 'button', onclick: () => hooks.dismiss('never') }, t('never')),
      offer.why ? whyButton : null,
    ),
    why,
  );

  /** There was only room for the title beside the field in use: reading on means leaving that field. */
  function enlarge(): void {
    element.dataset.edge = 'bottom';
    options[0]?.focus();
  }

  element.addEventListener('focusin', (event) => {
    if (!(event.relatedTarget instanceof Node && element.contains(event.relatedTarget))) {
      focusCameFrom = event.relatedTarget instanceof Element ? event.relatedTarget : document.activeElement;
    }
  });
  element.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    hooks.dismiss('not_now');
  });

  return {
    id: offer.offer,
    element,
    keepClear: () => keepClear(element, 'data-edge', ['bottom', 'top', 'bottom small', 'top small', 'away']),

    speak(): void {
      if (words.firstChild) return;
      words.append(h('h2', { id: 'offer-title' }, offer.title), h('p', {}, offer.text));
    },

    /** Whether a person looking at this page sees it now. */
    visible(): boolean {
      const box = element.getBoundingClientRect();
      return (
        !document.hidden &&
        element.dataset.edge !== 'away' &&
        box.width > 0 &&
        box.height > 0 &&
        box.top < innerHeight &&
        box.bottom > 0
      );
    },

    remove(): void {
      const root = element.getRootNode() as ShadowRoot;
      const hadFocus = element.contains(root.activeElement);
      element.remove();
      if (hadFocus) hooks.giveBackFocus(focusCameFrom);
    },
  };
}

export type OfferCard = ReturnType<typeof createOfferCard>;
