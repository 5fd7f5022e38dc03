// The widget on a site that lets nothing in by itself: strict headers, a path of its own, blockers; and the
// hosted help page, for where it cannot run at all.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from './support/test.mjs';
import { seriousFindings, startBrowser } from './support/browser.mjs';
import { AGENT, accept, beAvailable, reply, signIn } from './support/desk.mjs';
import { servePages } from './support/pages.mjs';
import { watchPolicy } from './support/policy.mjs';
import { layRelay } from './support/relay.mjs';
import { Api, startServer, waitFor } from './support/server.mjs';
import { openShop, socketOf, strictHeaders, struggleUntil, widgetOf } from './support/shop.mjs';

let server, api, browser, shop, desk;

before(async () => {
  server = await startServer();
  api = await Api.signIn(server);
  await api.goLive();
  await api.addAgent(AGENT);
  browser = await startBrowser();
  shop = await openShop(server.url, server.write_key);
  desk = await browser.newPerson({ viewport: { width: 1440, height: 900 } });
  await signIn(desk.page, server.url, AGENT);
  await beAvailable(desk.page);
});

after(async () => {
  await browser?.close();
  await shop?.close();
  await server?.stop();
});

test('the headers that the shop is served with are those that are printed', async () => {
  const [source] = await api.get('/v1/admin/sources');
  const { ways } = await api.get(`/v1/admin/sources/${source.source}/installation?site=${shop.origin}`);
  const printed = Object.fromEntries(ways[0].headers.map(({ name, value }) => [name.toLowerCase(), value]));
  assert.deepEqual(strictHeaders(server.url, '{NONCE}'), printed);
  const sent = await fetch(`${shop.origin}/checkout.html`);
  const nonce = /nonce="(\w+)"/.exec(await sent.text())[1];
  assert.equal(sent.headers.get('content-security-policy'), strictHeaders(server.url, nonce)['content-security-policy']);
});

test('a whole story under the strict policy breaks no rule of it', async (t) => {
  t.after(() => browser.picture('strict'));
  const { page, complaints } = await browser.newPerson({ viewport: { width: 1280, height: 800 } });
  const found = await watchPolicy(page);
  const widget = widgetOf(page);
  await page.goto(`${shop.origin}/checkout.html`);
  await widget.help.waitFor();
  await struggleUntil(page, () => widget.banner.isVisible());
  await widget.button(/^Start Chat/).click();
  await widget.message.waitFor();
  await widget.say('It does not take my card');
  await accept(desk.page);
  await reply(desk.page, 'Let us look at it together');
  await widget.said('Let us look at it together').waitFor();
  assert.deepEqual(found, []);
  assert.deepEqual(complaints, []);
});

/** A page that carries the widget as printed; `{NONCE}` is new for each answer, in the headers and on the tags. */
function pageAsPrinted({ snippet, headers }) {
  return () => {
    const nonce = randomBytes(16).toString('hex');
    const put = (text) => text.replaceAll('{NONCE}', nonce);
    return {
      body: put(`<!doctype html><html lang="en"><head><title>Site</title>${snippet}</head><body><h1>Site</h1></body></html>`),
      headers: Object.fromEntries(headers.map(({ name, value }) => [name, put(value)])),
    };
  };
}

/** What a tag manager does with a custom HTML tag: its scripts are made anew, as text, with the nonce of its own. */
const tagManager = (tag) => `const { nonce } = document.currentScript;
  const written = new DOMParser().parseFromString(${JSON.stringify(tag)}, 'text/html');
  for (const { text } of written.scripts) document.head.append(Object.assign(document.createElement('script'), { nonce, text }));`;

