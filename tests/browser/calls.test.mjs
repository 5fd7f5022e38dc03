// A call at the desk: on the board, followed while it goes on, read back, told on its customer's page, and over, with its
// recording played and deleted.

import assert from 'node:assert/strict';
import { after, before, test } from './support/test.mjs';
import { seriousFindings, startBrowser } from './support/browser.mjs';
import { signIn } from './support/desk.mjs';
import { startEars } from './support/ears.mjs';
import { openLines } from './support/line.mjs';
import { tabTo } from './support/matrix.mjs';
import { Api, startServer, stepsOf, waitFor } from './support/server.mjs';

const WIDE = { viewport: { width: 1440, height: 900 } };
const PHONE = { viewport: { width: 390, height: 844 }, colorScheme: 'dark' };

let server, api, admin, browser, line, ears;

before(async () => {
  ears = await startEars();
  server = await startServer({ env: ears.env });
  api = await Api.signIn(server);
  admin = { email: server.admin_email, password: server.admin_password };
  browser = await startBrowser();
  line = await openLines(browser, server, api, admin);
});

after(async () => {
  await browser?.close();
  await server?.stop();
  await ears?.stop();
});

const clean = async (page, where) => assert.deepEqual(await seriousFindings(page), [], where);
const sideways = (page) => page.evaluate(() => document.documentElement.scrollWidth > innerWidth + 1);
const openCalls = async (page) => {
  await page.goto(`${server.url}/desk/#/calls`);
  await page.getByRole('heading', { name: 'Calls', exact: true }).waitFor();
};
const slider = (page) => page.getByRole('slider', { name: 'Time in the call' });
/** The time that the slider stands at, in seconds. */
const standsAt = async (page) => Number(await slider(page).getAttribute('aria-valuenow'));
const detail = (call) => api.get(`/v1/calls/${call.id}`);

/** Analysis on, and recordings kept. */
async function allowCalls() {
  const { revision, toml } = await api.get('/v1/admin/policy');
  const set = (text, key, value) => text.replace(new RegExp(`^${key} = .*$`, 'm'), `${key} = ${value}`);
  // The synthetic voice stays calm whatever it says, which leaves a score of about a half.
  const voice = set(set(set(set(toml, 'enabled', true), 'alert_on', 0.45), 'alert_off', 0.3), 'recording_days', 30);
  assert.notEqual(voice, toml);
  await api.ask('PUT', '/v1/admin/policy', { toml: voice, base_revision: revision });
}

test('without calls the page says what they are, and that nothing is analysed', async (t) => {
  t.after(() => browser.picture('calls-none'));
  const { page, context, complaints } = await browser.newPerson(WIDE);
  await signIn(page, server.url, admin);
  await page.keyboard.press('g');
  await page.keyboard.press('l');
  await page.getByText('No calls yet').waitFor();
  await page.getByText('Analysis is off.').waitFor();
  await page.getByRole('link', { name: 'Open the policy' }).waitFor();
  await clean(page, 'none');
  await allowCalls();
  await page.reload();
  await page.getByText('Analysis is on').waitFor();
  assert.deepEqual(complaints, []);
  await context.close();
});

