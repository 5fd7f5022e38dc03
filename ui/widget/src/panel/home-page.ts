/** The first page of the panel: the ways to get help. */
import { isOpen } from '../store';
import type { Page, Route } from '../ui/context';
import type { PanelContext } from './texts';
import { h, setText } from '../ui/dom';
import { icon } from '../ui/icons';
import { nextIcon } from './icons';

export function createHomePage({ t, offers }: PanelContext, go: (route: Route) => void): Page {
  function choice(route: Exclude<Route, 'home'>) {
    const label = h('span', {}, t(route));
    const hint = h('small', {}, t(`${route}_hint`));
    const button = h(
      'button',
      { class: 'choice', type: 'button', onclick: () => go(route) },
      icon(route),
      h('span', {}, label, hint),
      nextIcon(),
    );
    return { button, label };
  }

  const chat = choice('chat');
  const callback = choice('callback');
  const faq = choice('faq');
  const again = h(
    'div',
    { class: 'foot' },
    h('span', {}, t('offer_again_hint')),
    h(
      'button',
      {
        class: 'link',
        type: 'button',
        onclick: () => {
          offers.undoNever();
          chat.button.focus();
        },
      },
      t('offer_again'),
    ),
  );

  return {
    title: () => t('panel_title'),
    element: h(
      'div',
      { class: 'view' },
      h('div', { class: 'scroll stack' }, chat.button, callback.button, faq.button),
      again,
    ),
    update(view) {
      const open = isOpen(view.conversation) ? view.conversation?.channel : undefined;
      setText(chat.label, t(open === 'chat' ? 'chat_resume' : 'chat'));
      setText(callback.label, t(open === 'callback' ? 'callback_resume' : 'callback'));
      callback.button.hidden = open === 'chat';
      faq.button.hidden = !view.faqs;
      again.hidden = !view.never;
    },
    enter: () => chat.button.focus(),
  };
}
