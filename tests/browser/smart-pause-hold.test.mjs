// What a paused page holds and keeps, until it is where it was. The server is the widget's stand-in.

import assert from 'node:assert/strict';
import { after, before, test } from './support/test.mjs';
import { startServer } from '../../ui/widget/dev/server.mjs';
import { startBrowser } from './support/browser.mjs';
import { formPage } from './support/form-page.mjs';
import { servePages } from './support/pages.mjs';

let server, browser, site;

before(async () => {
  const { port, close } = await startServer(0);
  server = { url: `http://localhost:${port}`, write_key: 'wk', close };
  site = await servePages({
    '/page.html': formPage(server),
    '/other.html': formPage(server),
    '/controls.html': controls(server),
  });
  browser = await startBrowser();
});

after(async () => {
  await browser?.close();
  await site?.close();
  server?.close();
});

/** Controls that the mouse, the wheel, a key or a finger changes in a way of their own; what reached the page is in `reached`. */
const controls = ({ url, write_key: key }) => `<!doctype html><html lang="en"><meta name="viewport" content="width=device-width"><title>Controls</title>
<style>html { overscroll-behavior-x: none /* to swipe aside is the browser's way back */ }
  input, select, [tabindex] { display: block; margin: 12px 0; width: 240px; height: 32px; touch-action: manipulation }</style>
<script>
  window.reached = []; window.seen = [];
  window.overture = window.overture || function () { (overture.q = overture.q || []).push(arguments); };
  overture('on', 'resumed', ({ changed }) => seen.push(changed.join()));
</script>
<script async src="${url}/widget.js" data-write-key="${key}"></script>
<main style="height: 3000px; padding-block-start: 140px"><div id="region"></div></main>
<script>
  window.draw = () => { document.getElementById('region').innerHTML = \`
    <input id="before" aria-label="Before"><input id="range" type="range" value="20" aria-label="Range">
    <input id="number" type="number" value="5" aria-label="Number"><input id="date" type="date" value="2026-03-04" aria-label="Date">
    <select id="size" aria-label="Size"><option>S<option>M</select>
    <input id="agree" type="checkbox" aria-label="Agree">
    <input id="one" name="pick" type="radio" checked aria-label="One"><input id="two" name="pick" type="radio" aria-label="Two">
    <div id="pad" tabindex="0" role="button">Pad</div><input id="after" aria-label="After">\`;
    const pad = document.getElementById('pad');
    for (const name of ['pointerdown', 'pointerup', 'mousedown', 'mouseup', 'touchstart', 'touchend', 'click', 'keydown', 'keyup'])
      pad.addEventListener(name, () => reached.push(name));
  };
  draw();
  overture('pausable', { region: '#region', canPause: () => true, pause: () => 1, resume() {} });
</script></html>`;

/** What every control of that page holds. */
const held = (page) =>
  page.evaluate(() => [...document.querySelectorAll('#region :is(input,select)')].map((it) => `${it.id} ${it.value} ${it.checked}`));

const bar = (page) => page.locator('overture-widget .pause');

/** Waits until so much time has passed on the page itself. */
async function timePasses(page, ms) {
  const from = await page.evaluate(() => performance.now());
  await page.waitForFunction((until) => performance.now() >= until, from + ms);
}

test('a page that stops only after nobody waits for it is let go once more', async () => {
  const { page, complaints, context } = await browser.newPerson();
  await page.goto(`${site.origin}/page.html`);
  await page.evaluate(() => {
    window.going = true;
    window.states = [];
    overture('pausable', {
      canPause: () => true,
      pause: () => new Promise((done) => { window.stopNow = () => { going = false; done({ a: 1 }); }; }),
      resume(state) { states.push(state); going = true; },
    });
    overture('smart_pause');
  });
  await page.locator('overture-widget .panel').waitFor();
  await page.evaluate(() => stopNow());
  await page.waitForFunction(() => states.length === 2);
  assert.deepEqual(await page.evaluate(() => [going, states]), [true, [null, { a: 1 }]]);
  assert.equal(await bar(page).count(), 0);
  assert.deepEqual(complaints, []);
  await context.close();
});

