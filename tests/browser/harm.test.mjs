// A page can do anything to us: its own script goes on, nothing of ours throws, and the answer is clear.

import assert from 'node:assert/strict';
import { after, before, test } from './support/test.mjs';
import { waitFor } from './support/server.mjs';
import { widgetOf } from './support/shop.mjs';
import { api, begin, browser, end, ownScriptWorks, page, server, snippet, visit } from './support/own-page.mjs';

let elsewhere;

before(() => begin());
after(() => end(elsewhere));

/** Cases in which the widget still does its work: Help opens, and a message is taken. */
const WORKS = [
  ['timers and clock are frozen', { head: `<script>
    setTimeout = setInterval = () => 0; Date.now = () => 0;</script>` }],
  ['fetch is wrapped', { head: `<script>
    const real = fetch; window.fetch = function (...args) { return real.apply(this, args).then((it) => it); };</script>` }],
  ['WebSocket is gone', { head: '<script>delete window.WebSocket; window.WebSocket = undefined;</script>' }],
  ['WebSocket throws', { head: '<script>window.WebSocket = class { constructor() { throw new Error("no"); } };</script>' }],
  ['WebSocket never opens', { head: '<script>window.WebSocket = class { close() {} };</script>' }],
  ['Array.prototype has more', { head: `<script>
    Array.prototype.extra = function () {}; Array.prototype.last = 1; Object.prototype.more = 'x';</script>` }],
  ['Array.prototype is patched', { head: `<script>
    for (const name of ['map', 'filter', 'find', 'includes']) {
      const real = Array.prototype[name];
      Array.prototype[name] = function (...args) { return real.apply(this, args); };
    }</script>` }],
  ['Promise is a polyfill', { head: `<script>
    window.Promise = class Polyfill extends Promise {};</script>` }],
  ['JSON is wrapped', { head: `<script>
    const { parse, stringify } = JSON;
    window.JSON = { parse: (...a) => parse(...a), stringify: (...a) => stringify(...a) };</script>` }],
  ['the prototype of objects is polluted', { head: `<script>
    Object.assign(Object.prototype, { host: 'https://evil.example', nonce: 'x', src: 'https://evil.example/x.js',
      scripts: 'https://evil.example/w', resume: 'x', locale: 'xx-evil' });</script>` }],
  ['storage throws', { prepare: (it) => it.addInitScript(() => {
    for (const name of ['localStorage', 'sessionStorage'])
      Object.defineProperty(window, name, { get() { throw new DOMException('denied', 'SecurityError'); } });
  }) }],
  ['storage is not there', { prepare: (it) => it.addInitScript(() => {
    for (const name of ['localStorage', 'sessionStorage']) Object.defineProperty(window, name, { value: null });
  }) }],
  ['storage is full', { prepare: (it) => it.addInitScript(() => {
    Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); };
  }) }],
  ['storage holds nonsense', { prepare: (it) => it.addInitScript(() => {
    for (const name of ['overture.device', 'overture.anonymous']) localStorage.setItem(name, '{"\u0000');
    for (const name of ['overture.session', 'overture.state', 'overture.pause'])
      sessionStorage.setItem(name, '{"seq":');
  }) }],
  ['the page has another base', { head: '<base href="https://elsewhere.example/deep/">' }],
  ['the page resets every style', { head: `<style>* { all: revert; letter-spacing: 9px; text-transform: uppercase;
    z-index: -1 !important; opacity: .1 !important }</style>` }],
  ['the snippet is written into the document', { script: '' , body: () => `<script>
    document.write(${JSON.stringify(snippet()).replaceAll('<', '\\x3c')});</script>` }],
  ['the snippet comes late', { script: '', body: () => `<script>
    addEventListener('load', () => setTimeout(() => {
      const it = document.createElement('script');
      it.src = '${server.url}/widget.js'; it.dataset.writeKey = '${server.write_key}';
      document.body.append(it);
    }, 300));</script>` }],
  ['Trusted Types allow our policy', { head: `<meta http-equiv="Content-Security-Policy"
    content="require-trusted-types-for 'script'; trusted-types overture">` }],
];

