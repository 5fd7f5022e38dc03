// What customers' words mean here: written by an admin with the keyboard alone, tried, saved beside somebody else's changes, in
// force for the next message, brought back, and begun from a message that was read wrongly.

import assert from 'node:assert/strict';
import { after, before, test } from './support/test.mjs';
import { seriousFindings, startBrowser } from './support/browser.mjs';
import { accept, beAvailable, signIn } from './support/desk.mjs';
import { focusedName, tabTo } from './support/matrix.mjs';
import { Api, startServer, stepsOf, waitFor } from './support/server.mjs';
import { openShop, widgetOf } from './support/shop.mjs';

const TEXT = 'This new release is sick, absolutely sick';
const WIDE = { viewport: { width: 1440, height: 900 } };

let server, api, admin, browser, shop;

before(async () => {
  server = await startServer();
  api = await Api.signIn(server);
  admin = { email: server.admin_email, password: server.admin_password };
  shop = await openShop(server.url, server.write_key, 'en');
  browser = await startBrowser();
});

after(async () => {
  await browser?.close();
  await shop?.close();
  await server?.stop();
});

const clean = async (page, where) => assert.deepEqual(await seriousFindings(page), [], where);
const list = () => api.get('/v1/admin/lexicon');
const put = async (entries) => {
  const { revision } = await list();
  return api.ask('PUT', '/v1/admin/lexicon', { entries, base_revision: revision, note: 'beside you' });
};
const openWords = async (page) => {
  await page.goto(`${server.url}/desk/#/admin/words`);
  await page.getByRole('heading', { name: 'Words', exact: true }).waitFor();
};
/** The score that a chip shows. */
const score = (text) => Number(/[+−]?\d\.\d+/.exec(text)?.[0].replace('−', '-'));

test('a phrase is written, tried and saved with the keyboard, and the next message is read by it', async (t) => {
  t.after(() => browser.picture('words'));
  const step = stepsOf(t);
  const { page: desk, complaints } = await browser.newPerson(WIDE);
  const { keyboard } = desk;
  const customer = (await browser.newPerson()).page;
  const widget = widgetOf(customer);
  await signIn(desk, server.url, admin);
  await beAvailable(desk);

  await step('what was read wrongly leads to the page, with the words that were marked', async () => {
    await customer.goto(`${shop.origin}/`);
    await widget.help.waitFor();
    await customer.evaluate(() => overture.open('chat'));
    await widget.say(TEXT);
    await accept(desk);
    const chip = desk.getByRole('button', { name: /^Mood:.*negative/ }).first();
    await chip.waitFor();
    await desk.evaluate(() => {
      const walker = document.createTreeWalker(document.querySelector('.message.customer .text p'), NodeFilter.SHOW_TEXT);
      for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        const at = node.data.indexOf('sick');
        if (at >= 0) return getSelection().setBaseAndExtent(node, at, node, at + 4);
      }
    });
    await chip.focus();
    await keyboard.press('Enter');
    await tabTo(desk, /^These words mean something else here/);
    await keyboard.press('Enter');
    await desk.getByText('No phrases yet').waitFor();
    await waitFor('the field has the phrase and the focus', async () => (await focusedName(desk)) === 'Customers write');
    assert.equal(await desk.getByLabel('Customers write').inputValue(), 'sick');
    assert.equal(await desk.getByLabel('What a customer might write').inputValue(), TEXT);
    assert.doesNotMatch(desk.url(), /sick/, 'the address keeps no words of a customer');
    await clean(desk, 'empty');
  });

  await step('it is tried before it is saved', async () => {
    const trial = desk.locator('section', { has: desk.getByRole('heading', { name: 'Try it' }) });
    const chips = trial.locator('dt .chip');
    await waitFor('two tiers read it', async () => (await chips.count()) === 4);
    await keyboard.press('Enter');
    await desk.getByText('Added: “sick” reads as great.').waitFor();
    await trial.getByText('This new release is great, absolutely great').waitFor();
    const scores = (await chips.allTextContents()).map(score);
    assert.ok(scores[1] > scores[0] + 0.5 && scores[3] > scores[2] + 0.5, `${scores}`);
    assert.equal((await list()).revision, 0, 'nothing is saved yet');
    // In own words, without the mouse.
    assert.equal(await focusedName(desk), 'Customers write');
    await keyboard.type('OOS');
    await keyboard.press('Tab');
    await keyboard.type('Own');
    await keyboard.press('Tab');
    await keyboard.type('out of stock');
    await keyboard.press('Enter');
    await desk.getByText('Added: “OOS” reads as out of stock.').waitFor();
    await keyboard.type(':-(');
    await keyboard.press('Enter');
    await desk.getByText('A letter or a digit is needed').waitFor();
    await desk.getByLabel('Customers write').fill('');
    await clean(desk, 'edited');
  });

  await step('saved, it is in force', async () => {
    await desk.getByRole('button', { name: 'Review and save' }).focus();
    await keyboard.press('Enter');
    await desk.getByRole('dialog').getByText('2 added').waitFor();
    await clean(desk, 'review');
    await tabTo(desk, /^What for/);
    await keyboard.type('slang');
    await keyboard.press('Enter');
    await desk.getByText('Saved as revision 1.').waitFor();
    const saved = await list();
    assert.deepEqual(saved.entries, [{ phrase: 'OOS', reads_as: 'out of stock' }, { phrase: 'sick', reads_as: 'great' }]);
    assert.equal(saved.note, 'slang');
    await widget.say(TEXT);
    const { customers } = await api.get('/v1/customers?limit=10');
    const moods = await waitFor('both messages are read twice', async () => {
      const { items } = await api.get(`/v1/customers/${customers[0].customer}/timeline?limit=200`);
      const found = items.filter(({ kind }) => kind === 'mood');
      const said = items.filter(({ kind, author }) => kind === 'message' && author === 'customer');
      assert.ok(said.every(({ text }) => text === TEXT), 'what was written stays as it is');
      return found.length === 4 && found;
    });
    const [before, after] = [moods.filter(({ model }) => !model.includes('+')), moods.filter(({ model }) => model.endsWith('+words-1'))];
    assert.deepEqual([before.length, after.length], [2, 2]);
    for (const tier of [0, 1]) {
      const of = (all) => all.find((mood) => mood.tier === tier).sentiment.score;
      assert.ok(of(after) > of(before) + 0.5, `tier ${tier}: ${of(before)} ${of(after)}`);
    }
  });

  await step('what two people change at once goes together', async () => {
    const row = (phrase) => desk.getByRole('row').filter({ has: desk.locator(`[aria-label="Remove ${phrase}"]`) });
    await row('OOS').getByLabel('Words that OOS reads as').fill('sold out');
    await put([{ phrase: 'sick', reads_as: 'lovely' }, { phrase: 'OOS', reads_as: 'gone' }, { phrase: 'lit', reads_as: 'great' }]);
    await desk.getByRole('button', { name: 'Review and save' }).click();
    await desk.getByRole('button', { name: 'Save', exact: true }).click();
    const dialog = desk.getByRole('dialog');
    await dialog.getByRole('heading', { name: /saved revision 2 meanwhile/ }).waitFor();
    await dialog.getByText('Changed by both of you').waitFor();
    await clean(desk, 'conflict');
    assert.equal((await list()).revision, 2, 'nothing was overwritten');
    await dialog.getByRole('button', { name: 'Put both together' }).click();
    await dialog.getByText('1 changed').waitFor();
    await desk.getByRole('button', { name: 'Save', exact: true }).click();
    await desk.getByText('Saved as revision 3.').waitFor();
    const reads = Object.fromEntries((await list()).entries.map((it) => [it.phrase, it.reads_as]));
    assert.deepEqual(reads, { lit: 'great', OOS: 'sold out', sick: 'lovely' });
  });

  await step('a phrase is removed and the removal taken back, and an older list comes back', async () => {
    await desk.getByLabel('Filter phrases').fill('li');
    await desk.getByRole('button', { name: 'Remove lit' }).focus();
    await keyboard.press('Enter');
    await desk.getByText('Removed “lit”.').waitFor();
    await desk.getByRole('button', { name: 'Undo' }).focus();
    await keyboard.press('Enter');
    await desk.getByText('“lit” is back.').waitFor();
    assert.ok(await desk.getByRole('button', { name: 'Review and save' }).isDisabled(), 'as it was saved');
    await desk.getByRole('button', { name: 'View revision 1' }).focus();
    await keyboard.press('Enter');
    await desk.getByText('What would change if it came back').waitFor();
    await clean(desk, 'revision');
    await tabTo(desk, /^Bring back/);
    await keyboard.press('Enter');
    await desk.getByText('Saved as revision 4.').waitFor();
    assert.deepEqual((await list()).entries.map((it) => it.phrase), ['OOS', 'sick']);
  });
  assert.deepEqual(complaints, []);
});

