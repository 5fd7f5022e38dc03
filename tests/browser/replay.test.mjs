// A draft of the policy on the recorded history: an admin tries it with the keyboard alone, on wide and narrow screens, light and
// dark, reads what it would have done to whom, and is told when nothing was changed.

import assert from 'node:assert/strict';
import { after, before, test } from './support/test.mjs';
import { seriousFindings, startBrowser } from './support/browser.mjs';
import { signIn } from './support/desk.mjs';
import { focusedName, tabTo } from './support/matrix.mjs';
import { Api, startServer, stepsOf } from './support/server.mjs';
import { openShop, struggleUntil } from './support/shop.mjs';

const MORE = `
[[rules]]
id = "checkout-hello"
when = 'signal.page_view.h24 > 0.5'
action = "prompt"
priority = 5
options = ["chat", "callback"]
cooldown_min = 0
`;

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
/** Each row of the table of this name: its first cell, then what happened and what would have. */
const rowsOf = async (dialog, name) => {
  const rows = await dialog.getByRole('region', { name, exact: true }).locator('tbody tr').all();
  return Promise.all(rows.map(async (row) => (await row.locator('td').allTextContents()).map((it) => it.trim())));
};

test('a draft is tried on the history with the keyboard, and nobody notices', async (t) => {
  t.after(() => browser.picture('replay'));
  const step = stepsOf(t);
  const customer = (await browser.newPerson()).page;
  const { page: desk, complaints } = await browser.newPerson({ viewport: { width: 1440, height: 900 } });
  const { keyboard } = desk;
  const dialog = desk.getByRole('dialog', { name: 'Try on history' });
  const result = dialog.getByTestId('replay-result');
  const { revision } = await api.get('/v1/admin/policy');
  const recorded = async () => (await api.get('/v1/decisions?rule=struggle-offer&limit=10')).decisions;

  await step('somebody struggles while everything is in shadow', async () => {
    await customer.goto(`${shop.origin}/checkout.html`);
    await struggleUntil(customer, async () => (await recorded()).length > 0);
    await customer.close();
  });

  await step('the draft is run from the editor', async () => {
    await signIn(desk, server.url, admin);
    await desk.goto(`${server.url}/desk/#/admin/policy`);
    await desk.getByLabel('Policy text').focus();
    await keyboard.press('Control+End');
    await keyboard.insertText(MORE);
    await desk.getByText(/rules, no errors/).waitFor();
    for (let press = 0; press < 6 && (await focusedName(desk)) !== 'Try on history'; press += 1) {
      await keyboard.press('Shift+Tab');
    }
    assert.equal(await focusedName(desk), 'Try on history');
    await keyboard.press('Enter');
    await dialog.waitFor();
    await clean(desk, 'before the run');
    await tabTo(desk, /^Run$/);
    await keyboard.press('Enter');
    await result.waitFor();
  });

  await step('what it would have done stands beside what happened', async () => {
    assert.equal(await result.getByText('Estimate', { exact: true }).count(), 1);
    await result.getByText(/another text than the policy/).waitFor();
    await result.getByText(/^Open-loop:/).waitFor();
    const rules = await rowsOf(result, 'Contacts and alerts by rule');
    const hello = rules.find(([rule]) => rule === 'checkout-hello');
    assert.equal(hello[1], '0');
    assert.ok(Number(hello[2]) >= 1, `${hello}`);
    const offered = rules.find(([rule]) => rule === 'struggle-offer');
    assert.equal(offered[1], '1', 'shadow counts as a contact that would have been');
    const differ = await rowsOf(result, 'Decisions that differ');
    assert.ok(differ.some(([kind, , , rule]) => kind === 'Only under the draft' && rule === 'checkout-hello'));
    const [first] = await recorded();
    const link = result.getByRole('link').first();
    assert.equal(await link.getAttribute('href'), `#/customers/${first.customer}`);
    await clean(desk, 'the result');
  });

  await step('on a phone and in the dark as well', async () => {
    await desk.setViewportSize({ width: 360, height: 740 });
    await desk.emulateMedia({ colorScheme: 'dark' });
    await clean(desk, 'a phone in the dark');
    const wide = await dialog.evaluate((it) => it.scrollWidth > it.clientWidth || document.body.scrollWidth > innerWidth);
    assert.equal(wide, false, 'nothing sticks out');
    await browser.picture('replay-phone');
    await desk.emulateMedia({ colorScheme: 'light' });
    await desk.setViewportSize({ width: 1440, height: 900 });
  });

  await step('ends of one’s own have to make sense', async () => {
    await dialog.getByLabel('Own range').focus();
    await keyboard.press('Space');
    await tabTo(desk, /^Run$/);
    await keyboard.press('Enter');
    await dialog.getByText('Say when it begins.').waitFor();
    await clean(desk, 'a mistake');
  });

  await step('Escape leads back, and the text in force is exact', async () => {
    await keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    assert.equal(await focusedName(desk), 'Try on history');
    await desk.getByRole('button', { name: 'Discard changes' }).click();
    // Until the text was checked again there is nothing to try.
    const again = desk.getByRole('button', { name: 'Try on history', disabled: false });
    await again.waitFor();
    await again.press('Enter');
    await dialog.getByLabel('Rules count').selectOption('recorded');
    await tabTo(desk, /^Run$/);
    await keyboard.press('Enter');
    await result.getByText('Exact', { exact: true }).waitFor();
    await result.getByText(/made again, ids included/).waitFor();
    await result.getByText('None: both sides decided the same.').waitFor();
    assert.equal((await api.get('/v1/admin/policy')).revision, revision, 'nothing was saved');
  });
  assert.deepEqual(complaints, []);
});