for (const [name, { prepare, body, ...parts }] of WORKS) {
  test(`help works although ${name}`, async (t) => {
    const html = page({ ...parts, body: typeof body === 'function' ? body() : body, ...(parts.script === undefined ? { script: snippet() } : {}) });
    const person = await visit(t, html, { prepare });
    const { widget } = person;
    await widget.help.waitFor();
    await widget.help.click();
    await widget.button(/^Start a chat/).click();
    const taken = person.page.waitForResponse((it) => it.url().endsWith('/v1/widget/help'));
    await widget.say(`hello although ${name}`);
    assert.equal((await taken).status(), 200);
    await widget.said(`hello although ${name}`).waitFor();
    await ownScriptWorks(person);
    if (/resets every style/.test(name)) {
      const style = await person.page.locator('overture-widget .root').evaluate((it) => {
        const { letterSpacing, textTransform } = getComputedStyle(it);
        const { opacity, zIndex } = getComputedStyle(it.getRootNode().host);
        return { letterSpacing, textTransform, opacity, onTop: Number(zIndex) > 1000 };
      });
      assert.deepEqual(style, { letterSpacing: 'normal', textTransform: 'none', opacity: '1', onTop: true });
    }
    if (/polluted/.test(name)) {
      const sources = await person.page.evaluate(() => [...document.scripts].map((it) => it.getAttribute('src') ?? ''));
      assert.ok(!sources.some((it) => it.includes('evil')), sources.join());
    }
  });
}

/** What a customer is told in the panel where the server cannot be asked. */
const offline = ({ widget }) => widget.root.getByText(/^We cannot be reached right now/).first().waitFor();
const helps = ({ widget }) => widget.button(/^Start a chat/).waitFor();

/** Cases in which we cannot work: the page does, and the console says why, once, or the panel does. */
const LACKS = /overture: the browser lacks what the widget needs/;
const CLEAR = [
  ['the write key is wrong', { script: () => snippet().replace(server.write_key, 'wk_wrong') }, /unknown_write_key/],
  ['fetch throws', { head: '<script>window.fetch = () => { throw new Error("no"); };</script>' }, offline],
  ['fetch answers nothing', { head: '<script>window.fetch = () => undefined;</script>' }, offline],
  ['fetch never answers', { head: '<script>window.fetch = () => new Promise(() => {});</script>' }, offline],
  ['JSON is broken', { head: '<script>JSON.parse = JSON.stringify = () => { throw new Error("broken"); };</script>' }, LACKS],
  ['arrays write themselves otherwise', { head: '<script>Array.prototype.toJSON = function () { return "[]"; };</script>' }, helps],
  ['the browser has no shadow roots', { head: '<script>delete Element.prototype.attachShadow;</script>' }, LACKS],
  ['the browser has no shared style sheets', { head: '<script>delete CSSStyleSheet.prototype.replaceSync;</script>' }, LACKS],
  ['Trusted Types forbid our policy', { head: `<meta http-equiv="Content-Security-Policy"
    content="require-trusted-types-for 'script'; trusted-types other">` }, /policy named 'overture'|TrustedTypePolicy/i],
];