for (const [name, options] of [
  ['a phone, light', { viewport: { width: 360, height: 740 }, colorScheme: 'light' }],
  ['a phone, dark', { viewport: { width: 360, height: 740 }, colorScheme: 'dark' }],
  ['a desktop, dark', { ...WIDE, colorScheme: 'dark' }],
]) {
  test(`a list of two thousand is pasted and looked through on ${name}`, async (t) => {
    t.after(() => browser.picture('words-many'));
    const { page, context, complaints } = await browser.newPerson(options);
    await signIn(page, server.url, admin);
    await openWords(page);
    const count = (await list()).entries.length;
    await page.getByRole('button', { name: 'Paste many' }).click();
    const lines = Array.from({ length: 2_000 - count }, (_, place) => `Product ${place} = \n`).join('');
    const area = page.getByLabel(/^One phrase a line/);
    // As a paste arrives: at once.
    await area.evaluate((field, text) => {
      field.value = text;
      field.dispatchEvent(new InputEvent('input', { bubbles: true }));
    }, `no sign in this line\n${lines}`);
    await page.getByText(`${(2_000 - count).toLocaleString("en")} phrases to add, 0 to change, 1 line left out.`).waitFor();
    await page.getByText('Line 1: There is no =').waitFor();
    await clean(page, 'paste');
    await page.getByRole('button', { name: 'Add to the list' }).click();
    await page.getByText('2,000 phrases of 2,000').waitFor();
    assert.equal(await page.getByLabel('Phrase', { exact: true }).count(), 100, 'no more is drawn than can be looked at');
    await page.getByLabel('Filter phrases').fill('product 1234');
    await page.getByText('1 phrase of 2,000').waitFor();
    await clean(page, 'full');
    const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth + 1);
    assert.equal(wide, false, 'the page does not scroll sideways');
    // A look elsewhere loses nothing; a list that is full takes no more.
    await page.goto(`${server.url}/desk/#/admin/policy`);
    await page.getByRole('heading', { name: 'Policy', exact: true }).waitFor();
    await openWords(page);
    await page.getByText('2,000 phrases of 2,000').waitFor();
    await page.getByLabel('Customers write').fill('one more');
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await page.getByText('At most 2,000 phrases').waitFor();
    await page.getByRole('button', { name: 'Discard changes' }).click();
    await page.getByText(`${count} phrases of ${count}`).waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
  });
}
