// What comes late meets a harmful page, too: a poisoned answer, a pause and a file where the browser is broken.

import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from './support/test.mjs';
import { root, waitFor } from './support/server.mjs';
import { begin, browser, end, ownScriptWorks, page, server, visit } from './support/own-page.mjs';

before(() => begin());
after(() => end());

/** Markup that would run, wherever it is taken for more than text. */
const MARK = `"><img src=x onerror="window.ran=1"><svg onload="window.ran=1">`;
/** Every other way in which a text could become more: as Markdown, and as an address. */
const BODY = `# ${MARK}\n\n${MARK} **${MARK}** \`${MARK}\`\n\n- ${MARK}\n\n> ${MARK}\n\n[${MARK}](javascript:window.ran=2) ![x](javascript:window.ran=2)
[a](JaVaScRiPt:window.ran=2) [b](data:text/html,<script>window.ran=2</script>) [c](//x"onclick="window.ran=2)\n\n<script>window.ran=3</script>\n\n\`\`\`\n${MARK}\n\`\`\``;
/** What names things, tells kinds apart, or is a time: all else that the server says is poisoned. */
const KEPT =
  /^(?:id|kind|status|channel|style|notice|author|locale|zone|offset|country|consent|session|session_token|device_token|anonymous_id|conversation|message|offer|guide|client_key|content_type|position|why_kind|(?:.*_)?at|from|to|date)$/;

function poisoned(value, key = '') {
  if (Array.isArray(value)) return value.map((it) => poisoned(it, key));
  if (value && typeof value === 'object') return Object.fromEntries(Object.entries(value).map(([name, it]) => [name, poisoned(it, name)]));
  if (typeof value !== 'string' || KEPT.test(key)) return value;
  if (key.endsWith('_markdown')) return BODY;
  return key.endsWith('url') ? 'javascript:window.ran=4' : MARK;
}

/** The names of all the widget's own words: the organisation may word each of them. */
async function wordKeys() {
  const folder = join(root, 'ui/widget/src');
  const files = ['i18n/texts.ts', 'guide/pause/texts.ts'];
  for (const name of await readdir(join(folder, 'panel/texts'))) files.push(`panel/texts/${name}`);
  const texts = await Promise.all(files.map((name) => readFile(join(folder, name), 'utf8')));
  return new Set(texts.flatMap((text) => [...text.matchAll(/^ {2}(\w+):/gm)].map(([, key]) => key)));
}