test('a call is followed, read back, and over', async (t) => {
  t.after(() => browser.picture('calls'));
  const step = stepsOf(t);
  const { page: desk, complaints } = await browser.newPerson(WIDE);
  const { keyboard } = desk;
  await signIn(desk, server.url, admin);
  await openCalls(desk);
  let call;

  await step('it comes onto the board by itself and is opened with the keyboard', async () => {
    ears.says = 'I would like to know where my parcel is';
    call = await line.beginCall('+493012345670');
    const tile = desk.getByRole('article');
    await tile.waitFor();
    await line.sendAudio(call, { seconds: 12, anger: 0.1 });
    await tile.getByRole('meter', { name: 'Voice sounds angry' }).waitFor();
    await waitFor('the voice has a reading', async () => /\d+ %/.test(await tile.getByRole('meter', { name: 'Voice sounds angry' }).getAttribute('aria-valuetext')));
    await clean(desk, 'board');
    await tile.getByRole('link').focus();
    await keyboard.press('Enter');
    await desk.getByRole('heading', { name: /^Call with/ }).waitFor();
    await slider(desk).waitFor();
    await clean(desk, 'live');
  });

  await step('the picture goes on with the call', async () => {
    const before = await standsAt(desk);
    await line.sendAudio(call, { seconds: 6, anger: 0.2 });
    await waitFor('the newest time is later', async () => (await standsAt(desk)) >= before + 4);
    assert.ok(await desk.getByText('Following').isVisible());
  });

  await step('a time is chosen with the keys, and read out', async () => {
    await tabTo(desk, /^Time in the call/);
    await keyboard.press('Home');
    assert.equal(await standsAt(desk), 0);
    await keyboard.press('PageUp');
    await keyboard.press('ArrowRight');
    assert.equal(await standsAt(desk), 11);
    assert.match(await slider(desk).getAttribute('aria-valuetext'), /^0:11: (customer|agent|both|nobody) speaks?/);
    await keyboard.press('Escape');
    await waitFor('the newest time again', async () => (await standsAt(desk)) > 11);
  });

  await step('reading back stops the following, one button goes on with it', async () => {
    await desk.getByRole('button', { name: '30 s', exact: true }).click();
    await line.sendAudio(call, { seconds: 20, anger: 0.2 });
    const scroller = slider(desk).locator('xpath=../..');
    await waitFor('there is something to go back to', () => scroller.evaluate((it) => it.scrollWidth > it.clientWidth + 40));
    await scroller.evaluate((it) => (it.scrollLeft = 0));
    const follow = desk.getByRole('button', { name: 'Follow', exact: true });
    await follow.waitFor();
    await line.sendAudio(call, { seconds: 3, anger: 0.2 });
    assert.equal(await scroller.evaluate((it) => it.scrollLeft), 0, 'it stays where it was put');
    await follow.click();
    await desk.getByText('Following').waitFor();
  });

  await step('what was said stands there, and leads to its time', async () => {
    await desk.getByText('I would like to know where my parcel is').first().waitFor();
    await waitFor('something was said', async () => (await detail(call)).utterances.length > 1);
    const { utterances } = await detail(call);
    await desk.getByRole('button', { name: /^Go to/ }).nth(1).click();
    await waitFor('the picture stands there', async () => (await standsAt(desk)) === Math.round(utterances[1].start_ms / 1000));
    assert.equal(await desk.locator('li[aria-current="true"]').count(), 1);
  });

  await step('a lost line is taken up where it was', async () => {
    await desk.context().setOffline(true);
    await line.sendAudio(call, { seconds: 4, anger: 0.2 });
    await desk.context().setOffline(false);
    const whole = async () => Math.round((await detail(call)).call.seconds);
    await waitFor('it has caught up', async () => Math.abs((await standsAt(desk)) - (await whole())) <= 2 || slider(desk).press('Escape').then(() => false), 40_000);
  });

  await step('the customer is on the phone, their page says', async () => {
    const other = await desk.context().newPage();
    await other.goto(`${server.url}/desk/#/customers/${call.customer}`);
    await other.getByText(/^On the phone now · \d+:\d\d · /).waitFor();
    await clean(other, 'strip');
    await other.getByRole('link', { name: 'Open the call' }).first().click();
    await other.getByRole('heading', { name: /^Call with/ }).waitFor();
    await other.close();
  });

  await step('over, it is in the list, in the timeline, and can be heard', async () => {
    await line.endCall(call);
    await desk.getByRole('heading', { name: 'How it sounded at the end' }).waitFor();
    await desk.getByText('The picture as a table').click();
    await desk.getByRole('region', { name: 'The picture as a table' }).getByRole('row').nth(2).waitFor();
    const audio = desk.getByLabel('Recording of the call');
    await audio.waitFor();
    await waitFor('it can be played', () => audio.evaluate((it) => it.duration > 10));
    await desk.getByRole('button', { name: /^Go to/ }).last().click();
    await waitFor('it stands at what was said', () => audio.evaluate((it) => it.currentTime > 1));
    await clean(desk, 'over');
    await desk.getByRole('button', { name: 'Delete the recording' }).click();
    await desk.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true }).click();
    await desk.getByText('Recording deleted.').waitFor();
    await audio.waitFor({ state: 'detached' });
    assert.equal((await detail(call)).call.recording, null);
    await openCalls(desk);
    await desk.getByRole('region', { name: 'Calls that are over' }).getByRole('row').nth(1).waitFor();
    assert.equal(await desk.getByRole('article').count(), 0, 'nobody is on the phone');
    await clean(desk, 'list');
    await desk.goto(`${server.url}/desk/#/customers/${call.customer}`);
    await desk.getByText(/^Call ended after/).waitFor();
  });
  assert.deepEqual(complaints, []);
});

test('who sounds upset comes first and is told apart without a colour, on a phone in the dark', async (t) => {
  t.after(() => browser.picture('calls-alert'));
  const { page, context, complaints } = await browser.newPerson(PHONE);
  await signIn(page, server.url, admin);
  await openCalls(page);
  ears.says = 'This is outrageous, I am furious, you are the worst company I ever had to deal with';
  const angry = await line.beginCall('+493012345672');
  const unheard = await line.beginCall('+493012345671', { disclosed: false });
  await Promise.all([line.sendAudio(unheard, { seconds: 18, anger: 1 }), line.sendAudio(angry, { seconds: 18, anger: 1 })]);
  await page.getByText('Needs attention', { exact: true }).waitFor();
  assert.match(await page.getByRole('article').first().textContent(), /Needs attention/);
  await clean(page, 'alert');
  assert.equal(await sideways(page), false, 'the board does not scroll sideways');
  await page.getByRole('article').first().getByRole('link').click();
  await page.getByText('Needs attention: the customer sounds upset.').waitFor();
  await clean(page, 'alert, opened');
  assert.equal(await sideways(page), false, 'the call does not scroll sideways');
  await page.getByRole('button', { name: 'Stop analysing' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Stop', exact: true }).click();
  await page.getByText('Not analysed', { exact: true }).waitFor();
  assert.equal((await detail(angry)).call.not_analysed, 'opted_out');
  await Promise.all([line.endCall(unheard), line.endCall(angry)]);
  assert.deepEqual(complaints, []);
  await context.close();
});