const WAYS = ['direct', 'files', 'subdomain', 'first_party', 'tag_manager'];
for (const id of WAYS) {
  test(`installed as printed, under the printed headers: ${id}`, async (t) => {
    t.after(() => browser.picture(`installed-${id}`));
    const pages = { '/favicon.ico': '' };
    const site = await servePages(pages);
    // One wire for everything that answers on the site's names: its pages, and us as its proxy hands on.
    const wire = await layRelay(server.url, {
      target: (path, host) => (host.startsWith('help.') || path.startsWith('/assist/') ? server.url : site.origin),
    });
    t.after(async () => {
      await wire.close();
      await site.close();
    });
    const { port } = new URL(wire.url);
    const address = `http://www.localhost:${port}`;
    const [source] = await api.get('/v1/admin/sources');
    const { ways } = await api.get(`/v1/admin/sources/${source.source}/installation?site=${address}`);
    assert.ok(ways.every((way) => WAYS.includes(way.id)), 'every way that is printed is tried');
    const way = ways.find((it) => it.id === id);
    if (id === 'tag_manager') {
      pages['/tags.js'] = tagManager(way.snippet);
      way.snippet = '<script nonce="{NONCE}" src="/tags.js"></script>';
    }
    pages['/'] = pageAsPrinted(way);

    const { page, context, complaints } = await browser.newPerson();
    const found = await watchPolicy(page);
    const asked = [];
    page.on('request', (request) => asked.push(request.url()));
    const socket = socketOf(page);
    await page.goto(address);
    const widget = widgetOf(page);
    await widget.help.waitFor();
    await socket.online();
    if (id === 'tag_manager') await widget.help.click();
    else await page.getByRole('link', { name: 'Help' }).click();
    await widget.button(/^Start a chat/).click();
    await widget.say(`Installed by way of ${id}`);
    await widget.said(`Installed by way of ${id}`).waitFor();
    await waitFor('a further script from the same place', () =>
      asked.some((url) => url.startsWith(`${way.base_url}/`) && url.includes('-panel.')),
    );
    assert.deepEqual(found, []);
    assert.deepEqual(complaints, []);
    await context.close();
  });
}

test('through one path of its own a site needs no other origin', async (t) => {
  t.after(() => browser.picture('first-party'));
  const pages = await servePages({
    '/': `<!doctype html><html lang="en"><title>Site</title><h1>Site</h1>
      <script async src="/assist/w.js" data-write-key="${server.write_key}"></script>`,
  });
  // As a site's proxy does it: /assist goes to us, everything else to the site.
  const site = await layRelay(server.url, {
    target: (path) => (path.startsWith('/assist/') ? server.url : pages.origin),
  });
  t.after(async () => {
    await site.close();
    await pages.close();
  });
  const { page, context, complaints } = await browser.newPerson();
  const elsewhere = [];
  page.on('request', (request) => request.url().startsWith(site.url) || elsewhere.push(request.url()));
  await page.goto(site.url);
  const widget = widgetOf(page);
  await widget.help.waitFor();
  await widget.openChat();
  await widget.say('Through the side door');
  await widget.said('Through the side door').waitFor();
  await waitFor('the socket through the path', () =>
    site.seen.some(({ method, path }) => method === 'UPGRADE' && path.startsWith('/assist/v1/widget/socket')),
  );
  assert.deepEqual(elsewhere, []);
  assert.deepEqual(await context.cookies(), []);
  assert.deepEqual(complaints, []);
});

const linked = () => `<!doctype html><html lang="en"><title>Site</title><h1>Site</h1>
  <script>(function(w){w.overture=w.overture||function(){(w.overture.q=w.overture.q||[]).push(arguments)}})(window)</script>
  <script async src="${server.url}/widget.js" data-write-key="${server.write_key}"></script>
  <a data-overture-help href="${server.url}/help/${server.write_key}">Help</a>`;

