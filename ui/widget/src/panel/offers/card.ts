/** An offer on the page: the banner "Help is Available", or the small prompt beside the Help button. Never modal. */
import type { LiveOffer } from '../../store';
import type { DismissHow, OfferOption, OptionKind } from '../../types';
import { h, setChildren, setText } from '../../ui/dom';
import { closeIcon, wayIcon } from '../icons';
import type { PanelContext } from '../texts';
import { waitText } from '../wait';
import { keepClear } from './place';

/** On a page this narrow an offer is one line until it is wanted. */
const NARROW = '(max-width: 480px)';
/** Where the whole card goes, best first; `line` is its title alone. */
const PLACES = ['bottom', 'top', 'bottom up', 'bottom line', 'bottom line up', 'top line', 'away'];
const LINE_PLACES = PLACES.slice(3);
/** Where it goes once the customer has opened it: `short` is as high as there is room. */
const OPENED_PLACES = ['bottom', 'top', 'bottom up', 'top short', 'bottom short', 'bottom'];

export interface OfferCardHooks {
  take(option: OptionKind): void;
  dismiss(how: DismissHow): void;
  /** What must stay free besides what every page has. */
  alsoFree(): Element | null;
  /** Whether the Help button is at the head of the page: the card stands below it there. */
  helpIsAtTop(): boolean;
  /** Where the focus goes when the card leaves with the focus inside. */
  giveBackFocus(to: Element | null): void;
}

export function createOfferCard({ t, host }: PanelContext, offer: LiveOffer, hooks: OfferCardHooks) {
  let focusCameFrom: Element | null = null;
  /** Made large by the customer: then it stays so. */
  let opened = false;

  const buttonOf = (option: OfferOption): HTMLElement => {
    const waits = typeof option.wait_s === 'number' && (option.kind === 'chat' || option.kind === 'callback');
    const wait = waits && (option.wait_s ? waitText(t, option.wait_s) : t('no_wait'));
    return h(
      'button',
      { class: 'option', type: 'button', 'data-kind': option.kind, onclick: () => hooks.take(option.kind) },
      wayIcon(option.kind),
      h('span', {}, option.label, wait && h('small', {}, wait)),
    );
  };
  let options = offer.options.map(buttonOf);
  const row = h('div', { class: 'options' }, ...options);

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

  const notNow = (): void => hooks.dismiss('not_now');
  // What changes in it is said; that it is there says the one who puts it on the page.
  const words = h(
    'div',
    { class: 'words', 'aria-live': 'polite', onclick: () => opened || toggle() },
    h('h2', { id: 'offer-title' }, offer.title),
    h('p', {}, offer.text),
  );
  const more = h('button', {
    class: 'more',
    type: 'button',
    'aria-controls': 'offer-rest',
    onclick: toggle,
  });

  const element = h(
    'section',
    { class: `card ${offer.style}`, 'aria-labelledby': 'offer-title' },
    h(
      'div',
      { class: 'bar' },
      words,
      more,
      h(
        'button',
        { class: 'less square', type: 'button', 'aria-label': t('not_now'), onclick: notNow },
        closeIcon(),
      ),
    ),
    h(
      'div',
      { class: 'rest', id: 'offer-rest' },
      row,
      h(
        'div',
        { class: 'quiet' },
        h('button', { type: 'button', onclick: notNow }, t('not_now')),
        h('button', { type: 'button', onclick: () => hooks.dismiss('never') }, t('never')),
        offer.why ? whyButton : null,
      ),
      why,
    ),
  );
  sayState();

  const isLine = (): boolean => (element.dataset.edge ?? '').includes('line');
  function sayState(): void {
    more.setAttribute('aria-expanded', String(opened));
    setText(more, t(opened ? 'hide' : 'show'));
  }

  /** Of one line it makes the whole card, and back: reading on means leaving the field in use. */
  function toggle(): void {
    if (!opened && !isLine()) return;
    opened = !opened;
    sayState();
    element.toggleAttribute('data-opened', opened);
    settleDown();
    if (element.dataset.edge === 'away' && hasFocus()) hooks.giveBackFocus(focusCameFrom);
  }

  /** Finds the place where nothing of the page is in the way. */
  function settleDown(): void {
    element.toggleAttribute('data-below', hooks.helpIsAtTop());
    const narrow = typeof matchMedia === 'function' && matchMedia(NARROW).matches;
    keepClear(host, element, opened ? OPENED_PLACES : narrow ? LINE_PLACES : PLACES, hooks.alsoFree());
  }

  element.addEventListener('focusin', (event) => {
    if (!(event.relatedTarget instanceof Node && element.contains(event.relatedTarget))) {
      focusCameFrom = event.relatedTarget instanceof Element ? event.relatedTarget : document.activeElement;
    }
  });
  element.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    notNow();
  });

  const hasFocus = (): boolean => element.contains((element.getRootNode() as ShadowRoot).activeElement);

  return {
    id: offer.offer,
    element,

    /** Moves off what has come in the way, but not while the customer is in it. */
    keepClear(): void {
      if (!hasFocus()) settleDown();
    },

    /** What is offered has changed: an option that is gone leaves the card, the focus stays in it. */
    change(next: LiveOffer): void {
      const root = element.getRootNode() as ShadowRoot;
      const at = options.indexOf(root.activeElement as HTMLElement);
      const held = offer.options[at]?.kind;
      offer = next;
      options = next.options.map(buttonOf);
      setChildren(row, ...options);
      const again = next.options.findIndex((it) => it.kind === held);
      if (at >= 0) options[Math.max(again, 0)]?.focus({ preventScroll: true });
      for (const [selector, text] of [
        ['h2', next.title],
        ['p', next.text],
      ] as const) {
        const line = words.querySelector(selector);
        if (line) setText(line, text);
      }
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
      const had = hasFocus();
      element.remove();
      if (had) hooks.giveBackFocus(focusCameFrom);
    },
  };
}

export type OfferCard = ReturnType<typeof createOfferCard>;