test('script in whatever the server says stays text', async (t) => {
  const keys = await wordKeys();
  assert.ok(keys.size > 120, `${keys.size} words are known`);
  const at = new Date().toISOString();
  const soon = new Date(Date.now() + 600_000).toISOString();
  const file = { id: 'att_x', name: 'n', content_type: 'image/png', bytes: 9, width_px: 4, height_px: 4, alt: 'a', url: '/x' };
  const step = { anchor: null, title: 't', text: 't', placement: 'auto', waits_for: 'next' };
  const own = { tag: 'button', hosts: [], candidates: [{ by: 'id', value: 'own' }] };
  /** Answers that a server without such things would not give; the others are its own. */
  const answers = {
    '/pause/guides': { guides: ['gde_x'] },
    '/guides/gde_x': { ...poisoned({ id: 'gde_x', revision: 1, name: 'n', locale: 'en' }), kind: 'steps', steps: [{ ...step, title: MARK, text: BODY, anchor: own }, { ...step, title: '', text: MARK }] },
    '/callback/slots': poisoned({
      now: { open: true, wait_s: 5 }, zone: 'UTC', country: 'DE', our_number: 'n', texts: true, verify: true,
      days: [{ date: at.slice(0, 10), slots: [{ from: at, to: soon, local: 'l', offset: '+00:00' }] }],
    }),
    '/chat': poisoned({
      attachments: { bytes_max: 1e6, files_max: 3, types: ['t'] }, ask_email: true, email_hint: 'e', privacy_url: 'u',
      is_open: false, terms_recorded: false, staff_read: 0,
    }),
  };
  answers['/callback/slots'].countries = { DE: 49 };
  const feed = poisoned([
    { seq: 1, at, kind: 'offer', offer: 'off_x', style: 'banner', title: 't', text: 't', why: 'w', expires_at: soon, options: ['chat', 'callback', 'faq', 'smart_pause'].map((kind) => ({ kind, label: 'l', wait_s: 3 })) },
    { seq: 2, at, kind: 'conversation', conversation: 'int_x', status: 'assigned', channel: 'chat', agent_name: 'n' },
    { seq: 3, at, kind: 'message', conversation: 'int_x', message: 'msg_x', author: 'agent', author_name: 'n', text: 't', attachments: [file, { ...file, width_px: 0 }] },
    { seq: 4, at, kind: 'message', conversation: 'int_x', message: 'msg_y', author: 'system', text: 't' },
    { seq: 5, at, kind: 'callback', conversation: 'int_y', notice: 'late', ended: false, text: 't', due_at: soon, slot_at: soon, slot_end_at: soon, number_hint: 'h', our_number: 'n', attempts: 2 },
  ]);
  const person = await visit(t, page({}), {
    prepare: (it) =>
      it.route(`${server.url}/v1/widget/**`, async (route) => {
        const request = route.request();
        if (request.method() === 'OPTIONS') return route.continue();
        const path = new URL(request.url()).pathname.replace('/v1/widget', '');
        const headers = { 'access-control-allow-origin': '*' };
        if (answers[path]) return route.fulfill({ json: answers[path], headers });
        // What a made-up offer or guide is told of, the real server does not know.
        if (/_x/.test(path)) return route.fulfill({ status: 204, headers });
        const answer = await route.fetch();
        if (!(answer.headers()['content-type'] ?? '').includes('json')) return route.fulfill({ response: answer });
        const given = await answer.json();
        const json = poisoned(given);
        if (path === '/terms') return route.fulfill({ response: answer, json: given });
        if (path === '/session')
          Object.assign(json, { feed, seq: 5, never: true, faqs: true, texts: Object.fromEntries([...keys].map((key) => [key, MARK])) });
        return route.fulfill({ response: answer, json });
      }),
  });
  const { page: its } = person;
  const widget = its.locator('overture-widget');
  const open = (view) => its.evaluate((it) => overture('open', it), view);
  const seen = async (where, target) => {
    await target.filter({ visible: true }).first().waitFor();
    const found = await its.evaluate(() => {
      const { shadowRoot } = document.querySelector('overture-widget');
      return {
        ran: window.ran,
        planted: shadowRoot.querySelectorAll('img,script,svg[onload],[onerror],[onclick]').length,
        leads: [...shadowRoot.querySelectorAll('a[href]')].map((it) => it.protocol).filter((it) => !/^(https?|mailto|tel|blob):$/.test(it)),
      };
    });
    assert.deepEqual(found, { ran: undefined, planted: 0, leads: [] }, where);
  };
  const words = widget.getByText('onerror');

  await seen('the offer', widget.locator('.card'));
  await widget.locator('.card [aria-controls=why]').click();
  await seen('why it is offered', widget.locator('.card .why'));
  await open();
  await seen('the chat', widget.locator('.message', { hasText: 'onerror' }));
  await seen('its files', widget.locator('.attached', { hasText: 'onerror' }));
  await widget.locator('.panel .back').click();
  await seen('the ways to get help', widget.locator('.choice', { hasText: 'onerror' }));
  await open('callback');
  await seen('a callback', widget.locator('[role=status]', { hasText: 'onerror' }));
  await open('faq');
  await seen('the answers', widget.locator('.faq-list .choice', { hasText: 'onerror' }));
  await widget.locator('.faq-list .choice').first().click();
  await seen('an article', widget.locator('.article h3', { hasText: 'onerror' }));
  for (const link of await widget.locator('.article a').all()) assert.match(await link.getAttribute('href'), /^https?:/);
  await widget.locator('.faq-votes button').last().click();
  await seen('its rating', widget.locator('.faq-rate', { hasText: 'onerror' }));
  await its.evaluate(() => {
    overture('close');
    overture('pausable', { canPause: () => true, pause: () => 1, resume() {} });
    overture('smart_pause');
  });
  await seen('a paused page', widget.locator('.pause', { hasText: 'onerror' }));
  await seen('a step of a guide', widget.locator('.guide h2', { hasText: 'onerror' }));
  await widget.locator('.guide .guide-main').click();
  await seen('a step without a title', widget.locator('.guide h2', { hasText: 'onerror' }));
  await widget.locator('.pause-main').click();
  await widget.locator('.pause').waitFor({ state: 'detached' });
  await seen('all of it', words);
  await ownScriptWorks(person);
  await its.unrouteAll({ behavior: 'ignoreErrors' });
});

