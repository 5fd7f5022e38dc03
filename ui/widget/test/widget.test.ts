/** The whole widget in a page, against a server made of a few answers. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { startWidget, type Widget } from '../src/app';
import { createPanel } from '../src/panel/panel';
import { storage } from '../src/storage';
import { THRESHOLDS } from './helpers';
import type { FeedItem, OfferItem, User } from '../src/types';

type Answer = { status: number; body?: unknown };
type Call = { method: string; path: string; body: Record<string, unknown> };

let calls: Call[];
let answers: Record<string, (call: Call) => Answer>;
let down: boolean;
let sockets: FakeSocket[];
let widget: Widget;
const pending: (() => void)[] = [];
const observers: MutationObserver[] = [];

class FakeSocket {
  static OPEN = 1;
  readyState = 1;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: (() => void) | null = null;
  constructor(readonly url: string) {
    sockets.push(this);
    if (down) queueMicrotask(() => this.onclose?.());
    else queueMicrotask(() => this.onmessage?.({ data: JSON.stringify({ items: [], seq: 0 }) }));
  }
  close(): void {
    this.readyState = 3;
  }
}

/** The server speaks over the newest socket. */
function push(...items: FeedItem[]): void {
  sockets.at(-1)?.onmessage?.({ data: JSON.stringify({ items, seq: items.at(-1)?.seq }) });
}

const offer = (more: Partial<OfferItem> = {}): OfferItem => ({
  kind: 'offer',
  seq: 5,
  at: new Date().toISOString(),
  offer: 'off_1',
  style: 'banner',
  title: 'Help is Available',
  text: 'A support agent is available to assist.',
  why: 'Two errors in the payment form.',
  options: [
    { kind: 'chat', label: 'Start Chat', wait_s: 0 },
    { kind: 'callback', label: 'Request Callback' },
    { kind: 'faq', label: 'View FAQs' },
  ],
  grant_token: 'secret-grant',
  expires_at: new Date(Date.now() + 60_000).toISOString(),
  ...more,
});

const shadow = (): ShadowRoot => document.querySelector('overture-widget')!.shadowRoot!;
const find = <T extends HTMLElement = HTMLElement>(selector: string): T | null =>
  shadow().querySelector<T>(selector);
const byText = (text: string): HTMLElement => {
  const found = [...shadow().querySelectorAll<HTMLElement>('button')].find((it) =>
    it.textContent?.includes(text),
  );
  if (!found) throw new Error(`no button "${text}"`);
  return found;
};
const posted = (path: string): Call[] => calls.filter((it) => it.path === path);
const settle = (ms = 50): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

function layout(box: Partial<DOMRect>): void {
  vi.spyOn(Element.prototype, 'getBoundingClientRect').mockImplementation(function (this: Element) {
    const field = this.matches('input');
    const low = this.getAttribute('data-edge')?.startsWith('bottom');
    const card = {
      top: low ? 500 : 0,
      bottom: low ? 700 : 200,
      left: 0,
      right: 600,
      width: 600,
      height: 200,
    };
    return { ...(field ? { left: 0, right: 300, width: 300, height: 40, ...box } : card) } as DOMRect;
  });
}

/** The panel's script arrives when it was asked for, unless the test holds it back. */
async function boot(locale = 'en'): Promise<void> {
  widget = startWidget({ writeKey: 'wk', host: 'https://help.test', locale }, () => {});
  new MutationObserver(() => {
    if (scripts === 'arrive' && panelScript()) widget.panel(createPanel);
    if (scripts === 'fail') panelScript()?.onerror?.(new Event('error'));
  }).observe(document.head, { childList: true });
  await settle();
}
/** The next page of the same tab knows what the tab keeps, and nothing else. */
function leavePage(): void {
  vi.clearAllTimers();
  for (const it of observers.splice(0)) it.disconnect();
  for (const it of document.querySelectorAll('overture-widget')) it.remove();
  document.head.replaceChildren();
  storage.allow(false);
  calls = [];
}
const panelScript = (): HTMLScriptElement | null =>
  document.querySelector<HTMLScriptElement>('script[src*="widget-panel."]');