for (const [name, parts, expected] of CLEAR) {
  test(`the page goes on although ${name}`, async (t) => {
    const script = typeof parts.script === 'function' ? parts.script() : snippet();
    const person = await visit(t, page({ ...parts, script }));
    await person.page.waitForLoadState('networkidle');
    await person.page.evaluate(() => {
      // What a page asks of us never throws into it.
      overture('open');
      overture('signal', 'own', { a: 1 });
    });
    const spoken = expected instanceof RegExp;
    if (spoken) await waitFor('what we say', async () => person.said.some((it) => expected.test(it)));
    else await expected(person);
    // Told once for the policy and once for a script: nothing is tried again that the page forbids.
    if (/Trusted Types/.test(name)) {
      const forbidden = () => person.complaints.filter((it) => /trusted-types/.test(it)).length;
      await waitFor('the policy and the panel are forbidden', () => forbidden() >= 2);
      assert.equal(forbidden(), 2, person.complaints.join('\n'));
      person.complaints.length = 0;
    }
    await ownScriptWorks(person);
    if (spoken) assert.equal(person.said.filter((it) => expected.test(it)).length, 1, person.said.join('\n'));
    if (expected === LACKS) {
      assert.equal(person.said.length, 1, person.said.join('\n'));
      assert.equal(await person.page.locator('overture-widget').count(), 0);
    }
    // A panel cannot come, but what is written is kept.
    if (/Trusted Types/.test(name)) await person.widget.message.waitFor();
  });
}

test('a page that takes our element away gets it back a few times, and then is left alone', async (t) => {
  const person = await visit(t, page({}));
  const { page: own, widget } = person;
  await widget.help.waitFor();
  await widget.openChat();
  await widget.message.fill('half a sentence');
  await own.evaluate(() => document.querySelector('overture-widget').remove());
  await widget.help.or(widget.message).first().waitFor();
  await widget.openChat();
  assert.equal(await widget.message.inputValue(), 'half a sentence');
  await own.evaluate(() => {
    const fresh = document.createElement('body');
    fresh.append(...[...document.body.children].filter((it) => it.localName !== 'overture-widget'));
    document.body.replaceWith(fresh);
  });
  await widget.message.waitFor();
  const times = await own.evaluate(
    () =>
      new Promise((resolve) => {
        let count = 0;
        const look = () => {
          const found = document.querySelector('overture-widget');
          if (found) {
            count += 1;
            found.remove();
          }
        };
        new MutationObserver(look).observe(document.body, { childList: true });
        look();
        // Frames without a return mean that we gave up.
        let quiet = 0;
        const frame = () => {
          quiet = document.querySelector('overture-widget') ? 0 : quiet + 1;
          if (quiet > 60) resolve(count);
          else requestAnimationFrame(frame);
        };
        requestAnimationFrame(frame);
      }),
  );
  assert.ok(times >= 1 && times <= 6, `came back ${times} times`);
  assert.deepEqual(person.said, []);
  await ownScriptWorks(person);
});

test('two snippets are one widget, and one of another key is told', async (t) => {
  const same = await visit(t, page({ script: snippet() + snippet() }));
  await same.widget.help.waitFor();
  assert.equal(await same.page.locator('overture-widget').count(), 1);
  assert.deepEqual(same.said, []);
  await ownScriptWorks(same);

  const source = await api.ask('POST', '/v1/admin/sources', { name: 'second' });
  const other = snippet().replace(server.write_key, source.write_keys[0].key);
  const two = await visit(t, page({ script: snippet().replace('async ', '') + other }));
  await two.widget.help.waitFor();
  await waitFor('a word about the second', async () => two.said.some((it) => /second snippet/.test(it)));
  assert.equal(await two.page.locator('overture-widget').count(), 1);
  await ownScriptWorks(two);
});

test('an origin that is not allowed is told so, and nothing is shown', async (t) => {
  const source = await api.ask('POST', '/v1/admin/sources', { name: 'closed', allowed_origins: ['https://only.example'] });
  const person = await visit(t, page({ script: snippet().replace(server.write_key, source.write_keys[0].key) }));
  await waitFor('a word about the origin', async () => person.said.some((it) => /origin_not_allowed/.test(it)));
  assert.equal(await person.page.locator('overture-widget').count(), 0);
  await ownScriptWorks(person);
});

