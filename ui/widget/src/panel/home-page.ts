/** The first page of the panel: the ways to get help. */
import { isOpen } from '../store';
import type { Page, Route } from '../ui/context';
import type { PanelContext } from './texts';
import { h, setText } from '../ui/dom';
import { nextIcon, wayIcon } from './icons';

export function createHomePage(context: PanelContext, go: (route: Route) => void, close: () => void): Page {
  const { t, offers, session, shared, smartPause } = context;
  /** The page with steps that show how; one answer serves it until the page is another. */
  const steps = { path: '', found: false };

  function choice(route: Exclude<Route, 'home'> | 'smart_pause', take = () => go(route as Route)) {
    const label = h('span', {}, t(route));
    const hint = h('small', {}, t(`${route}_hint`));
    const button = h(
      'button',
      { class: 'choice', type: 'button', onclick: take },
      wayIcon(route),
      h('span', {}, label, hint),
      nextIcon(),
    );
    return { button, label, hint };
  }

  const chat = choice('chat');
  const callback = choice('callback');
  const faq = choice('faq');
  const pause = choice('smart_pause', () => {
    close();
    smartPause();
  });

  /** Only where the page can be paused, or something can be shown on it. */
  function drawPause(): void {
    const pausable = !!shared.pausable;
    pause.button.hidden = !pausable && !steps.found;
    setText(pause.label, t(pausable ? 'smart_pause' : 'smart_pause_steps'));
    setText(pause.hint, t(pausable ? 'smart_pause_hint' : 'smart_pause_steps_hint'));
  }

  async function lookForSteps(): Promise<void> {
    const path = context.path();
    if (steps.path === path || !session.current()) return;
    steps.path = path;
    steps.found = false;
    try {
      const query = `/pause/guides?path=${encodeURIComponent(path)}`;
      const { guides } = await session.call<{ guides: string[] }>('GET', query);
      if (steps.path === path) steps.found = guides.length > 0;
    } catch {
      steps.path = '';
    }
    drawPause();
  }
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
      h('div', { class: 'scroll stack' }, chat.button, callback.button, faq.button, pause.button),
      again,
    ),
    update(view) {
      const open = isOpen(view.conversation) ? view.conversation?.channel : undefined;
      setText(chat.label, t(open === 'chat' ? 'chat_resume' : 'chat'));
      const waits = view.callback && !view.callback.ended;
      setText(callback.label, t(open === 'callback' || waits ? 'callback_resume' : 'callback'));
      faq.button.hidden = !view.faqs;
      again.hidden = !view.never;
      drawPause();
      void lookForSteps();
    },
    enter: () => chat.button.focus(),
  };
}
