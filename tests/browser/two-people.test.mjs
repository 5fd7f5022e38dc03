// Two people after each other in one tab of a page that is never loaded again: nothing of the first reaches the second.
// The server is the widget's stand-in, so that its answers come when a test wants them.

import assert from 'node:assert/strict';
import { after, before, test } from './support/test.mjs';
import { startServer } from '../../ui/widget/dev/server.mjs';
import { startBrowser } from './support/browser.mjs';
import { servePages } from './support/pages.mjs';
import { waitFor } from './support/server.mjs';

let server, browser, site;

before(async () => {
  server = await startServer(0);
  site = await servePages({
    '/': `<!doctype html><html lang="en"><title>Account</title><body><h1>Account</h1><script>
      window.overture = window.overture || function () { (overture.q = overture.q || []).push(arguments); };
    </script><script src="http://localhost:${server.port}/widget.js" data-write-key="wk"></script></body></html>`,
  });
  browser = await startBrowser();
});

after(async () => {
  await browser?.close();
  await site?.close();
  server?.close();
});

const ADA = { id: 'ada', signature: 'x' };
const GRACE = { id: 'grace', signature: 'x' };
/** How the one goes and the other comes. */
const CHANGES = [
  ['signs out', () => overture('reset')],
  ['signs out and another signs in', (user) => (overture('reset'), overture('setUser', user))],
  ['gives way to another who signs in', (user) => overture('setUser', user)],
];

/** Ada on the page, signed in; `change` makes her go, and waits for the next session. */
async function visit(t, leave) {
  server.dev.reset();
  const { page, context, complaints } = await browser.newPerson();
  t.after(() => context.close());
  await page.goto(site.origin);
  const widget = page.locator('overture-widget');
  const button = (name) => widget.getByRole('button', { name });
  await page.evaluate((user) => overture('setUser', user), ADA);
  await button(/^Help/).waitFor();
  await waitFor('the feed is followed', () => server.state.sockets.size > 0);
  return {
    page,
    widget,
    button,
    complaints,
    open: (view) => page.evaluate((it) => overture('open', it), view),
    async change() {
      const { sessions } = server.state;
      await page.evaluate(leave, GRACE);
      await waitFor('the next session', () => server.state.sessions > sessions && server.state.sockets.size > 0);
      return server.state.calls.length;
    },
  };
}

for (const [how, leave] of CHANGES) {
  test(`nothing that she wrote or read is there for the next when she ${how}`, async (t) => {
    const { widget, button, open, change, complaints } = await visit(t, leave);
    await open('chat');
    await widget.getByLabel(/^E-mail/).fill('ada@example.com');
    await button('Save').click();
    await widget.getByText('a…@example.com').waitFor();
    await widget.locator('input[type=file]').setInputFiles({ name: 'ada.txt', mimeType: 'text/plain', buffer: Buffer.from('secret') });
    await widget.getByLabel('Your message').fill('Half a sentence of Ada');
    await open('callback');
    await widget.getByLabel(/number/i).fill('030 123456');
    await open('faq');
    await widget.getByLabel('Search the answers').fill('adas words');
    await button(/card declined/).click();
    await button('No', { exact: true }).click();
    await widget.getByLabel(/^What was missing/).fill('adas reason');

    const before = await change();
    await widget.locator('.panel').waitFor({ state: 'hidden' });
    assert.doesNotMatch(await widget.evaluate((it) => it.shadowRoot.textContent), /ada/i, 'not even hidden');
    const values = await widget.evaluate((it) => [...it.shadowRoot.querySelectorAll('input,textarea')].map(({ value }) => value));
    assert.deepEqual(values.filter((it) => /ada|030/i.test(it)), []);

    await open('faq');
    await button(/card declined/).waitFor();
    await open('callback');
    await widget.getByLabel(/number/i).waitFor();
    await open('chat');
    await widget.getByLabel('Your message').fill('I am Grace');
    await button('Send').click();
    await waitFor('her words', () => server.state.calls.some(({ path, body }) => path === '/messages' && body.text === 'I am Grace'));
    await waitFor('what she agreed to', () => server.state.calls.slice(before).some(({ path }) => path === '/chat/details'));
    const said = JSON.stringify(server.state.calls.slice(before).filter(({ path }) => path !== '/session'));
    // A key may have these letters in the middle.
    assert.doesNotMatch(said, /\bada\b|030 123/i);
    assert.deepEqual(complaints, []);
  });
}

test('a chat in the closed panel is gone with who had it', async (t) => {
  const { page, widget, button, open, change, complaints } = await visit(t, CHANGES[0][1]);
  await open('chat');
  await widget.getByLabel('Your message').fill('My order 4711');
  await button('Send').click();
  await waitFor('a conversation', () => server.state.conversation);
  server.dev.assign({ name: 'Anna' });
  server.dev.say({ text: 'Dear Ada' });
  await widget.getByText('Dear Ada').waitFor();
  await page.evaluate(() => overture('close'));
  server.dev.end();
  await change();
  assert.doesNotMatch(await widget.evaluate((it) => it.shadowRoot.textContent), /4711|Dear Ada|Anna/);
  assert.deepEqual(complaints, []);
});

/** What was asked for her and is answered when she is gone. */
const LATE = [
  ['her message', '/messages', async ({ widget, button, open }) => {
    await open('chat');
    await widget.getByLabel('Your message').fill('Words of Ada');
    await button('Send').click();
  }],
  ['her conversation', '/help', async ({ widget, button, open }) => {
    await open('chat');
    await widget.getByLabel('Your message').fill('Words of Ada');
    await button('Send').click();
  }],
  ['her search', '/faqs/search', async ({ widget, open }) => {
    await open('faq');
    await widget.getByLabel('Search the answers').fill('words of ada');
  }],
  ['her feed', '/feed', async ({ page }) => {
    // Without a socket the feed is read by asking.
    for (const socket of server.state.sockets) socket.close();
    server.state.items.push({ seq: 99, at: new Date().toISOString(), kind: 'message', conversation: 'int_1', message: 'msg_99', author: 'agent', text: 'Words for Ada' });
    await page.evaluate(() => dispatchEvent(new Event('online')));
  }],
];

for (const [what, path, act] of LATE) {
  test(`${what} is not taken up when it is answered after she has gone`, async (t) => {
    const person = await visit(t, CHANGES[1][1]);
    const { page, widget, open, change, complaints } = person;
    const free = server.hold(path);
    const asked = page.waitForRequest((it) => it.url().includes(`/v1/widget${path}`));
    await act(person);
    await asked;
    server.state.items = [];
    const before = await change();
    const answered = page.waitForResponse((it) => it.url().includes(`/v1/widget${path}`));
    free();
    await answered;
    await open('chat');
    await widget.getByLabel('Your message').waitFor();
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    assert.doesNotMatch(await widget.evaluate((it) => it.shadowRoot.textContent), /ada/i);
    assert.equal(await widget.locator('.message').count(), 0);
    const kept = await page.evaluate(() => JSON.stringify({ ...sessionStorage }));
    assert.doesNotMatch(kept, /(words|for) (of )?ada/i);
    assert.doesNotMatch(JSON.stringify(server.state.calls.slice(before)), /of ada/i);
    assert.deepEqual(complaints, []);
  });
}
