/** The panel the Help button opens: one page at a time, a way back, and the truth about the connection. */
import type { View } from '../store';
import { createCallbackPage } from './callback-page';
import { createChatPage } from './chat-page';
import type { CreatePanel, Notice, Page, Route } from '../ui/context';
import css from './panel.css?inline';
import { withPanelTexts } from './texts';
import { h, setText } from '../ui/dom';
import { icon } from '../ui/icons';
import { backIcon } from './icons';
import { createFaqPage } from './faq-page';
import { createHomePage } from './home-page';

export const createPanel: CreatePanel = (widget, hooks) => {
  const context = withPanelTexts(widget);
  widget.adopt(css);
  const { t, store } = context;
  let route: Route = 'home';

  const chat = createChatPage(context);
  const pages: Record<Route, Page> = {
    home: createHomePage(context, (next) => go(next)),
    chat,
    callback: createCallbackPage(context, showNotice),
    faq: createFaqPage(context, () => go('chat'), head),
  };

  const title = h('h2', { id: 'panel-title' });
  const back = h(
    'button',
    { class: 'back square', type: 'button', 'aria-label': t('back'), onclick: goBack },
    backIcon(),
  );
  const closeButton = h(
    'button',
    { class: 'square', type: 'button', 'aria-label': t('close'), onclick: close },
    icon('close'),
  );
  const offline = h('p', { class: 'notice', role: 'status', hidden: true }, t('offline'));
  const notice = h('p', { class: 'notice', role: 'alert', hidden: true });
  const element = h(
    'div',
    { class: 'panel', role: 'dialog', 'aria-labelledby': 'panel-title', hidden: true },
    h('div', { class: 'head' }, back, title, closeButton),
    offline,
    notice,
    ...Object.values(pages).map((page) => page.element),
  );
  element.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || event.isComposing) return;
    event.stopPropagation();
    close();
  });

  function head(): void {
    setText(title, pages[route].title());
    back.hidden = route === 'home';
  }

  function showNotice(key: Notice | undefined): void {
    notice.hidden = !key;
    setText(notice, key ? t(key) : '');
  }

  function go(next: Route, noticeKey?: Notice): void {
    route = next;
    for (const [name, page] of Object.entries(pages)) page.element.hidden = name !== route;
    showNotice(noticeKey);
    update(store.get());
    pages[route].enter();
    head();
    hooks.opened(route);
  }

  function goBack(): void {
    if (!pages[route].back?.()) go('home');
    head();
  }

  function close(): void {
    if (element.hidden) return;
    element.hidden = true;
    hooks.closed();
  }

  function update(view: View): void {
    if (element.hidden) return;
    offline.hidden = view.connection !== 'offline';
    for (const page of Object.values(pages)) page.update(view);
  }

  return {
    element,
    close,
    update,
    isOpen: () => !element.hidden,
    showsChat: () => !element.hidden && route === 'chat',
    hold: chat.hold,
    open(next, noticeKey): void {
      element.hidden = false;
      go(next, noticeKey);
    },
  };
};
