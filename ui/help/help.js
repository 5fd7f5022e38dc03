/**
 * The hosted help page's own script: starts the widget as a page, and tells the app around a web view
 * what happens. The panel is the same one that a site shows; only its place is another.
 */
(function () {
  const { writeKey, resume, grant, view, locale, mode, up } = document.currentScript.dataset;
  const webView = mode === 'webview';
  const state = document.getElementById('state');
  const start = document.getElementById('start');
  const WITHIN_MS = 15_000;

  /** The panel fills the page: it is what the page is for. */
  const PLACE = `
    .root .launcher { display: none }
    .root .panel {
      position: fixed; inset: 0; margin: auto; inline-size: min(100%, 44rem); block-size: 100dvh;
      max-inline-size: none; max-block-size: none; border-radius: 0; border: 0; box-shadow: none; animation: none;
    }
    @media (min-width: 48rem) and (min-height: 40rem) {
      .root .panel { block-size: min(100dvh - 48px, 52rem); border-radius: 18px; border: 1px solid var(--line) }
    }
    .root[data-alone] .panel .head > button:last-child { display: none }`;
  const FULL = `.root .panel { inline-size: 100%; block-size: 100dvh; border-radius: 0; border: 0;
    padding-block: env(safe-area-inset-top) env(safe-area-inset-bottom) }`;

  window.overture ??= function () {
    (window.overture.q ??= []).push(arguments);
  };

  /** Tells the app; each kind of web view has its own way. A browser has none. */
  function tell(type, more = {}) {
    if (!webView) return;
    const message = { overture: 1, type, ...more };
    const ios = window.webkit?.messageHandlers?.overture;
    const others = [window.OvertureAndroid, window.ReactNativeWebView];
    if (ios) ios.postMessage(message);
    for (const other of others) other?.postMessage?.(JSON.stringify(message));
  }

  let unread = 0;
  function count(now) {
    if (now === unread) return;
    unread = now;
    tell('unread', { count: unread });
  }

  function place() {
    const root = document.querySelector('overture-widget')?.shadowRoot;
    if (!root) return;
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(webView ? PLACE + FULL : PLACE);
    root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
    if (!webView) root.querySelector('.root').dataset.alone = '';
  }

  function failed() {
    start.hidden = false;
    state.textContent = state.dataset.failed;
    tell('failed');
  }

  function run(open, resume) {
    state.textContent = state.dataset.loading;
    const timer = setTimeout(failed, WITHIN_MS);
    let first = true;
    window.overture('on', 'ready', ({ session }) => {
      clearTimeout(timer);
      if (!first) return;
      first = false;
      place();
      start.hidden = true;
      window.overture('open', open || undefined);
      tell('ready', { session });
    });
    // A page of its own has nowhere to go back to: closing shows where to begin.
    window.overture('on', 'closed', () => (webView ? tell('close') : window.overture('open')));
    window.overture('on', 'opened', () => document.hidden || count(0));
    window.overture('on', 'message', ({ author }) => {
      if (author === 'agent' && document.hidden) count(unread + 1);
    });
    window.overture('boot', {
      writeKey,
      locale,
      capture: false,
      ...(resume ? { resume } : {}),
    });
    const script = document.createElement('script');
    script.onerror = () => {
      clearTimeout(timer);
      failed();
    };
    const address = new URL(`${up}w.js`, location.href).href;
    const types = window.trustedTypes;
    script.src = types
      ? types.createPolicy('overture-help', { createScriptURL: (it) => it }).createScriptURL(address)
      : address;
    document.head.append(script);
  }

  document.addEventListener('visibilitychange', () => document.hidden || count(0));
  // An app opens links its own way; what it does not know how to open stays where it is.
  document.addEventListener('click', (event) => {
    const link = event.composedPath().find((it) => it instanceof HTMLAnchorElement && it.href);
    if (!webView || !link) return;
    event.preventDefault();
    tell('link', { url: link.href });
  });

  /** Of one press, however often it is tried: a grant is used up once. */
  const key = crypto.randomUUID?.() ?? String(Math.random()).slice(2);

  /** Uses the grant of the link, and opens the chat that it allows. */
  async function redeem() {
    state.textContent = state.dataset.loading;
    let answer;
    try {
      answer = await fetch(new URL(`${up}help/g/${grant}`, location.href), {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ idempotency_key: key }),
      });
      if (answer.ok) return run('chat', (await answer.json()).resume);
    } catch {
      // No answer: it is tried once more by whoever presses again.
    }
    button.hidden = false;
    if (answer?.status !== 403) return failed();
    state.textContent = state.dataset.denied;
    button.textContent = state.dataset.other;
    press = () => run('');
  }

  const button = document.getElementById('continue');
  let press = grant ? redeem : () => run('chat', resume);
  if (button) button.addEventListener('click', () => ((button.hidden = true), press()));
  else run(view);
  tell('loaded');
})();
