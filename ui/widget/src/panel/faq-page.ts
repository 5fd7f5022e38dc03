/** Answers to common questions: a list, one article at a time, and always a way on to a person. */
import type { Faq } from '../types';
import type { Page } from '../ui/context';
import type { PanelContext } from './texts';
import { h, setChildren } from '../ui/dom';
import { nextIcon } from './icons';
import { renderMarkdown } from './markdown';

export function createFaqPage(
  { t, faqs, outbox }: PanelContext,
  toChat: () => void,
  retitle: () => void,
): Page {
  let loaded: Faq[] | null = null;
  let reading: Faq | null = null;
  let lastRead: string | null = null;

  const scroll = h('div', { class: 'scroll', tabindex: -1 });
  const still = h('button', { class: 'link', type: 'button', onclick: toChat }, t('still_need_help'));

  function read(faq: Faq): void {
    reading = faq;
    lastRead = faq.id;
    outbox.send(`/faqs/${encodeURIComponent(faq.id)}/read`);
    setChildren(scroll, h('div', { class: 'article' }, ...renderMarkdown(faq.body_markdown)));
    scroll.scrollTop = 0;
    scroll.focus();
    retitle();
  }

  function list(items: Faq[]): void {
    const buttons = items.map((faq) =>
      h(
        'button',
        { class: 'choice', type: 'button', 'data-id': faq.id, onclick: () => read(faq) },
        h('span', {}, faq.title),
        nextIcon(),
      ),
    );
    setChildren(
      scroll,
      buttons.length ? h('div', { class: 'stack' }, ...buttons) : h('p', { class: 'hint' }, t('faq_empty')),
    );
    (buttons.find((it) => it.dataset.id === lastRead) ?? buttons[0] ?? still).focus();
  }

  async function show(): Promise<void> {
    if (loaded) return list(loaded);
    setChildren(scroll, h('p', { class: 'hint', role: 'status' }, t('faq_loading')));
    scroll.focus();
    try {
      loaded = await faqs();
      list(loaded);
    } catch {
      const retry = h(
        'button',
        { class: 'link', type: 'button', onclick: () => void show() },
        t('try_again'),
      );
      setChildren(scroll, h('p', { class: 'error', role: 'alert' }, t('faq_failed')), retry);
    }
  }

  return {
    title: () => reading?.title ?? t('faq_title'),
    element: h('div', { class: 'view' }, scroll, h('div', { class: 'foot' }, still)),
    update() {},
    enter() {
      reading = null;
      void show();
    },
    back() {
      if (!reading) return false;
      reading = null;
      void show();
      return true;
    },
  };
}
