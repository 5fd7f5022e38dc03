/** The whole widget in a page, against a server made of a few answers. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { startWidget, type Widget } from '../src/app';
import { createPanel } from '../src/panel/panel';
import type { FeedItem, OfferItem } from '../src/types';

type Answer = { status: number; body?: unknown };
type Call = { method: string; path: string; body: Record<string, unknown> };

let calls: Call[];
let answers: Record<string, (call: Call) => Answer>;
let down: boolean;
let sockets: FakeSocket[];
let widget: Widget;
const pending: (() => void)[] = [];

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

async function boot(locale = 'en'): Promise<void> {
  widget = startWidget({ writeKey: 'wk', host: 'https://help.test', locale }, () => {});
  await settle();
}

beforeEach(() => {
  vi.useFakeTimers();
  calls = [];
  sockets = [];
  down = false;
  answers = {
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
  document.head.replaceChildren();
  document.body.innerHTML = '<input id="field" name="card"><button id="other">x</button>';
  layout({ top: 300, bottom: 340 });
});

afterEach(() => {
  document.querySelector('overture-widget')?.remove();
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
    await settle(500);
    expect(document.activeElement?.id).toBe('field');
    expect(find('section.banner')?.getAttribute('aria-labelledby')).toBe('offer-title');
    expect(find('[aria-modal=true]')).toBeNull();
    expect(find('.banner [aria-live=polite]')?.textContent).toContain('Help is Available');
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
    await settle(500);
    expect(find('.banner')?.dataset.edge).toBe(edge);
  });

  test('a field that would be covered at both edges hides it, and it is not called shown', async () => {
    layout({ top: 0, bottom: 700 });
    await boot();
    document.querySelector<HTMLElement>('#field')!.focus();
    push(offer());
    await settle(500);
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
    widget.panelArrived(createPanel);
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
    widget.panelArrived(createPanel);
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
    widget.panelArrived(createPanel);
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
    await boot();
    byText('Help').click();
    document
      .querySelector<HTMLScriptElement>('script[src*="widget-panel.js"]')
      ?.onerror?.(new Event('error'));
    await settle(500);
    expect(find('.panel [role=status]')?.textContent).toContain('We cannot be reached right now');
    const input = find<HTMLTextAreaElement>('.panel textarea')!;
    input.value = 'my card is refused';
    input.form?.dispatchEvent(new Event('submit', { cancelable: true }));
    await settle(5_000);
    expect(calls).toHaveLength(0);
    down = false;
    await settle(60_000);
    expect(posted('/v1/widget/help')).toHaveLength(1);
    expect(posted('/v1/widget/messages').map((it) => it.body.text)).toEqual(['my card is refused']);
  });

  test('a message is sent once however often the connection breaks', async () => {
    await boot();
    widget.panelArrived(createPanel);
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

  test('speaks German on a German page', async () => {
    await boot('de-DE');
    expect(find('.launcher')?.textContent).toBe('Hilfe');
  });
});

describe('other people’s words', () => {
  const script = '<img src=x onerror="window.hacked=true"><script>window.hacked=true</script>';

  test('are text in every place', async () => {
    await boot();
    widget.panelArrived(createPanel);
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

describe('signing out', () => {
  test('leaves nothing of the visitor on this browser', async () => {
    await boot();
    widget.panelArrived(createPanel);
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
