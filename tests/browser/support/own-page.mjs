// A page with a script of its own on a server of its own, and a person on it: what harm comes of us to such a page is seen.

import assert from 'node:assert/strict';
import { startBrowser } from './browser.mjs';
import { servePages } from './pages.mjs';
import { Api, startServer } from './server.mjs';
import { widgetOf } from './shop.mjs';

export let server, api, browser;

/** Starts a server with an article, live, and a browser. */
export async function begin() {
  server = await startServer();
  api = await Api.signIn(server);
  await api.ask('POST', '/v1/admin/articles', { title: 'Cards', body_markdown: 'Use dashes.', status: 'published' });
  await api.goLive();
  browser = await startBrowser();
}

/** Ends them, and what else a file has opened. */
export async function end(...others) {
  await browser?.close();
  for (const other of others) await other?.close();
  await server?.stop();
}

export const snippet = (attributes = '') =>
  `<script async src="${server.url}/widget.js" data-write-key="${server.write_key}" ${attributes}></script>`;

/** A page with a script of its own, whose button must work whatever becomes of us. */
export const page = ({ head = '', body = '', script = snippet() }) => `<!doctype html><html lang="en"><head><meta charset="utf-8">
<title>Own page</title>${head}
<script>
  window.overture = window.overture || function () { (overture.q = overture.q || []).push(arguments); };
</script></head><body>
<button id="own">Own</button> <output id="out"></output>
<script>document.getElementById('own').onclick = () => { document.getElementById('out').textContent += 'works '; };</script>
${body}${script}</body></html>`;

/** Opens the page as a person and watches everything we say and throw. */
export async function visit(t, html, { path = '/', options = {}, prepare, pages = {} } = {}) {
  const site = await servePages({ [path]: html, ...pages });
  const person = await browser.newPerson(options);
  const said = [];
  person.page.on('console', (it) => /overture/i.test(it.text()) && said.push(it.text()));
  t.after(async () => {
    await person.context.close();
    await site.close();
  });
  await prepare?.(person.page);
  await person.page.goto(site.origin + path);
  return { ...person, said, site, widget: widgetOf(person.page) };
}

export async function ownScriptWorks({ page, complaints }) {
  await page.locator('#own').dispatchEvent('click');
  assert.match(await page.locator('#out').textContent(), /works/);
  assert.deepEqual(complaints, []);
}