for (const [what, blocked] of [
  ['our script', '**/widget.js'],
  ['every call to us', '**/v1/**'],
]) {
  test(`where ${what} is blocked, the page works and its link opens the help page`, async (t) => {
    const pages = await servePages({ '/': linked() });
    t.after(pages.close);
    const { page, complaints } = await browser.newPerson();
    await page.route(blocked, (route) => route.abort('blockedbyclient'));
    await page.goto(pages.origin);
    await page.evaluate(() => window.overture('signal', 'viewed'));
    await page.unroute(blocked); // the help page is another site's: it is not blocked there
    await page.getByRole('link', { name: 'Help' }).click();
    await page.waitForURL(/\/help\//);
    await widgetOf(page).root.getByRole('dialog').waitFor();
    assert.deepEqual(complaints, []);
  });
}

test('where nothing is blocked, the same link opens the panel', async (t) => {
  const pages = await servePages({ '/': linked() });
  t.after(pages.close);
  const { page, complaints } = await browser.newPerson();
  await page.goto(pages.origin);
  const socket = socketOf(page);
  await widgetOf(page).help.waitFor();
  await socket.online();
  await page.getByRole('link', { name: 'Help' }).click();
  await widgetOf(page).root.getByRole('dialog').waitFor();
  assert.equal(page.url(), `${pages.origin}/`);
  assert.deepEqual(complaints, []);
});

for (const [locale, options] of [
  ['en', { viewport: { width: 1440, height: 900 } }],
  ['ar', { viewport: { width: 360, height: 740 }, hasTouch: true }],
  ['de', { viewport: { width: 360, height: 740 }, colorScheme: 'dark' }],
]) {
  test(`the help page is a chat of its own: ${locale}, ${options.viewport.width} px`, async (t) => {
    const { page, complaints } = await browser.newPerson({ locale, ...options });
    t.after(() => browser.picture(`help-${locale}`));
    const found = await watchPolicy(page);
    await page.goto(`${server.url}/help/${server.write_key}?view=chat`);
    const { root } = widgetOf(page);
    const box = root.getByRole('dialog').getByRole('textbox').last();
    await box.waitFor();
    const edges = await root.getByRole('dialog').boundingBox();
    assert.ok(edges.x >= 0 && edges.x + edges.width <= options.viewport.width, JSON.stringify(edges));
    if (options.viewport.width < 700) assert.ok(edges.height >= options.viewport.height - 1, 'fills the screen');
    assert.equal(await root.getByRole('button', { name: /Close|Schließen|إغلاق/ }).count(), 0, 'there is nothing behind');
    await box.fill(`Hello from ${locale}`);
    await box.press('Enter');
    await root.getByText(`Hello from ${locale}`).waitFor();
    assert.deepEqual(await seriousFindings(page), []);
    await page.keyboard.press('Escape');
    await root.getByRole('dialog').waitFor();
    assert.deepEqual(found, []);
    assert.deepEqual(complaints, []);
  });
}

test('a web view tells its app what happens', async () => {
  const { page, complaints } = await browser.newPerson({ viewport: { width: 360, height: 740 } });
  const said = [];
  await page.exposeFunction('toApp', (text) => said.push(JSON.parse(text)));
  await page.addInitScript(() => {
    window.OvertureAndroid = { postMessage: (text) => window.toApp(text) };
  });
  await page.goto(`${server.url}/help/${server.write_key}?mode=webview&view=faq`);
  const ready = await waitFor('the page is ready', () => said.find(({ type }) => type === 'ready'));
  assert.match(ready.session, /^int_/);
  const dialog = widgetOf(page).root.getByRole('dialog');
  await dialog.waitFor();
  await page.evaluate(() => {
    const link = Object.assign(document.createElement('a'), { href: 'https://shop.example/terms', textContent: 'x' });
    document.body.append(link);
    link.click();
  });
  await waitFor('the link', () => said.some(({ type, url }) => type === 'link' && url === 'https://shop.example/terms'));
  await dialog.getByRole('button', { name: 'Close' }).click();
  await waitFor('the close', () => said.some(({ type }) => type === 'close'));
  assert.ok(page.url().includes('/help/'));
  assert.deepEqual(complaints, []);
});

test('an unknown address and a forged link say so, and stay readable', async () => {
  const { page } = await browser.newPerson({ locale: 'es' });
  const missing = [];
  page.on('response', (it) => it.status() === 404 && it.request().resourceType() !== 'document' && missing.push(it.url()));
  for (const path of ['/help/wk_unknown', '/help/c/cnt_forged']) {
    const answer = await page.goto(server.url + path);
    assert.equal(answer.status(), 404);
    await page.getByRole('heading', { name: 'Ayuda' }).waitFor();
    await page.waitForLoadState('networkidle');
    assert.deepEqual(missing, []);
    assert.deepEqual(await seriousFindings(page), []);
  }
});

test('the installation page prints what to paste, wide and narrow', async (t) => {
  t.after(() => browser.picture('installation'));
  const { page, complaints } = await browser.newPerson({ viewport: { width: 1440, height: 900 } });
  await signIn(page, server.url, { email: server.admin_email, password: server.admin_password });
  await page.goto(`${server.url}/desk/#/admin/installation`);
  await page.getByText(`data-write-key="${server.write_key}"`).first().waitFor();
  await page.getByLabel('Your site’s address').fill('www.acme.test');
  await page.getByRole('button', { name: 'Show' }).click();
  await page.getByRole('button', { name: 'A path of your own site' }).click();
  await page.getByText('src="/assist/w.js"').waitFor();
  await page.getByText('location /assist/').waitFor();
  assert.deepEqual(await seriousFindings(page), []);
  await page.getByLabel('Your site’s address').fill('not a site');
  await page.getByRole('button', { name: 'Show' }).click();
  await page.getByRole('alert').getByText('expected the site').waitFor();
  await page.setViewportSize({ width: 360, height: 740 });
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= 360), 'nothing is wider than the screen');
  assert.deepEqual(await seriousFindings(page), []);
  assert.deepEqual(complaints, []);
});
