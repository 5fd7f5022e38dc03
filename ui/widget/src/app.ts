/** One running widget: wires capture, session, feed and interface together. */
import { startCapture } from './capture';
import { pagePath } from './capture/pages';
import { createConversation } from './conversation';
import { createEventQueue } from './event-queue';
import { createFeed } from './feed';
import { coreTexts, pickLocale } from './i18n';
import { createOffers } from './offers';
import { createOutbox } from './outbox';
import { createSession } from './session';
import { storage } from './storage';
import { applyItems, applyLive, createStore, emptyState, type State, type View } from './store';
import { createTransport } from './transport';
import type { BootOptions, Faq, OptionKind, OvertureEvents, User } from './types';
import { createInterface } from './ui';
import { createHost } from './ui/host';

type Emit = <Name extends keyof OvertureEvents>(name: Name, detail: OvertureEvents[Name]) => void;

function persistable(view: View): State {
  const { connection: _connection, helpButton: _helpButton, faqs: _faqs, ...state } = view;
  return state;
}

export function startWidget(
  options: Required<Pick<BootOptions, 'writeKey' | 'host'>> & BootOptions,
  emit: Emit,
  /** Of our own script tag: a page that lets scripts in by nonce lets the panel in by the same. */
  nonce = '',
) {
  const locale = pickLocale(options.locale);
  const transport = createTransport(options.host);
  let texts: Record<string, string> = storage.session()?.texts ?? {};
  const t = coreTexts(locale, () => texts);
  const store = createStore({ ...emptyState(), ...storage.state() });

  const queue = createEventQueue({
    writeKey: options.writeKey,
    send: transport.capture,
    beacon: transport.beacon,
    path: pagePath,
  });

  const session = createSession(
    transport,
    { writeKey: options.writeKey, locale, user: options.user, path: pagePath },
    {
      onSession(kept, response) {
        texts = kept.texts;
        const live: Partial<View> = response
          ? {
              ...applyLive(store.get(), response.feed, response.seq, Date.now()),
              connection: 'online',
              never: response.never ?? store.get().never,
            }
          : {};
        store.set({ ...live, helpButton: kept.helpButton, faqs: kept.faqs });
        queue.identify({ anonymousId: kept.anonymousId, session: kept.session });
        feed.start();
        resend();
        emit('ready', { session: kept.session });
      },
      onUnreachable: () => store.set({ connection: 'offline' }),
      onRefused(code) {
        console.error(`overture: the server refused this page (${code}); the widget is off`);
        stopCapture();
        feed.stop();
        host.element.remove();
      },
    },
  );

  const outbox = createOutbox(session, store);
  const conversation = createConversation(session, store, outbox);
  const offers = createOffers(session, store, outbox, conversation, emit);
  const feed = createFeed(transport, session, {
    seq: () => store.get().seq,
    onItems: (items, seq) => store.set(applyItems(store.get(), items, seq, Date.now())),
    onConnection(reached) {
      const connection = reached ? 'online' : 'offline';
      if (store.get().connection === connection) return;
      store.set({ connection });
      if (reached) resend();
    },
  });

  function resend(): void {
    void outbox.flush();
    void conversation.flush();
  }

  store.subscribe((view, before) => {
    storage.saveState(persistable(view));
    const { conversation: now } = view;
    if (now && now.status !== before.conversation?.status) {
      emit('conversation', { conversation: now.conversation, status: now.status, channel: now.channel });
    }
    for (const it of view.messages) {
      if (!before.messages.includes(it))
        emit('message', { conversation: it.conversation, author: it.author });
    }
  });

  const host = createHost(locale);
  const ui = createInterface(
    {
      t,
      locale,
      overrides: () => texts,
      adopt: host.adopt,
      store,
      conversation,
      offers,
      outbox,
      emit,
      faqs: async () => (await session.call<{ faqs: Faq[] }>('GET', '/faqs')).faqs,
    },
    host,
    `${options.host}/widget-panel.js?v=${__PANEL_VERSION__}`,
    nonce,
  );

  addEventListener('online', () => {
    session.retryNow();
    feed.refresh();
  });
  addEventListener('offline', () => store.set({ connection: 'offline' }));
  // A page kept for "Back" must not hold a socket.
  addEventListener('pagehide', () => feed.stop());
  addEventListener('pageshow', (event) => event.persisted && session.current() && feed.start());

  const stopCapture = startCapture(queue);
  offers.resume();
  session.start();

  return {
    open: (view?: OptionKind) => ui.open(view),
    close: () => ui.close(),
    panelArrived: ui.panelArrived,
    identify: (user: User) => session.identify(user),
    signal: (name: string, properties: Record<string, unknown> = {}) => queue.add('track', name, properties),
    error: (field: string, code: string) =>
      queue.add('track', 'overture:form_error', { form: '', field, code }),

    /** The visitor signed out: nothing of theirs stays on this browser. */
    reset(): void {
      ui.close();
      queue.forget();
      feed.stop();
      store.set(emptyState());
      session.reset();
    },
  };
}

export type Widget = ReturnType<typeof startWidget>;
