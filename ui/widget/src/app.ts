/** One running widget: wires capture, session, feed and interface together. */
import { createCapture } from './capture';
import { pagePath } from './capture/pages';
import { isRetriable } from './backoff';
import { createConsent, type Terms, type Verdict } from './consent';
import { createEventQueue } from './event-queue';
import { createFeed } from './feed';
import { coreTexts, languageOf, pickLocale } from './i18n';
import { createOutbox } from './outbox';
import { createRetry } from './retry';
import { createPausable } from './pausable';
import { createSession } from './session';
import { storage } from './storage';
import { createStore, emptyState, isOpen, NOTHING_LIVE } from './store';
import { createTransport, isApiError } from './transport';
import type { BootOptions, Offsets, OptionKind, OvertureEvents, SessionBrand, User } from './types';
import { createInterface } from './ui';
import type { WidgetContext } from './ui/context';
import { createHost } from './ui/host';
import { scriptLoader } from './ui/lazy';

type Emit = <Name extends keyof OvertureEvents>(name: Name, detail: OvertureEvents[Name]) => void;

export function startWidget(
  options: Required<Pick<BootOptions, 'writeKey' | 'host'>> & BootOptions & { scripts?: string },
  emit: Emit,
  /** Of our own script tag: a page that lets scripts in by nonce lets the others in by the same. */
  nonce = '',
) {
  const locale = pickLocale(options.locale);
  const language = languageOf(locale);
  const transport = createTransport(options.host);
  let texts: Record<string, string> = {};
  let brand: SessionBrand | undefined;
  let verdict: Verdict = { analyse: false, contact: false, said: {} };
  const path = (): string => pagePath(consent.terms()?.url_allow);
  const t = coreTexts(locale, () => texts);
  /** Without leave to make contact nothing is offered, whatever the server sends or a page before kept. */
  const store = createStore(emptyState(), (view) => (verdict.contact ? view : { ...view, offer: null }));

  const queue = createEventQueue({
    writeKey: options.writeKey,
    send: transport.capture,
    beacon: transport.beacon,
    path,
  });

  const load = scriptLoader(options.scripts ?? `${options.host}/widget`, language, nonce);
  const capture = createCapture(
    queue,
    path,
    () => consent.terms()!.thresholds,
    (failed) => load('watch', failed),
  );

  const session = createSession(
    transport,
    {
      writeKey: options.writeKey,
      locale,
      user: options.user,
      resume: options.resume,
      path,
      said: () => verdict.said,
      terms: () => (consent.terms() ? undefined : askTerms()),
    },
    {
      onSession(kept, response) {
        texts = kept.texts;
        brand = kept.brand;
        if (brand) host.wear(brand.look);
        store.set({ helpButton: kept.helpButton, faqs: kept.faqs });
        if (response) {
          const { never = store.get().never, feed: items, seq } = response;
          store.set({ connection: 'online', never });
          if (items.length) store.tell({ items, seq, atMs: Date.now(), live: true });
          else store.set({ ...NOTHING_LIVE, seq });
        }
        if (kept.anonymousId) queue.identify({ anonymousId: kept.anonymousId, session: kept.session });
        feed.start();
        void outbox.flush();
        if (response?.identity && response.identity !== 'verified' && session.user())
          console.error('overture: "signature" does not prove "id"');
        emit('ready', { session: kept.session });
      },
      onUnreachable: () => store.set({ connection: 'offline' }),
      onRefused: leave,
    },
  );

  function leave(code: string): void {
    if (!host.element.isConnected) return;
    console.error(`overture: off, the server refused (${code})`);
    capture.stop();
    feed.stop();
    host.leave();
  }

  const consent = createConsent((next) => {
    const before = verdict;
    verdict = next;
    void session.tell();
    const keeps = next.analyse || next.contact;
    const news = storage.allow(keeps);
    if (keeps && news) {
      const { conversation, pending } = store.get();
      texts = storage.session()?.texts ?? texts;
      if (!conversation && !pending.length) store.set({ ...storage.state() });
      session.keep();
    }
    if (news) pausable.look();
    store.set({});
    if (next.analyse !== before.analyse) capture.stop();
    queue.allow(next.analyse);
    if (next.analyse && !before.analyse && options.capture !== false) capture.start();
    if (keeps) return session.start();
    if (news || [next.said.analyse, next.said.contact].includes(false)) storage.peek(storage.clear);
    // Who is talking to us goes on, from memory alone.
    if (isOpen(store.get().conversation) || ui.isOpen()) return;
    feed.stop();
    session.stop();
  });

  const askTerms = createRetry(async () => {
    const query = `/v1/widget/terms?write_key=${encodeURIComponent(options.writeKey)}`;
    try {
      consent.begin(await transport.request<Terms>('GET', query));
    } catch (error) {
      if (isApiError(error) && !isRetriable(error.status)) return leave(error.code);
      // Without terms nothing is noticed or read; who asks for help is helped, from memory.
      store.set({ connection: 'offline' });
      throw error;
    }
  });

  const outbox = createOutbox(session, store);
  const feed = createFeed(transport, session, {
    seq: () => (store.get().news.at(-1) ?? store.get()).seq,
    onItems: (items, seq) => items.length && store.tell({ items, seq, atMs: Date.now(), live: false }),
    onConnection(reached) {
      const connection = reached ? 'online' : 'offline';
      if (store.get().connection === connection) return;
      store.set({ connection });
      if (reached) void outbox.flush();
    },
  });

  // The next page finds out for itself what can be reached, and asks for the news again.
  store.subscribe((view) => storage.saveState({ ...view, connection: undefined, news: undefined }));

  const host = createHost(language);
  const context: WidgetContext = {
    t,
    locale,
    language,
    overrides: () => texts,
    brand: () => brand,
    host,
    store,
    session,
    outbox,
    line: feed,
    path,
    lastError: queue.lastError,
    emit(name, detail) {
      // To ask for help is to want to be known for it.
      if (name === 'opened') session.start();
      emit(name, detail);
    },
    load,
    smartPause: takePause,
    shared: {},
  };
  const ui = createInterface(context);
  const pausable = createPausable(
    context,
    () => ui.open('faq'),
    () => ui.close(),
  );

  function takePause(): void {
    session.start();
    pausable.take();
  }

  /** Nothing of the visitor's stays on this browser: somebody else uses it now. */
  function leaveTo(next?: User): void {
    pausable.reset();
    ui.renew();
    queue.forget();
    feed.stop();
    store.set({ ...emptyState(), news: [] });
    session.reset(next);
  }

  addEventListener('online', () => {
    if (!consent.terms()) void askTerms();
    session.retryNow();
    feed.refresh();
  });
  addEventListener('offline', () => store.set({ connection: 'offline' }));
  // A page kept for "Back" must not hold a socket.
  addEventListener('pagehide', () => feed.stop());
  addEventListener('pageshow', (event) => event.persisted && session.current() && feed.start());

  void askTerms();

  /** By the commands of a host page and of the scripts that come later. */
  return {
    open: (view?: OptionKind) =>
      view === 'smart_pause'
        ? takePause()
        : ui.open((['chat', 'callback', 'faq'] as const).find((it) => it === view)),
    pausable: pausable.declare,
    pausableForm: pausable.declare,
    smart_pause: takePause,
    /** The script that pauses has come. */
    pause: pausable.arrived,
    close: () => ui.close(),
    consent(said: unknown): void {
      // What came before the word is not sent because of it.
      if (!consent.terms()) queue.drop();
      consent.say(said);
    },
    /** The panel has come. */
    panel: ui.panelArrived,
    setUser(user: User): void {
      const before = session.user();
      if (user?.id && typeof user.id === 'string')
        if (before && before.id !== user.id) leaveTo(user);
        else session.identify(user);
      else console.error('overture: setUser needs an "id"');
    },
    signal: (name: string, properties: Record<string, unknown> = {}) =>
      queue.add('track', String(name), properties),
    error: (field: string, code: string) => capture.error(String(field), String(code)),
    frame: capture.frame,
    /** The script that understands forms has come. */
    watch: capture.arrived,
    offset: (offsets: Offsets) => host.offset(offsets ?? {}),
    avoid(selector: string): void {
      try {
        host.element.matches(selector);
        host.avoid.push(selector);
      } catch {
        console.error('overture: no selector:', selector);
      }
    },

    /** The visitor signed out. */
    reset: () => leaveTo(),
  };
}

export type Widget = ReturnType<typeof startWidget>;