let scripts: 'arrive' | 'wait' | 'fail';

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal(
    'MutationObserver',
    class extends MutationObserver {
      constructor(callback: MutationCallback) {
        super(callback);
        observers.push(this);
      }
    },
  );
  // jsdom lays nothing out.
  Element.prototype.checkVisibility ??= function (this: Element) {
    return !this.closest('[hidden]');
  };
  calls = [];
  sockets = [];
  down = false;
  scripts = 'arrive';
  answers = {
    '/v1/widget/terms': () => ({
      status: 200,
      body: {
        consent: 'platform',
        unsaid: { analyse: true, contact: true },
        url_allow: [],
        consent_categories: {},
        thresholds: THRESHOLDS,
      },
    }),
    '/v1/widget/session': () => ({
      status: 200,
      body: {
        session: 'int_s',
        session_token: 'tok',
        device_token: 'dev',
        anonymous_id: 'anon',
        seq: 0,
        help_button: true,
        faqs: true,
        feed: [],
      },
    }),
    '/v1/widget/help': () => ({ status: 200, body: { conversation: 'int_c' } }),
    '/v1/widget/messages': (call) => ({
      status: 200,
      body: { seq: 90, message: `msg_${call.body.client_key}` },
    }),
  };
  vi.stubGlobal('WebSocket', FakeSocket);
  // jsdom has no constructable style sheets.
  Object.defineProperty(ShadowRoot.prototype, 'adoptedStyleSheets', {
    value: [],
    writable: true,
    configurable: true,
  });
  vi.stubGlobal(
    'CSSStyleSheet',
    class {
      replaceSync(): void {}
    },
  );
  vi.stubGlobal('fetch', async (url: string, init: RequestInit = {}) => {
    if (down) throw new TypeError('unreachable');
    const path = url.replace('https://help.test', '').split('?')[0] ?? '';
    const call = {
      method: init.method ?? 'GET',
      path,
      body: JSON.parse(String(init.body ?? '{}')) as Call['body'],
    };
    calls.push(call);
    const { status, body } = answers[path]?.(call) ?? { status: 204 };
    return new Response(body === undefined ? null : JSON.stringify(body), { status });
  });
  navigator.sendBeacon = () => true;
  localStorage.clear();
  sessionStorage.clear();
  storage.allow(false);
  document.head.replaceChildren();
  document.body.innerHTML = '<input id="field" name="card"><button id="other">x</button>';
  layout({ top: 300, bottom: 340 });
});

