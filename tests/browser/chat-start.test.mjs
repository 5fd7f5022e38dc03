// What a chat begins with: nobody is asked for before Send, what is agreed to is read first, and files find their way.
// The server is the widget's stand-in, so that offers, ends and refusals come when a test wants them.

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
    '/': `<!doctype html><html lang="en"><title>Shop</title><body><h1>Shop</h1><script>
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

async function visit(t) {
  server.dev.reset();
  server.state.expired.clear();
  const { page, context, complaints } = await browser.newPerson();
  t.after(() => context.close());
  await page.goto(site.origin);
  const widget = page.locator('overture-widget');
  await widget.getByRole('button', { name: /^Help/ }).waitFor();
  await waitFor('the feed is followed', () => server.state.sockets.size > 0);
  return {
    page,
    widget,
    complaints,
    button: (name) => widget.getByRole('button', { name }),
    consent: widget.getByText('By chatting you agree'),
    input: widget.getByLabel('Your message'),
    pick: (name) => widget.locator('input[type=file]').setInputFiles({ name, mimeType: 'text/plain', buffer: Buffer.from('words') }),
    open: (view) => page.evaluate((it) => overture('open', it), view),
    calls: (path) => server.state.calls.filter((it) => it.path.startsWith(path)),
  };
}

const TERMS = 'By chatting you agree that we keep this conversation to help you. (https://shop.example/privacy)';

test('the first word is what the customer agrees with, and that is recorded', async (t) => {
  const { input, button, open, consent, calls, complaints } = await visit(t);
  await open('chat');
  await consent.waitFor();
  await input.fill('Hello');
  await button('Send').click();
  await consent.waitFor({ state: 'hidden' });
  await waitFor('it is recorded', () => calls('/chat/details').length > 0);
  assert.deepEqual(calls('/chat/details').map(({ body }) => body), [{ terms: TERMS }]);
  assert.deepEqual(complaints, []);
});

test('a chat that an offer opened still says what is agreed to, until the first word', async (t) => {
  const { widget, input, button, consent, calls, complaints } = await visit(t);
  server.dev.offer({});
  await widget.locator('.card').getByRole('button', { name: /^Start Chat/ }).click();
  await waitFor('the conversation', () => server.state.conversation);
  server.dev.assign({ name: 'Anna' });
  await widget.getByText(/Anna/).first().waitFor();
  assert.ok(await consent.isVisible(), 'it stands while nothing was said');
  server.dev.say({ text: 'How can I help?' });
  await widget.getByText('How can I help?').waitFor();
  assert.ok(await consent.isVisible(), 'an agent’s words are no agreement');
  assert.deepEqual(calls('/chat/details'), [], 'nothing is recorded that nobody agreed to');
  await input.fill('Hello');
  await button('Send').click();
  await consent.waitFor({ state: 'hidden' });
  await waitFor('it is recorded', () => calls('/chat/details').length > 0);
  assert.deepEqual(calls('/chat/details').map(({ body }) => body), [{ terms: TERMS }]);
  assert.deepEqual(complaints, []);
});

test('an address that was left before is told as soon as an offer opens the chat, and agrees to nothing', async (t) => {
  const { widget, button, open, calls, page, complaints } = await visit(t);
  await open('chat');
  await widget.getByLabel(/^E-mail/).fill('ada@example.com');
  await button('Save').click();
  await widget.getByText('a…@example.com').waitFor();
  await page.evaluate(() => overture('close'));
  server.dev.offer({});
  await widget.locator('.card').getByRole('button', { name: /^Start Chat/ }).click();
  await waitFor('the address', () => calls('/chat/details').length > 0);
  assert.deepEqual(calls('/chat/details').map(({ body }) => body), [{ email: 'ada@example.com' }]);
  assert.deepEqual(complaints, []);
});

test('picking a file asks for nobody; Send does, and takes it along', async (t) => {
  const { page, widget, input, button, open, pick, calls, complaints } = await visit(t);
  await open('chat');
  await button('Attach files').waitFor();
  await pick('a.txt');
  await widget.getByText('a.txt', { exact: true }).waitFor();
  await widget.locator('.panel').evaluate((panel) => {
    const data = new DataTransfer();
    data.items.add(new File(['words'], 'b.txt', { type: 'text/plain' }));
    panel.querySelector('.log').dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
  });
  await widget.getByText('b.txt', { exact: true }).waitFor();
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  assert.deepEqual([server.state.conversation, calls('/help')], [null, []]);

  await input.fill('Two files');
  await button('Send').click();
  await widget.locator('.attached').nth(1).waitFor();
  const [{ body: said }] = calls('/messages');
  assert.deepEqual([said.text, said.attachments.map(({ name }) => name)], ['Two files', ['a.txt', 'b.txt']]);
  assert.equal(calls('/help').length, 1);

  // With a conversation there is nothing to wait for.
  await pick('c.txt');
  await waitFor('the upload', () => calls('/conversations').some(({ path }) => path.includes('name=c.txt')));
  assert.deepEqual(complaints, []);
});

test('files that wait are kept with the words when the server cannot be had', async (t) => {
  const { widget, input, button, open, pick, complaints } = await visit(t);
  await open('chat');
  await button('Attach files').waitFor();
  await pick('a.txt');
  await input.fill('My bill');
  server.dev.down({ down: true });
  await button('Send').click();
  await widget.getByText('a.txt could not be uploaded').waitFor();
  assert.equal(await input.inputValue(), 'My bill');
  server.dev.down({ down: false });
  await button('Send').click();
  await widget.locator('.attached').filter({ hasText: 'a.txt' }).waitFor();
  assert.deepEqual(complaints, []);
});

test('what is dropped on a chat that has ended opens no other', async (t) => {
  const { page, widget, input, button, open, calls, complaints } = await visit(t);
  await open('chat');
  await input.fill('Hello');
  await button('Send').click();
  await waitFor('a conversation', () => server.state.conversation);
  server.dev.end();
  await button('Start a new chat').waitFor();
  const before = server.state.calls.length;
  await widget.locator('.log').evaluate((log) => {
    const data = new DataTransfer();
    data.items.add(new File(['words'], 'late.txt', { type: 'text/plain' }));
    log.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
  });
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  assert.equal(await widget.getByText('late.txt').count(), 0);
  await button('Start a new chat').click();
  assert.equal(await widget.getByText('late.txt').count(), 0);
  assert.deepEqual(calls('/help').length, 1);
  assert.deepEqual(server.state.calls.slice(before).filter(({ path }) => path.includes('attachments')), []);
  assert.deepEqual(complaints, []);
});

test('a session that expired is renewed for what is uploaded and saved', async (t) => {
  const { page, widget, input, button, open, pick, calls, complaints } = await visit(t);
  await open('chat');
  await input.fill('Hello');
  await button('Send').click();
  await waitFor('a conversation', () => server.state.conversation);
  await widget.locator('.message.mine').waitFor();
  // The chat is known here too: a file that is picked before waits for Send.
  await button('Save a copy of this chat').waitFor();
  // The renewed session tells all that is live.
  server.state.session.feed = server.state.items;
  const expire = () => server.state.expired.add(`tok_${server.state.sessions}`);
  expire();
  await pick('a.txt');
  await waitFor('the upload', () => calls('/conversations').some(({ path }) => path.includes('name=a.txt')));
  await widget.locator('.file progress').waitFor({ state: 'detached' });
  expire();
  server.state.transcript = 'You: Hello';
  const [copy] = await Promise.all([page.waitForEvent('download'), button('Save a copy of this chat').click()]);
  assert.equal(copy.suggestedFilename(), 'chat.txt');
  assert.deepEqual(complaints, []);
});

test('a copy that cannot be had is told, not passed over', async (t) => {
  const { widget, input, button, open, complaints } = await visit(t);
  await open('chat');
  await input.fill('Hello');
  await button('Send').click();
  await button('Save a copy of this chat').click();
  await widget.getByText('chat.txt could not be fetched. Please try again.').waitFor();
  assert.deepEqual(complaints, []);
});