test('until the page is where it was it stays held, and after that nothing moves under the customer', async () => {
  const { page, complaints, context } = await browser.newPerson();
  await page.goto(`${site.origin}/page.html`);
  await page.getByLabel('Name').fill('Ada');
  await page.evaluate(() => {
    window.pauses = 0;
    overture('pausable', {
      region: '#form',
      canPause: () => true,
      pause: () => (pauses += 1),
      resume: () => new Promise((done) => setTimeout(done, 500)),
    });
    overture('smart_pause');
  });
  await bar(page).getByRole('button', { name: 'Resume' }).waitFor();
  await page.evaluate(() => {
    // What a quick customer does as soon as the bar is gone.
    const { shadowRoot } = document.querySelector('overture-widget');
    new MutationObserver((_, watch) => {
      if (shadowRoot.querySelector('.pause')) return;
      watch.disconnect();
      window.toldAtTheEnd = seen.length;
      scrollTo({ top: 6, behavior: 'instant' });
      document.getElementById('password').focus({ preventScroll: true });
    }).observe(shadowRoot, { childList: true, subtree: true });
  });
  await bar(page).getByRole('button', { name: 'Resume' }).click();
  await page.evaluate(() => {
    document.getElementById('name').focus();
    overture('smart_pause');
  });
  await page.keyboard.type('x');
  assert.equal(await page.getByLabel('Name').inputValue(), 'Ada', 'nothing is entered while the page goes on');
  assert.equal(await bar(page).count(), 1);
  await page.waitForFunction(() => window.toldAtTheEnd !== undefined);
  await page.keyboard.type('hunter2');
  await timePasses(page, 800);
  const end = await page.evaluate(() => [
    window.toldAtTheEnd, pauses, Math.round(scrollY), document.activeElement.id, document.getElementById('password').value,
  ]);
  assert.deepEqual(end, [2, 1, 6, 'password', 'hunter2']);
  assert.equal(await page.getByLabel('Name').inputValue(), 'Ada');
  assert.deepEqual((await page.evaluate(() => seen))[1], ['resumed', true, 'button', '']);
  assert.deepEqual(complaints, []);
  await context.close();
});

test('neither mouse, wheel nor key changes what is held, also where it was drawn anew', async () => {
  const { page, complaints, context } = await browser.newPerson();
  await page.goto(`${site.origin}/controls.html`);
  await page.evaluate(() => overture('smart_pause'));
  await bar(page).waitFor();
  const before = await held(page);
  for (const round of ['as it was', 'drawn anew']) {
    if (round === 'drawn anew') await page.evaluate(() => draw());
    for (const id of ['range', 'number', 'date', 'size', 'agree', 'two', 'pad']) {
      const control = page.locator(`#${id}`);
      const box = await control.boundingBox();
      const y = box.y + box.height / 2;
      // By its right end: there are the arrows of a number.
      await page.mouse.click(box.x + box.width - 8, y - 6);
      await page.mouse.move(box.x + box.width / 4, y);
      await page.mouse.down();
      await page.mouse.move(box.x + box.width * 0.8, y, { steps: 4 });
      await page.mouse.up();
      await control.focus();
      for (const key of ['ArrowRight', 'ArrowUp', 'ArrowDown', 'End', '7', 'Space', 'Enter']) await page.keyboard.press(key);
      assert.deepEqual(await held(page), before, `${id} ${round}`);
    }
    await page.locator('#number').focus();
    await page.locator('#number').hover();
    await page.mouse.wheel(0, -40);
    assert.deepEqual(await page.evaluate(() => reached), [], round);
  }
  await page.locator('#before').focus();
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'range', 'Tab goes on');
  await page.evaluate(() => document.activeElement.blur());
  await page.locator('#after').hover();
  await page.mouse.wheel(0, 200);
  await page.waitForFunction(() => scrollY > 100);
  assert.deepEqual(await held(page), before);

  await bar(page).getByRole('button', { name: 'Resume' }).click();
  await bar(page).waitFor({ state: 'detached' });
  await page.locator('#range').focus();
  await page.keyboard.press('ArrowRight');
  await page.locator('#pad').click();
  assert.equal(await page.locator('#range').inputValue(), '21');
  assert.ok((await page.evaluate(() => reached)).includes('pointerdown'), 'the page is its own again');
  assert.deepEqual(complaints, []);
  await context.close();
});