/** What a page did to the browser before it pauses. */
const BREAKS = [
  ['timers and clock are frozen', { head: '<script>setTimeout = setInterval = () => 0; Date.now = () => 0;</script>' }],
  ['timers and frames are frozen', { head: '<script>setTimeout = setInterval = requestAnimationFrame = () => 0;</script>' }],
  ['fetch is wrapped', { head: '<script>const real = fetch; window.fetch = (...args) => real(...args).then((it) => it);</script>' }],
  ['fetch throws', { head: '<script>window.fetch = () => { throw new Error("no"); };</script>' }],
  ['fetch never answers', { head: '<script>window.fetch = () => new Promise(() => {});</script>' }],
  ['storage is full', { prepare: (it) => it.addInitScript(() => {
    Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); };
  }) }],
];

for (const [name, { prepare, ...parts }] of BREAKS) {
  test(`a page is paused and goes on although ${name}`, async (t) => {
    const person = await visit(t, page({ ...parts, body: '<form id="form"><input id="field" aria-label="Field"></form>' }), { prepare });
    const { page: its } = person;
    const bar = its.locator('overture-widget .pause');
    await its.evaluate(() => {
      window.told = [];
      overture('on', 'resumed', ({ exact }) => told.push(exact));
      // First one that never answers: it must not keep us from ever asking again.
      overture('pausable', { canPause: () => new Promise(() => {}), pause: () => 1, resume() {} });
      overture('smart_pause');
    });
    await its.locator('overture-widget .panel').waitFor();
    assert.equal(await bar.count(), 0);
    await its.evaluate(() => {
      overture('close');
      document.getElementById('field').focus();
      overture('pausable', { region: '#form', canPause: () => true, pause: () => ({ a: 1 }), resume(state) { window.back = state; } });
      overture('smart_pause');
    });
    await bar.getByRole('button', { name: 'Resume' }).waitFor();
    await its.locator('#field').focus();
    await its.keyboard.type('x');
    assert.equal(await its.locator('#field').inputValue(), '');
    await bar.getByRole('button', { name: 'Resume' }).click();
    await bar.waitFor({ state: 'detached' });
    assert.deepEqual(await its.evaluate(() => [back, told]), [{ a: 1 }, [true]]);
    await its.keyboard.type('x');
    assert.equal(await its.locator('#field').inputValue(), 'x');
    await ownScriptWorks(person);
  });
}

test('a paused page that takes our element away for good goes on', async (t) => {
  const person = await visit(t, page({ body: '<form id="form"><input id="field"></form>' }));
  const { page: its } = person;
  await its.evaluate(() => {
    overture('pausable', { region: '#form', canPause: () => true, pause: () => 1, resume() { window.going = true; } });
    overture('smart_pause');
  });
  await its.locator('overture-widget .pause').waitFor();
  await its.evaluate(() => document.querySelector('overture-widget').remove());
  await its.locator('overture-widget .pause').waitFor();
  assert.equal(await its.evaluate(() => window.going), undefined, 'what comes back goes on holding');
  await its.evaluate(() => {
    const look = () => document.querySelector('overture-widget')?.remove();
    new MutationObserver(look).observe(document.body, { childList: true });
    look();
  });
  await its.waitForFunction(() => window.going);
  // The page is told before the hold is let go: what is typed in that moment is still kept from it.
  await waitFor('the field is theirs again', async () => {
    await its.locator('#field').fill('mine again');
    return (await its.locator('#field').inputValue()) === 'mine again';
  });
  await ownScriptWorks(person);
});

for (const [name, { prepare, ...parts }] of BREAKS.filter(([it]) => /wrapped|frozen|full/.test(it))) {
  test(`a file is sent although ${name}`, async (t) => {
    const person = await visit(t, page(parts), { prepare });
    const { page: its, widget } = person;
    await widget.help.waitFor();
    await widget.openChat();
    await widget.root.getByRole('button', { name: 'Attach files' }).waitFor();
    const file = (it) => ({ name: it, mimeType: 'text/plain', buffer: Buffer.from('words') });
    await widget.root.locator('input[type=file]').setInputFiles(file('a.txt'));
    await widget.root.getByText('a.txt', { exact: true }).waitFor();
    // A page that takes our element away takes no file with it.
    await its.evaluate(() => document.querySelector('overture-widget').remove());
    await widget.root.getByText('a.txt', { exact: true }).waitFor();
    await widget.say(`a file although ${name}`);
    await widget.root.locator('.attached').filter({ hasText: 'a.txt' }).waitFor();
    await ownScriptWorks(person);
  });
}