/** A page in a frame that has no origin of its own. */
async function visitSandboxed(t, inner) {
  const person = await visit(t, '<iframe sandbox="allow-scripts" src="/inner.html" width="800" height="600"></iframe>', {
    pages: { '/inner.html': inner },
  });
  const frame = person.page.frameLocator('iframe');
  const worksInside = async () => {
    await frame.locator('#own').dispatchEvent('click');
    assert.match(await frame.locator('#out').textContent(), /works/);
    assert.deepEqual(person.complaints, []);
  };
  return { ...person, frame, widget: widgetOf(frame), worksInside };
}

test('in a sandboxed frame without an origin of its own help works', async (t) => {
  const { page: own, widget, worksInside } = await visitSandboxed(t, page({}));
  await widget.openChat();
  const taken = own.waitForResponse((it) => it.url().endsWith('/v1/widget/help'));
  await widget.say('hello from nowhere');
  assert.equal((await taken).status(), 200);
  await widget.said('hello from nowhere').waitFor();
  await worksInside();
});

test('in a sandboxed frame of a site that names its origins, it is told why there is no help', async (t) => {
  const source = await api.ask('POST', '/v1/admin/sources', { name: 'named', allowed_origins: ['https://only.example'] });
  const script = snippet().replace(server.write_key, source.write_keys[0].key);
  const { said, frame, worksInside } = await visitSandboxed(t, page({ script }));
  await waitFor('a word about the origin', async () => said.some((it) => /origin_not_allowed/.test(it)));
  assert.equal(await frame.locator('overture-widget').count(), 0);
  await worksInside();
});

test('a clock a day off moves neither an offer’s end nor an event’s time', async (t) => {
  for (const days of [-1, 1]) {
    const person = await visit(t, page({ body: '<form id="form" onsubmit="return false"><input required id="f"></form>' }), {
      path: `/clock${days}`,
      prepare: (it) =>
        it.addInitScript((shift) => {
          const Real = Date;
          window.Date = class extends Real {
            constructor(...args) {
              if (args.length) super(...args);
              else super(Real.now() + shift);
            }
            static now() {
              return Real.now() + shift;
            }
          };
        }, days * 86_400_000),
    });
    const { page: own, widget } = person;
    await widget.help.waitFor();
    await waitFor('an offer', async () => {
      await own.evaluate(() => {
        overture('error', 'f', 'required');
        document.getElementById('form').requestSubmit();
      });
      return own.locator('overture-widget .card').isVisible();
    });
    const from = await own.evaluate(() => performance.now());
    await own.waitForFunction((until) => performance.now() > until, from + 3_000);
    assert.ok(await own.locator('overture-widget .card').isVisible(), 'it does not run out at once');
    const { customers } = await api.get('/v1/customers?limit=200');
    const rows = (await Promise.all(customers.map(async ({ customer }) => (await api.get(`/v1/customers/${customer}/timeline?limit=200`)).items))).flat();
    const seen = rows.filter(({ kind, path }) => kind === 'page' && path === `/clock${days}`);
    assert.ok(seen.length > 0);
    for (const { at } of seen) assert.ok(Math.abs(Date.parse(at) - Date.now()) < 120_000, at);
    await ownScriptWorks(person);
  }
});

test('a page that was kept for Back goes on where it was', async (t) => {
  const person = await visit(t, page({}));
  await person.widget.help.waitFor();
  const sockets = [];
  person.page.on('websocket', (it) => sockets.push(it.url()));
  await person.page.evaluate(() => {
    for (const name of ['pagehide', 'pageshow']) dispatchEvent(new PageTransitionEvent(name, { persisted: true }));
  });
  await waitFor('a new socket', async () => sockets.length === 1);
  await ownScriptWorks(person);
});

test('a page that hides us by its own style is obeyed', async (t) => {
  const person = await visit(t, page({ head: '<style>overture-widget { display: none }</style>' }));
  await person.page.locator('overture-widget').waitFor({ state: 'attached' });
  assert.equal(await person.widget.help.isVisible(), false);
  await ownScriptWorks(person);
});