afterEach(() => {
  // It comes back when a page takes it away: the page that is over must not.
  for (const it of observers.splice(0)) it.disconnect();
  for (const it of document.querySelectorAll('overture-widget')) it.remove();
  pending.splice(0).forEach((it) => it());
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe('the banner', () => {
  test('never takes the focus, says it politely, and reports shown once', async () => {
    await boot();
    document.querySelector<HTMLElement>('#field')!.focus();
    push(offer());
    await settle(3_000);
    expect(document.activeElement?.id).toBe('field');
    expect(find('section.banner')?.getAttribute('aria-labelledby')).toBe('offer-title');
    expect(find('[aria-modal=true]')).toBeNull();
    expect(find('.sr[aria-live=polite]')?.textContent).toContain('Help is Available');
    push(offer());
    await settle(500);
    expect(posted('/v1/widget/offers/off_1/shown')).toHaveLength(1);
  });

  test.each([
    [{ top: 600, bottom: 640 }, 'top'],
    [{ top: 100, bottom: 140 }, 'bottom'],
  ])('with a focused field at %j it is at the %s edge', async (box, edge) => {
    layout(box);
    await boot();
    document.querySelector<HTMLElement>('#field')!.focus();
    push(offer());
    await settle(3_000);
    expect(find('.banner')?.dataset.edge).toBe(edge);
  });

  test('a field that would be covered at both edges hides it, and it is not called shown', async () => {
    layout({ top: 0, bottom: 700 });
    await boot();
    document.querySelector<HTMLElement>('#field')!.focus();
    push(offer());
    await settle(3_000);
    expect(find('.banner')?.dataset.edge).toBe('away');
    expect(posted('/v1/widget/offers/off_1/shown')).toHaveLength(0);
    document.querySelector<HTMLElement>('#field')!.blur();
    await settle(500);
    expect(find('.banner')?.dataset.edge).toBe('bottom');
    expect(posted('/v1/widget/offers/off_1/shown')).toHaveLength(1);
  });

  test('Escape inside is "not now" and gives the focus back', async () => {
    await boot();
    push(offer());
    await settle(500);
    document.querySelector<HTMLElement>('#other')!.focus();
    byText('Start Chat').dispatchEvent(
      new FocusEvent('focusin', { bubbles: true, relatedTarget: document.querySelector('#other') }),
    );
    byText('Start Chat').focus();
    byText('Start Chat').dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }));
    await settle();
    expect(find('.banner')).toBeNull();
    expect(document.activeElement?.id).toBe('other');
    expect(posted('/v1/widget/offers/off_1/dismiss')[0]?.body).toEqual({ how: 'not_now' });
  });

  test('Escape on the page leaves it alone', async () => {
    await boot();
    push(offer());
    await settle(500);
    document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }));
    await settle();
    expect(find('.banner')).not.toBeNull();
  });

  test('without its script it is not there, and not called shown', async () => {
    scripts = 'wait';
    await boot();
    push(offer());
    await settle(500);
    expect(panelScript()?.src).toBe('https://help.test/widget-panel.en.js?v=dev');
    panelScript()?.onerror?.(new Event('error'));
    push({
      kind: 'message',
      seq: 6,
      at: '',
      conversation: 'int_c',
      message: 'm',
      author: 'system',
      text: 'x',
    });
    await settle(61_000);
    expect(panelScript()).toBeNull();
    expect(find('.banner')).toBeNull();
    expect(calls.filter((it) => it.path.startsWith('/v1/widget/offers'))).toEqual([]);
  });

  test('is gone at once when withdrawn', async () => {
    await boot();
    push(offer());
    await settle(500);
    push({ kind: 'offer_withdrawn', seq: 6, at: '', offer: 'off_1' });
    expect(find('.banner')).toBeNull();
    expect(posted('/v1/widget/offers/off_1/dismiss')).toHaveLength(0);
  });

  test('reports ignored when its time is over', async () => {
    await boot();
    push(offer());
    await settle(61_000);
    expect(find('.banner')).toBeNull();
    expect(posted('/v1/widget/offers/off_1/dismiss')[0]?.body).toEqual({ how: 'ignored' });
  });

  test('"why" opens and closes', async () => {
    await boot();
    push(offer());
    await settle(500);
    const why = byText('Why am I seeing this?');
    why.click();
    expect(why.getAttribute('aria-expanded')).toBe('true');
    expect(find('.why')?.hidden).toBe(false);
    why.click();
    expect(find('.why')?.hidden).toBe(true);
  });

  test('"don\'t offer again" can be undone in the panel', async () => {
    await boot();
    push(offer());
    await settle(500);
    byText('Don’t offer again').click();
    await settle();
    expect(posted('/v1/widget/offers/off_1/dismiss')[0]?.body).toEqual({ how: 'never' });
    byText('Help').click();
    byText('Offer me help again').click();
    await settle();
    expect(posted('/v1/widget/offers/undo_never')).toHaveLength(1);
    expect(byText('Offer me help again').parentElement?.hidden).toBe(true);
  });
});

