/** Answers: what fits the page first, search while typing, one article at a time, and always a way on to a person. */
import type { Faq, FaqArticle } from '../types';
import type { Page } from '../ui/context';
import { h, setChildren, setText } from '../ui/dom';
import { nextIcon } from './icons';
import { renderMarkdown } from './markdown';
import type { PanelContext } from './texts';

/** Typing has paused: ask the server. */
const SEARCH_AFTER_MS = 250;
/** Typing is over: the search is worth a note. */
const SETTLED_AFTER_MS = 1_500;
const READ_S_MAX = 3_600;
const WORDS_LENGTH_MAX = 200;
const REASON_LENGTH_MAX = 1_000;

export function createFaqPage(
  { t, session, outbox, path, lastError, locale }: PanelContext,
  toChat: () => void,
  retitle: () => void,
): Page {
  const articles = new Map<string, FaqArticle>();
  const ratings = new Map<string, boolean>();
  let found: Faq[] | null = null;
  let reading: FaqArticle | null = null;
  let lastRead = '';
  let readingSinceMs = 0;
  let used = false;
  let asked = 0;
  let reported = '';
  let typing: ReturnType<typeof setTimeout> | undefined;
  let settling: ReturnType<typeof setTimeout> | undefined;

  const input = h('input', {
    type: 'search',
    class: 'faq-search',
    maxlength: WORDS_LENGTH_MAX,
    autocomplete: 'off',
    enterkeyhint: 'search',
    'aria-label': t('faq_search'),
    placeholder: t('faq_search'),
    oninput: typed,
  });
  input.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && input.value && !event.isComposing) {
      event.stopPropagation();
      event.preventDefault();
      input.value = '';
      typed();
    } else if (event.key === 'ArrowDown') {
      event.preventDefault();
      choices()[0]?.focus();
    }
  });
  const status = h('p', { class: 'hint faq-status', role: 'status' });
  const searchBox = h('div', { class: 'faq-find' }, input, status);
  const scroll = h('div', { class: 'scroll', tabindex: -1 });
  scroll.addEventListener('keydown', walk);
  const still = h('button', { class: 'link', type: 'button', onclick: goOn }, t('still_need_help'));
  const foot = h('div', { class: 'foot' }, still, h('span', {}, t('faq_goes_along')));

  /** The page, and what went wrong on it. */
  function place(): Record<string, unknown> {
    const error = lastError();
    const here = error?.context.page.path === path();
    return { path: path(), ...(here ? { field: error.properties.field, code: error.properties.code } : {}) };
  }
  const words = (): string => input.value.trim();
  const choices = (): HTMLElement[] => [...scroll.querySelectorAll<HTMLElement>('.choice')];
  const textOf = ({ locale: language, version }: FaqArticle) => ({ locale: language, version });

  /** Up and down go through the list; up from the first goes back to the words. */
  function walk(event: KeyboardEvent): void {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const all = choices();
    const at = all.indexOf(event.target as HTMLElement);
    if (!step || at < 0) return;
    event.preventDefault();
    (all[at + step] ?? (step < 0 ? input : all[at]))?.focus();
  }

  function typed(): void {
    clearTimeout(typing);
    clearTimeout(settling);
    typing = setTimeout(() => void find(), words() ? SEARCH_AFTER_MS : 0);
  }

  /** Tells what was looked for, once the words are not changing any more. */
  function settled(): void {
    clearTimeout(settling);
    const q = words();
    if (q.length < 2 || q === reported || !found) return;
    reported = q;
    used = true;
    outbox.send('/faqs/searched', { q, found: found.length, locale });
  }

  async function find(): Promise<void> {
    const mine = ++asked;
    const q = words();
    if (!found) {
      setChildren(scroll, h('p', { class: 'hint' }, t('faq_loading')));
    }
    try {
      const answer = await session.call<{ faqs: Faq[] }>('POST', '/faqs/search', { q, ...place(), locale });
      if (mine !== asked) return;
      found = answer.faqs;
      if (!reading) list();
      if (q) settling = setTimeout(settled, SETTLED_AFTER_MS);
    } catch {
      if (mine !== asked || reading) return;
      const retry = h(
        'button',
        { class: 'link', type: 'button', onclick: () => void find() },
        t('try_again'),
      );
      const problem = h('p', { class: 'error', role: 'alert' }, t('faq_failed'), ' ', retry);
      if (found) scroll.prepend(problem);
      else setChildren(scroll, problem);
    }
  }

  function choice(faq: Faq): HTMLElement {
    return h(
      'button',
      { class: 'choice', type: 'button', 'data-id': faq.id, onclick: () => void open(faq.id) },
      h(
        'span',
        { lang: faq.locale, dir: 'auto' },
        faq.title,
        faq.summary ? h('small', {}, faq.summary) : null,
      ),
      nextIcon(),
    );
  }

  function list(): void {
    const all = found ?? [];
    const q = words();
    setText(
      status,
      !q
        ? ''
        : all.length === 0
          ? t('faq_none')
          : all.length === 1
            ? t('faq_found_one')
            : t('faq_found', { count: all.length }),
    );
    const fitting = q ? [] : all.filter(({ why }) => why === 'error' || why === 'page');
    const rest = all.filter((it) => !fitting.includes(it));
    const group = (title: string, faqs: Faq[]) =>
      faqs.length ? [h('h3', {}, title), ...faqs.map(choice)] : [];
    const empty = !q && all.length === 0 && h('p', { class: 'hint' }, t('faq_empty'));
    setChildren(
      scroll,
      empty,
      h(
        'div',
        { class: 'stack faq-list' },
        ...(q ? rest.map(choice) : [...group(t('faq_here'), fitting), ...group(t('faq_common'), rest)]),
      ),
    );
  }

  async function open(id: string): Promise<void> {
    // Words that were still being typed are not looked for any more.
    clearTimeout(typing);
    settled();
    const mine = ++asked;
    let article = articles.get(id);
    if (!article) {
      try {
        const query = `?locale=${encodeURIComponent(locale)}`;
        article = await session.call<FaqArticle>('GET', `/faqs/${encodeURIComponent(id)}${query}`);
        articles.set(id, article);
      } catch {
        if (mine === asked) {
          setText(status, '');
          scroll.prepend(h('p', { class: 'error', role: 'alert' }, t('faq_failed')));
        }
        return;
      }
      if (mine !== asked) return;
    }
    reading = article;
    lastRead = id;
    used = true;
    readingSinceMs = Date.now();
    outbox.send(`/faqs/${id}/opened`, textOf(article));
    setChildren(
      scroll,
      article.fallback && h('p', { class: 'hint' }, t('faq_fallback')),
      h(
        'div',
        { class: 'article', lang: article.locale, dir: 'auto' },
        ...renderMarkdown(article.body_markdown, t('faq_new_tab')),
      ),
      rating(article),
    );
    searchBox.hidden = true;
    scroll.scrollTop = 0;
    scroll.focus();
    retitle();
  }

  /** "Did this help?", and, where it did not, why. */
  function rating(article: FaqArticle): HTMLElement {
    const said = h('p', { class: 'hint', role: 'status' });
    const reason = h('textarea', {
      rows: 2,
      maxlength: REASON_LENGTH_MAX,
      'aria-label': t('faq_reason'),
      placeholder: t('faq_reason'),
    });
    const sendReason = h('button', { class: 'primary', type: 'submit' }, t('faq_reason_send'));
    const form = h('form', { class: 'faq-reason', hidden: true, onsubmit: tellWhy }, reason, sendReason);
    const rate = (helpful: boolean) => h('button', { type: 'button', onclick: () => say(helpful) });
    const [yes, no] = [rate(true), rate(false)];
    yes.textContent = t('faq_yes');
    no.textContent = t('faq_no');

    function show(): void {
      const helpful = ratings.get(article.id);
      yes.setAttribute('aria-pressed', String(helpful === true));
      no.setAttribute('aria-pressed', String(helpful === false));
    }
    function say(helpful: boolean): void {
      if (ratings.get(article.id) === helpful) return;
      ratings.set(article.id, helpful);
      outbox.send(`/faqs/${article.id}/rating`, { ...textOf(article), helpful });
      form.hidden = helpful;
      setText(said, t(helpful ? 'faq_thanks' : 'faq_sorry'));
      show();
    }
    function tellWhy(event: Event): void {
      event.preventDefault();
      const text = reason.value.trim();
      if (!text) return reason.focus();
      outbox.send(`/faqs/${article.id}/rating`, { ...textOf(article), helpful: false, reason: text });
      form.hidden = true;
      setText(said, t('faq_thanks'));
      still.focus();
    }
    show();
    const id = `rate-${article.id}`;
    return h(
      'div',
      { class: 'faq-rate', role: 'group', 'aria-labelledby': id },
      h('p', { id }, t('faq_helpful')),
      h('div', { class: 'faq-votes' }, yes, no),
      said,
      form,
    );
  }

  /** Tells for how long the article was open. */
  function leave(): void {
    settled();
    if (!reading || !readingSinceMs) return;
    const seconds = Math.min(Math.round((Date.now() - readingSinceMs) / 1_000), READ_S_MAX);
    readingSinceMs = 0;
    if (seconds > 0) outbox.send(`/faqs/${reading.id}/read`, { ...textOf(reading), seconds });
  }

  function goOn(): void {
    const from = reading;
    leave();
    if (used) outbox.send('/faqs/still_needed', from ? { id: from.id, ...textOf(from) } : {});
    toChat();
  }

  function backToList(): void {
    leave();
    reading = null;
    searchBox.hidden = false;
    list();
    (choices().find((it) => it.dataset.id === lastRead) ?? input).focus();
  }

  const element = h('div', { class: 'view' }, searchBox, scroll, foot);

  /** Read is what is really in front of somebody. */
  function looks(): void {
    if (document.hidden) leave();
    else if (reading && element.checkVisibility()) readingSinceMs = Date.now();
  }
  document.addEventListener('visibilitychange', looks);

  return {
    title: () => reading?.title ?? t('faq_title'),
    element,
    update() {},
    leave,
    drop() {
      clearTimeout(typing);
      clearTimeout(settling);
      document.removeEventListener('visibilitychange', looks);
    },
    enter() {
      if (reading) {
        readingSinceMs = Date.now();
        scroll.focus();
        return;
      }
      // A keyboard that slides in would cover the answers.
      (matchMedia?.('(pointer: fine)').matches ? input : scroll).focus();
      void find();
    },
    back() {
      if (!reading) return false;
      backToList();
      return true;
    },
  };
}
