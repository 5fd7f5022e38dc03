/** The panel the Help button opens: one page at a time, a way back, and the truth about the connection. */
import { isOpen as goesOn, type View } from '../store';
import { createCallbackPage } from './callback-page';
import { createChatPage } from './chat-page';
import type { CreatePanel, Notice, Page, Route } from '../ui/context';
import css from './panel.css?inline';
import { withPanelTexts } from './texts';
import { h, setText } from '../ui/dom';
import { backIcon, closeIcon } from './icons';
import { createFaqPage } from './faq-page';
import { createHomePage } from './home-page';
import { createInbox } from './inbox';
import { createOfferView } from './offers/view';

export const createPanel: CreatePanel = (widget, hooks) => {
  const context = withPanelTexts(widget);
  widget.host.adopt(css);
  const { t, store } = context;
  let route: Route = 'home';
  let { chat, pages } = furnish();

  const title = h('h2', { id: 'panel-title' });
  /** The title says all: a logo that the page's policy keeps out, or that is gone, leaves no hole. */
  const logo: HTMLImageElement = h('img', {
    class: 'logo',
    alt: '',
    hidden: true,
    referrerpolicy: 'no-referrer',
    onload: () => (logo.hidden = false),
    onerror: () => (logo.hidden = true),
  });
  const back = h(
    'button',
    { class: 'back square', type: 'button', 'aria-label': t('back'), onclick: goBack },
    backIcon(),
  );
  const closeButton = h(
    'button',
    { class: 'square', type: 'button', 'aria-label': t('close'), onclick: close },
    closeIcon(),
  );
  const offline = h('p', { class: 'notice', role: 'status', hidden: true }, `${t('offline')} ${t('kept')}`);
  const notice = h('p', { class: 'notice', role: 'alert', hidden: true });
  const element = h(
    'div',
    { class: 'panel', role: 'dialog', 'aria-labelledby': 'panel-title', hidden: true },
    h('div', { class: 'head' }, back, title, closeButton),
    offline,
    notice,
    ...Object.values(pages).map((page) => page.element),
  );
  // A sandboxed frame may not send forms, and then says nothing of the try: ours never leave the page.
  element.addEventListener('click', (event) => {
    const submitter = (event.target as Element).closest<HTMLButtonElement>('button[type=submit]');
    if (!submitter?.form) return;
    event.preventDefault();
    submitter.form.dispatchEvent(new SubmitEvent('submit', { bubbles: true, cancelable: true, submitter }));
  });
  element.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || event.isComposing) return;
    event.stopPropagation();
    close();
  });

  function furnish() {
    const chat = createChatPage(context, () => go('callback'));
    const pages: Record<Route, Page> = {
      home: createHomePage(
        context,
        (next) => go(next),
        () => close(),
      ),
      chat,
      callback: createCallbackPage(context),
      faq: createFaqPage(context, () => go('chat'), head),
    };
    return { chat, pages };
  }

  /** What the pages hold goes with them; no part of it is looked for and emptied. */
  function renew(): void {
    close();
    for (const page of Object.values(pages)) {
      page.drop?.();
      page.element.remove();
    }
    ({ chat, pages } = furnish());
    route = 'home';
    showNotice(undefined);
    element.append(...Object.values(pages).map((page) => page.element));
  }

  function head(): void {
    setText(title, pages[route].title());
    back.hidden = route === 'home';
  }

  function drawLogo(): void {
    const url = context.brand()?.look.logo_url;
    if (!url) return logo.remove();
    if (url === logo.getAttribute('src')) return;
    logo.src = url;
    title.before(logo);
  }

  function showNotice(key: Notice | undefined): void {
    notice.hidden = !key;
    setText(notice, key ? t(key) : '');
  }

  function go(next: Route, noticeKey?: Notice): void {
    if (next !== route) pages[route].leave?.();
    route = next;
    for (const [name, page] of Object.entries(pages)) page.element.hidden = name !== route;
    showNotice(noticeKey);
    update(store.get());
    pages[route].enter();
    head();
    hooks.opened(route);
    inbox.read();
  }

  function goBack(): void {
    if (!pages[route].back?.()) go('home');
    head();
  }

  function close(): void {
    if (element.hidden) return;
    element.hidden = true;
    pages[route].leave?.();
    hooks.closed();
  }

  function open(next = whereNow(), noticeKey?: Notice): void {
    element.hidden = false;
    go(next, noticeKey);
  }

  function whereNow(): Route {
    const { conversation } = store.get();
    return conversation && goesOn(conversation) ? conversation.channel : 'home';
  }

  const isOpen = (): boolean => !element.hidden;
  const inbox = createInbox(context, hooks, () => isOpen() && route === 'chat');
  const offer = createOfferView(context, { open, isOpen, hold: (on) => chat.hold(on) }, hooks);

  function update(view: View): void {
    offer.update(view);
    inbox.update(view);
    if (element.hidden) return;
    offline.hidden = view.connection !== 'offline';
    drawLogo();
    for (const page of Object.values(pages)) page.update(view);
  }

  return {
    element,
    close,
    update,
    isOpen,
    open,
    renew,
  };
};