describe('taking an offer', () => {
  test('sends the option, the grant and a key, and opens the chat', async () => {
    answers['/v1/widget/offers/off_1/accept'] = () => ({ status: 200, body: { conversation: 'int_c' } });
    await boot();
    push(offer());
    await settle(500);
    byText('Start Chat').click();
    await settle();
    const body = posted('/v1/widget/offers/off_1/accept')[0]?.body;
    expect(body).toEqual({
      option: 'chat',
      grant_token: 'secret-grant',
      idempotency_key: expect.any(String) as string,
    });
    expect(find('#panel-title')?.textContent).toBe('Chat');
    expect(find('.banner')).toBeNull();
  });

  test.each([
    [409, 'offer_gone', 'This offer is no longer open'],
    [403, 'not_available', 'This did not work through the offer'],
  ])('refused with %i it says so plainly and keeps the other ways open', async (status, code, text) => {
    answers['/v1/widget/offers/off_1/accept'] = () => ({ status, body: { code } });
    await boot();
    push(offer());
    await settle(500);
    byText('Start Chat').click();
    await settle();
    expect(find('.notice[role=alert]')?.textContent).toContain(text);
    for (const way of ['Start a chat', 'Request a callback', 'Read answers'])
      expect(byText(way).hidden).toBe(false);
    expect(posted('/v1/widget/help')).toHaveLength(0);
  });
});

describe('Help', () => {
  test('opens when nothing can be reached, keeps what is written and sends it when the connection is back', async () => {
    down = true;
    scripts = 'fail';
    await boot();
    await settle(1_000);
    byText('Help').click();
    await settle(500);
    expect(find('.bare [role=status]')?.textContent).toContain('We cannot be reached right now');
    const input = find<HTMLTextAreaElement>('.bare textarea')!;
    input.value = 'my card is refused';
    input.form?.dispatchEvent(new Event('submit', { cancelable: true }));
    await settle(5_000);
    expect(calls).toHaveLength(0);
    down = false;
    scripts = 'arrive';
    await settle(60_000);
    expect(posted('/v1/widget/help')).toHaveLength(1);
    expect(posted('/v1/widget/messages').map((it) => it.body.text)).toEqual(['my card is refused']);
  });

  test('a message is sent once however often the connection breaks', async () => {
    await boot();
    widget.panel(createPanel);
    widget.open('chat');
    const input = find<HTMLTextAreaElement>('.panel textarea')!;
    input.value = 'hello';
    input.dispatchEvent(new Event('input'));
    let failures = 3;
    answers['/v1/widget/messages'] = (call) =>
      failures-- > 0
        ? { status: 503 }
        : { status: 200, body: { seq: 9, message: `msg_${call.body.client_key}` } };
    input.form?.dispatchEvent(new Event('submit', { cancelable: true }));
    await settle(60_000);
    const keys = posted('/v1/widget/messages').map((it) => it.body.client_key);
    expect(keys).toHaveLength(4);
    expect(new Set(keys).size).toBe(1);
    expect(posted('/v1/widget/help')).toHaveLength(1);
    expect(find('.log')?.textContent).toContain('hello');
    push({
      kind: 'message',
      seq: 9,
      at: '',
      conversation: 'int_c',
      message: `msg_${String(keys[0])}`,
      author: 'customer',
      text: 'hello',
      client_key: String(keys[0]),
    });
    expect(shadow().querySelectorAll('.log .message')).toHaveLength(1);
  });

  test('is taken away where the server refuses the page', async () => {
    const error = vi.spyOn(console, 'error').mockImplementation(() => {});
    answers['/v1/widget/session'] = () => ({ status: 403, body: { code: 'origin_not_allowed' } });
    await boot();
    expect(document.querySelector('overture-widget')).toBeNull();
    expect(error).toHaveBeenCalledOnce();
    document.body.append(document.createElement('overture-widget'));
    document.querySelector('overture-widget')!.attachShadow({ mode: 'open' });
  });

  test.each([
    ['de-DE', 'Hilfe', 'de', 'ltr'],
    ['es', 'Ayuda', 'es', 'ltr'],
    ['ar-EG', 'المساعدة', 'ar', 'rtl'],
    ['fr', 'Help', 'en', 'ltr'],
  ])('on a page in %s it says %s, and its script is the one in %s', async (locale, text, language, dir) => {
    scripts = 'wait';
    document.documentElement.dir = 'rtl';
    await boot(locale);
    document.documentElement.dir = '';
    expect(find('.launcher')?.textContent).toBe(text);
    expect([find('.root')?.lang, find('.root')?.dir]).toEqual([language, dir]);
    byText(text).click();
    expect(panelScript()?.src).toContain(`/widget-panel.${language}.js`);
  });
});

