/**
 * A guide on trial: a page that staff opened from the editor shows the draft, or lets an element be picked.
 * Nothing of a visitor begins here: no session, no capture, no offers.
 */
import { furnish } from '../ui/further';
import { createHost } from '../ui/host';
import { h } from '../ui/dom';
import { languageOf } from '../i18n';
import { describe, quality } from './anchor';
import { createPicker } from './picker';
import { playSteps } from './player';
import css from './preview.css?inline';
import { noticesIn } from './preview-texts';
import type { Guide, Player } from './types';

const PARAMETER = 'overture_preview';
const KEPT = 'overture.preview';
/** The name of a tab that is a preview, also after it went to another page. */
const TAB = 'overture-preview';
const RETRY_MS = 2_000;

interface Begin {
  page: string;
  mode: 'pick' | 'show';
  step: number;
  locale: string;
  guide: Guide;
}

interface Message {
  kind: 'content';
  mode: 'pick' | 'show';
  step: number;
  locale: string;
  guide: Guide;
}

function kept(): Begin | null {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT) ?? 'null') as Begin | null;
  } catch {
    return null;
  }
}

function keep(begin: Begin | null): void {
  try {
    // The name and the storage of a page that is no preview are none of our business.
    if (!begin && window.name !== TAB) return;
    window.name = begin ? TAB : '';
    if (begin) sessionStorage.setItem(KEPT, JSON.stringify(begin));
    else sessionStorage.removeItem(KEPT);
  } catch {
    // Then the preview ends with this page.
  }
}

/** The token in the page's address, or that this tab is a preview already. */
export function previewToken(): string | null {
  return new URLSearchParams(location.search).get(PARAMETER) ?? (window.name === TAB ? 'kept' : null);
}

async function call<T>(
  base: string,
  token: string | undefined,
  method: 'GET' | 'POST',
  path: string,
  body?: unknown,
): Promise<T> {
  const answer = await fetch(`${base}/v1/widget/preview${path}`, {
    method,
    credentials: 'omit',
    headers: {
      ...(token ? { Authorization: `Bearer ${token}` } : {}),
      ...(body ? { 'Content-Type': 'application/json' } : {}),
    },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  if (!answer.ok) throw Object.assign(new Error('preview'), { status: answer.status });
  return (answer.status === 204 ? undefined : await answer.json()) as T;
}

/** What is to be tried on this page; `null` when the server knows nothing of it. */
async function enter(base: string): Promise<Begin | null> {
  const url = new URL(location.href);
  const token = url.searchParams.get(PARAMETER);
  if (!token) return kept();
  // The token is used up by this page, and is nobody else's business.
  url.searchParams.delete(PARAMETER);
  history.replaceState(history.state, '', url);
  return call<Begin>(base, token, 'POST', '').catch(() => null);
}

/** False where nothing is to be tried: then nothing was shown, nothing is kept, and the page is a visit like any other. */
export async function startPreview(base: string): Promise<boolean> {
  const first = await enter(base);
  keep(first);
  if (!first) return false;
  let begin: Begin | null = first;
  const host = createHost(languageOf(document.documentElement.lang || 'en'));
  const announce = furnish(host);
  host.adopt(css);
  const t = noticesIn(navigator.language);
  const notice = h('p', { class: 'preview-text' });
  const again = h('button', { type: 'button', hidden: true, onclick: () => begin && act(begin) }, t('again'));
  const bar = h(
    'section',
    { class: 'preview-bar', 'aria-label': t('title') },
    h('strong', {}, t('title')),
    h('div', { role: 'status' }, notice),
    again,
    h('button', { type: 'button', onclick: leave }, t('leave')),
  );
  host.root.append(bar);
  let player: Player | null = null;
  let stopPicking = (): void => {};

  const say = (text: string): void => {
    notice.textContent = text;
  };

  const tell = (message: Record<string, unknown>): void => {
    void call(base, begin?.page, 'POST', '/messages', message).catch(() => say(t('lost')));
  };

  function leave(): void {
    keep(null);
    stopPicking();
    player?.close();
    bar.remove();
    if (begin) tell({ kind: 'cancelled' });
    begin = null;
  }

  function pick(step: number): void {
    say(t('pick'));
    stopPicking = createPicker(host, announce, t, {
      picked(element) {
        const anchor = describe(element);
        tell({ kind: 'picked', step, anchor, quality: quality(anchor) });
        say(t(quality(anchor)));
        again.hidden = false;
      },
      cancelled() {
        tell({ kind: 'cancelled', step });
        say(t('cancelled'));
        again.hidden = false;
      },
    });
  }

  function show({ guide, step }: Begin): void {
    say(t('show'));
    player = playSteps(
      { own: host, root: host.root, adopt: host.adopt, locale: guide.locale, host: base },
      guide,
      {
        from: Math.min(step, Math.max(0, guide.steps.length - 1)),
        why: t('why'),
        never: ended,
        step(at) {
          say(t('show'));
          tell({ kind: 'shown', step: at });
        },
        completed: ended,
        closed: ended,
        hidden: () => say(t('hidden')),
        missing(at) {
          tell({ kind: 'missing', step: at });
          say(t('missing'));
          again.hidden = false;
        },
      },
    );
  }

  function ended(): void {
    tell({ kind: 'ended' });
    say(t('ended'));
    again.hidden = false;
  }

  function act(now: Begin): void {
    again.hidden = true;
    stopPicking();
    player?.close();
    player = null;
    if (now.mode === 'pick') pick(now.step);
    else show(now);
  }

  async function listen(): Promise<void> {
    let after = 0;
    while (begin) {
      try {
        const heard: { after: number; messages: Message[] } = await call(
          base,
          begin.page,
          'GET',
          `/messages?after=${after}`,
        );
        after = heard.after;
        const last = heard.messages.filter((it) => it.kind === 'content').at(-1);
        if (last && begin) {
          begin = { ...begin, mode: last.mode, step: last.step, locale: last.locale, guide: last.guide };
          keep(begin);
          act(begin);
        }
      } catch (error) {
        if ([401, 404].includes((error as { status?: number }).status ?? 0)) {
          keep(null);
          begin = null;
          return say(t('over'));
        }
        await new Promise((done) => setTimeout(done, RETRY_MS));
      }
    }
  }

  act(first);
  void listen();
  return true;
}