test('a finger changes nothing that is held, and still scrolls', async () => {
  const { page, complaints, context } = await browser.newPerson({ viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true });
  await page.goto(`${site.origin}/controls.html`);
  await page.evaluate(() => overture('smart_pause'));
  await bar(page).waitFor();
  // Without steps the answers are open, on a phone over all of the page.
  await page.locator('overture-widget .panel').waitFor();
  await page.evaluate(() => overture('close'));
  const before = await held(page);
  const session = await context.newCDPSession(page);
  const drag = async (from, to) => {
    const at = ([x, y]) => [{ x, y }];
    await session.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: at(from) });
    for (const part of [0.25, 0.5, 0.75, 1])
      await session.send('Input.dispatchTouchEvent', {
        type: 'touchMove',
        touchPoints: at(from.map((value, axis) => value + (to[axis] - value) * part)),
      });
    await session.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
  };
  for (const id of ['range', 'agree', 'two', 'pad']) {
    const { x, y, width, height } = await page.locator(`#${id}`).boundingBox();
    await page.touchscreen.tap(x + width / 2, y + height / 2);
    await drag([x + width / 4, y + height / 2], [x + width * 0.8, y + height / 2]);
    assert.deepEqual(await held(page), before, id);
  }
  assert.deepEqual(await page.evaluate(() => reached), []);
  const { x, y } = await page.locator('#pad').boundingBox();
  await page.evaluate(() => {
    window.restedAt = 0;
    document.addEventListener('scrollend', () => (restedAt = scrollY));
  });
  await drag([x + 40, y + 10], [x + 40, y - 160]);
  // A tap on a page that still glides only stops it; where no frame comes for a while, standing still is no sign of rest.
  await page.waitForFunction(() => restedAt > 50);
  await bar(page).getByRole('button', { name: 'Resume' }).tap();
  await bar(page).waitFor({ state: 'detached' });
  await page.locator('#pad').tap();
  assert.ok((await page.evaluate(() => reached)).includes('touchend'), 'the page is its own again');
  assert.deepEqual(complaints, []);
  await context.close();
});

test('each page keeps a draft of its own, until it has it back', async () => {
  const { page, complaints, context } = await browser.newPerson();
  const declare = (resume) =>
    page.evaluate((body) => {
      overture('pausable', {
        canPause: () => true,
        pause: () => document.getElementById('name').value,
        resume: new Function('state', body),
      });
    }, resume);
  const takesBack = 'document.getElementById("name").value = state';
  for (const path of ['/page.html', '/other.html']) {
    await page.goto(site.origin + path);
    await page.locator('overture-widget').getByRole('button').first().waitFor();
    await page.getByLabel('Name').fill(`Ada on ${path}`);
    await declare(takesBack);
    await page.evaluate(() => overture('smart_pause'));
    await bar(page).getByRole('button', { name: 'Resume' }).waitFor();
  }
  const goOn = bar(page).getByRole('button', { name: 'Continue where I was' });
  // The page cannot take its draft now, but it is not lost by that.
  await page.goto(`${site.origin}/page.html`);
  await declare('throw new Error("not yet")');
  await goOn.click();
  await page.waitForFunction(() => seen.length === 1);
  assert.deepEqual((await page.evaluate(() => seen))[0].slice(0, 2), ['resumed', false]);
  await bar(page).waitFor({ state: 'detached' });
  for (const path of ['/page.html', '/other.html']) {
    await page.goto(site.origin + path);
    await declare(takesBack);
    await goOn.click();
    await page.waitForFunction(() => seen.length === 1);
    assert.equal(await page.getByLabel('Name').inputValue(), `Ada on ${path}`);
  }
  assert.equal(await page.evaluate(() => sessionStorage.getItem('overture.pause')), '');
  assert.deepEqual(complaints, []);
  await context.close();
});

test('who signs out leaves nothing of a pause', async () => {
  const { page, complaints, context } = await browser.newPerson();
  await page.goto(`${site.origin}/page.html`);
  await page.getByLabel('Name').fill('Ada');
  await page.evaluate(() => {
    overture('pausable', { canPause: () => true, pause: () => 'Ada', resume() {} });
    overture('smart_pause');
  });
  await bar(page).getByRole('button', { name: 'Resume' }).waitFor();
  await page.evaluate(() => overture('reset'));
  await bar(page).waitFor({ state: 'detached' });
  assert.ok(!(await page.evaluate(() => sessionStorage.getItem('overture.pause'))));
  assert.deepEqual(complaints, []);
  await context.close();
});