describe('other people’s words', () => {
  const script = '<img src=x onerror="window.hacked=true"><script>window.hacked=true</script>';

  test('are text in every place', async () => {
    await boot();
    push(
      offer({
        title: script,
        text: script,
        why: script,
        options: [{ kind: 'faq', label: script }],
      }),
    );
    await settle(500);
    expect(find('.banner h2')?.textContent).toBe(script);
    push(
      {
        kind: 'conversation',
        seq: 7,
        at: '',
        conversation: 'int_c',
        status: 'assigned',
        channel: 'chat',
        agent_name: script,
      },
      {
        kind: 'message',
        seq: 8,
        at: '',
        conversation: 'int_c',
        message: 'm',
        author: 'agent',
        author_name: script,
        text: script,
      },
    );
    widget.open('chat');
    await settle(500);
    expect(find('.message')?.textContent).toContain(script);
    expect(shadow().querySelector('img,script')).toBeNull();
    expect('hacked' in window).toBe(false);
  });
});

describe('before the terms', () => {
  test('a reset that was queued leaves nothing of the person before', async () => {
    await boot();
    push({
      kind: 'conversation',
      seq: 7,
      at: '',
      conversation: 'int_c',
      status: 'assigned',
      channel: 'chat',
    });
    await settle();
    expect(sessionStorage.getItem('overture.state')).toContain('int_c');
    leavePage();
    widget = startWidget({ writeKey: 'wk', host: 'https://help.test' }, () => {});
    widget.reset();
    await settle();
    const [session] = posted('/v1/widget/session');
    expect(session?.body).not.toHaveProperty('device_token');
    expect(sessionStorage.getItem('overture.state') ?? '').not.toContain('int_c');
  });

  test('a signal waits for them, and goes where they allow it', async () => {
    widget = startWidget({ writeKey: 'wk', host: 'https://help.test' }, () => {});
    widget.signal('early');
    await settle(5_000);
    expect(JSON.stringify(posted('/v1/batch'))).toContain('early');
  });

  test('what came before the site’s own word is not sent because of it', async () => {
    widget = startWidget({ writeKey: 'wk', host: 'https://help.test' }, () => {});
    widget.signal('early');
    widget.consent({ analyse: true });
    widget.signal('after');
    await settle(5_000);
    expect(JSON.stringify(posted('/v1/batch'))).toContain('after');
    expect(JSON.stringify(posted('/v1/batch'))).not.toContain('early');
  });

  test('where they cannot be had nothing is noticed or read, and help works', async () => {
    await boot();
    await settle(5_000);
    leavePage();
    answers['/v1/widget/terms'] = () => ({ status: 503 });
    const read = vi.spyOn(Storage.prototype, 'getItem');
    await boot();
    widget.signal('never');
    await settle(5_000);
    expect(posted('/v1/widget/session')).toEqual([]);
    expect(read.mock.calls.map(([key]) => key)).not.toContain('overture.session');
    widget.open('chat');
    await settle(5_000);
    expect(posted('/v1/widget/session')).toHaveLength(1);
    expect(posted('/v1/widget/session')[0]?.body).not.toHaveProperty('device_token');
    expect(posted('/v1/batch')).toEqual([]);
  });
});

