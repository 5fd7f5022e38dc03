// The fixture pages, and a stand-in for the server that only listens: what a page tells is kept by session.

import { readFile, readdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { require } from './browser.mjs';
import { root } from './server.mjs';

const folder = join(root, 'tests/browser/fixtures');
const scripts = join(root, 'ui/widget/dist');

/** The React, Vue and Svelte pages, bundled as a site would. */
async function buildApps() {
  const { build } = await import(require.resolve('vite').replace(/index\.cjs$/, 'dist/node/index.js'));
  const { svelte } = await import(require.resolve('@sveltejs/vite-plugin-svelte'));
  // The packages are the ui workspace's.
  const packages = {
    name: 'ui-packages',
    enforce: 'pre',
    resolveId(id, importer) {
      if (!/^[a-z@]/.test(id) || !importer?.startsWith(folder)) return null;
      return this.resolve(id, join(root, 'ui/package.json'), {
        skipSelf: true,
      });
    },
  };
  const apps = {};
  for (const name of ['react', 'vue', 'svelte']) {
    const built = await build({
      root: folder,
      configFile: false,
      logLevel: 'error',
      plugins: [packages, ...(name === 'svelte' ? [svelte({ configFile: false })] : [])],
      resolve: { conditions: ['browser', 'module', 'import', 'default'] },
      define: {
        'process.env.NODE_ENV': '"production"',
        __VUE_OPTIONS_API__: 'false',
        __VUE_PROD_DEVTOOLS__: 'false',
        __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: 'false',
      },
      build: {
        write: false,
        lib: {
          entry: join(folder, `apps/${name}.js`),
          formats: ['iife'],
          name: 'app',
          fileName: () => 'app.js',
        },
      },
    });
    apps[`/apps/${name}.js`] = [built].flat()[0].output[0].code;
  }
  return apps;
}

const listen = (handler) =>
  new Promise((resolve) => {
    const server = createServer(handler);
    server.listen(0, '127.0.0.1', () =>
      resolve({
        origin: `http://127.0.0.1:${server.address().port}`,
        close: () => {
          server.closeAllConnections();
          return new Promise((done) => server.close(done));
        },
      }),
    );
  });

/** Takes what widgets send; `eventsOf(session)` is what one visitor's pages told. */
export async function startListener({ terms = {} } = {}) {
  const events = new Map();
  const asked = [];
  let sessions = 0;
  const answers = {
    '/v1/widget/terms': () => ({
      consent: 'platform',
      unsaid: { analyse: true, contact: true },
      url_allow: [],
      consent_categories: {},
      thresholds: {
        slow_click_ms: 3_000,
        dead_click_ms: 7_000,
        hesitation_ms: 30_000,
        thrash_reversals: 4,
        thrash_window_ms: 2_000,
        idle_ms: 30_000,
      },
      ...terms,
    }),
    '/v1/widget/session': () => {
      sessions += 1;
      return {
        session: `int_${sessions}`,
        session_token: `t${sessions}`,
        device_token: `d${sessions}`,
        anonymous_id: `a${sessions}`,
        seq: 0,
        help_button: true,
        faqs: false,
        feed: [],
        texts: {},
      };
    },
    '/v1/widget/feed': () => ({ items: [], seq: 0 }),
    '/v1/batch': (body) => {
      for (const event of JSON.parse(body).batch) {
        const of = event.context.overture.session;
        const known = events.get(of) ?? [];
        // What was under way as a page went comes again, under its own id.
        if (!known.some(({ messageId }) => messageId === event.messageId)) events.set(of, [...known, event]);
      }
      return { success: true };
    },
  };
  const server = await listen(async (request, response) => {
    const { pathname } = new URL(request.url, 'http://here');
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString();
    const headers = {
      'access-control-allow-origin': '*',
      'access-control-allow-headers': 'authorization, content-type',
      'cache-control': 'no-store',
    };
    if (request.method === 'OPTIONS') return response.writeHead(204, headers).end();
    if (/^\/widget[\w.-]*\.js$/.test(pathname)) {
      const script = await readFile(join(scripts, pathname.slice(1))).catch(() => null);
      return response
        .writeHead(script ? 200 : 404, {
          ...headers,
          'content-type': 'text/javascript',
        })
        .end(script ?? '');
    }
    asked.push({ path: pathname, body });
    const answer = answers[pathname]?.(body);
    return response
      .writeHead(answer ? 200 : 204, {
        ...headers,
        'content-type': 'application/json',
      })
      .end(answer ? JSON.stringify(answer) : undefined);
  });
  return { ...server, asked, eventsOf: (session) => events.get(session) ?? [] };
}

/**
 * Serves the fixture pages on two origins; each carries the widget of `host`. `headers` go with every page,
 * `head` goes into it.
 */
export async function serveFixtures({ host, writeKey = 'wk_fixture', headers = {}, head = '', nonce = '' }) {
  const apps = await buildApps();
  const pages = {};
  for (const name of await readdir(folder)) {
    if (name.endsWith('.html')) pages[`/${name}`] = await readFile(join(folder, name), 'utf8');
  }
  let other;
  const handler = (request, response) => {
    const { pathname } = new URL(request.url, 'http://here');
    if (apps[pathname])
      return response.writeHead(200, { 'content-type': 'text/javascript' }).end(apps[pathname]);
    if (pathname.startsWith('/files/'))
      return response
        .writeHead(200, {
          'content-type': 'application/zip',
          'content-disposition': 'attachment',
        })
        .end('zip');
    // Applications with routes answer with their page whatever the route; what is sent leads to a page.
    const route = /^\/(app|nav)\//.exec(pathname)?.[1];
    const page =
      pages[
        route
          ? { app: '/spa-history.html', nav: '/spa-navigation.html' }[route]
          : pathname === '/done'
            ? '/details.html'
            : pathname
      ];
    if (!page) return response.writeHead(pathname === '/favicon.ico' ? 204 : 404).end();
    const inner = pathname.endsWith('-inner.html');
    const snippet = inner
      ? ''
      : `${head}<script async src="${host}/widget.js" data-write-key="${writeKey}"></script>`;
    const text = page
      .replaceAll('__OTHER__', other?.origin ?? '')
      .replace('</head>', `${snippet}</head>`)
      .replace(/<(script|style)/g, nonce ? `<$1 nonce="${nonce}"` : '<$1');
    return response
      .writeHead(200, {
        'content-type': 'text/html; charset=utf-8',
        'cache-control': 'no-store',
        ...headers,
      })
      .end(text);
  };
  other = await listen(handler);
  const site = await listen(handler);
  return {
    origin: site.origin,
    other: other.origin,
    names: Object.keys(pages),
    close: () => Promise.all([site.close(), other.close()]),
  };
}

/**
 * The signals in what a page told: what the widget found itself, and what the server would derive, restated here.
 * That the server does so is for the test of the whole way to show.
 */
export function signalsOf(events) {
  const found = [];
  const at = (event) => Date.parse(event.timestamp);
  const named = (name) => events.filter((it) => it.event === `overture:${name}`);
  const clicks = named('click').filter(({ properties }) => !properties.text_field && !properties.stepper);
  if (
    clicks.some((last, index) => {
      const near = clicks.slice(0, index + 1).filter((it) => {
        const { x, y } = it.properties;
        return at(last) - at(it) <= 1_000 && Math.hypot(x - last.properties.x, y - last.properties.y) <= 30;
      });
      return near.length >= 3;
    })
  ) {
    found.push('rage_click');
  }
  for (const name of ['dead_click', 'slow_click', 'thrash', 'hesitation'])
    if (named(name).length) found.push(name);
  const within = (list) => list.some((it, index) => index > 0 && at(it) - at(list[index - 1]) <= 60_000);
  const failed = named('form_submit').filter(({ properties }) => properties.outcome === 'failed');
  const errors = new Map();
  for (const it of named('form_error'))
    errors.set(it.properties.field, [...(errors.get(it.properties.field) ?? []), it]);
  if (within(failed) || [...errors.values()].some(within)) found.push('form_struggle');
  const left = (view, next) =>
    events.find((it) => it.event === 'overture:page_leave' && at(it) >= at(view) && at(it) <= at(next)) ?? next;
  const views = events.filter((it) => it.type === 'page');
  if (
    views.some(
      (it, index) =>
        index > 0 &&
        it.properties.navigation === 'back_forward' &&
        at(left(views[index - 1], it)) - at(views[index - 1]) <= 7_000,
    )
  )
    found.push('quick_back');
  return found;
}

/** A visitor on one fixture page, whose clock is moved by hand. */
export async function visit(context, listener, url) {
  const page = await context.newPage();
  await page.clock.install();
  await page.addInitScript(() => {
    window.overture = (...command) => (window.overture.q ??= []).push(command);
    window.overture('on', 'ready', ({ session }) => {
      window.fixtureSession = session;
    });
    document.addEventListener(
      'load',
      ({ target }) => {
        if (target.src?.includes('widget-watch')) window.fixtureWatched = true;
      },
      true,
    );
  });
  const ready = () => page.waitForFunction(() => window.fixtureSession);
  await page.goto(url);
  await ready();
  const session = await page.evaluate(() => window.fixtureSession);
  /** What the first use of a form asks for comes by the real clock: the page's own waits for it. */
  const wait = async (ms) => {
    await page.waitForFunction(
      () => window.fixtureWatched || !document.querySelector('script[src*=widget-watch]'),
    );
    await page.clock.runFor(ms);
  };
  /** Acts while the page's clock goes only as it is told: what a slow machine takes is no time. */
  const standing = async (act) => {
    await page.clock.pauseAt((await page.evaluate(() => Date.now())) + 10_000);
    await act();
    await page.clock.resume();
  };
  return {
    page,
    session,
    wait,
    standing,
    ready,
    at: (selector) => page.locator(selector),
    click: (selector) => page.locator(selector).first().click(),
    /** Clicks as fast as an angry hand, without the checks that take time. */
    async hammer(selector, times = 4) {
      await page.locator(selector).first().scrollIntoViewIfNeeded();
      const box = await page.locator(selector).first().boundingBox();
      // All are on their way before the first is answered: a slow machine makes no patient hand.
      await Promise.all(
        Array.from({ length: times }, () => page.mouse.click(box.x + box.width / 2, box.y + box.height / 2)),
      );
    },
    /** Leaves, and gives everything that the page told. */
    async leave() {
      await page.evaluate(() => window.overture('signal', 'fixture_end', {}));
      await page.goto('about:blank');
      const deadline = Date.now() + 10_000;
      while (!listener.eventsOf(session).some((it) => it.event === 'fixture_end')) {
        if (Date.now() > deadline) throw new Error(`${url} told nothing at its end`);
        await new Promise((resolve) => setTimeout(resolve, 20)); // between two looks
      }
      await page.close();
      return listener.eventsOf(session);
    },
  };
}