describe('who is signed in', () => {
  const users = (): unknown[] => posted('/v1/widget/session').map((it) => it.body.user);
  const ann = { id: 'ann', signature: 'right', traits: { plan: 'free' } };

  test('can be corrected, and changes; the same word again is none', async () => {
    await boot();
    for (const user of [{ ...ann, signature: '' }, ann, ann, { ...ann, traits: { plan: 'pro' } }]) {
      widget.setUser(user);
      await settle();
    }
    expect(users()).toEqual([undefined, { ...ann, signature: '' }, ann, { ...ann, traits: { plan: 'pro' } }]);
  });

  test('on the next page is the same session, unless the signature is another', async () => {
    const seen: unknown[] = [];
    const open = async (user: User): Promise<void> => {
      leavePage();
      widget = startWidget({ writeKey: 'wk', host: 'https://help.test', user }, () => {});
      await settle();
      seen.push(...users());
    };
    await open({ ...ann, signature: 'wrong' });
    await open({ ...ann, signature: 'wrong' });
    await open(ann);
    expect(seen).toEqual([{ ...ann, signature: 'wrong' }, ann]);
    expect(JSON.stringify({ ...sessionStorage })).not.toMatch(/right|free/);
  });
});

describe('the brand’s logo', () => {
  const look = {
    accent: '#112233',
    on_accent: '#ffffff',
    accent_dark: '#112233',
    on_accent_dark: '#ffffff',
    position: 'end',
  };
  const logo = (): HTMLImageElement | null => find<HTMLImageElement>('.head img');
  const open = async (logo_url?: string): Promise<void> => {
    const { body } = answers['/v1/widget/session']!({} as Call) as { body: object };
    const brand = { id: 'brd_1', look: { ...look, logo_url }, chat: {}, callback: { countries: [] } };
    answers['/v1/widget/session'] = () => ({ status: 200, body: { ...body, brand } });
    await boot();
    widget.open();
    await settle();
  };

  test('stands in the panel’s head once it is there, and is no name of its own', async () => {
    await open('https://shop.example/logo.svg');
    expect([logo()?.src, logo()?.alt, logo()?.hidden]).toEqual(['https://shop.example/logo.svg', '', true]);
    logo()?.dispatchEvent(new Event('load'));
    expect(logo()?.hidden).toBe(false);
    expect(find('.head h2')?.textContent).not.toBe('');
  });

  test('that the page does not let in leaves the title', async () => {
    await open('https://shop.example/logo.svg');
    logo()?.dispatchEvent(new Event('error'));
    expect(logo()?.hidden).toBe(true);
  });

  test('is not asked for where the brand has none', async () => {
    await open();
    expect(logo()).toBeNull();
  });
});

describe('the feed', () => {
  test('passes over what is no frame of ours', async () => {
    await boot();
    expect(() => sockets.at(-1)?.onmessage?.({ data: '<html>proxy</html>' })).not.toThrow();
    push(offer());
    await settle(500);
    expect(find('.banner')).not.toBeNull();
  });
});

describe('signing out', () => {
  test('leaves nothing of the visitor on this browser', async () => {
    await boot();
    push(offer());
    await settle(500);
    answers['/v1/widget/session'] = () => ({ status: 503 });
    widget.reset();
    await settle();
    expect(find('.banner')).toBeNull();
    expect(localStorage.getItem('overture.device')).toBeNull();
    expect(sessionStorage.getItem('overture.session')).toBeNull();
    expect(sessionStorage.getItem('overture.state') ?? '').not.toContain('off_1');
    expect(posted('/v1/widget/session').at(-1)?.body.device_token).toBeUndefined();
  });
});
