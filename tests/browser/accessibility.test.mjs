// axe finds nothing serious on any page of the desk and on a shop with the widget, light and dark.

import assert from 'node:assert/strict';
import { after, before, test } from './support/test.mjs';
import { seriousFindings, startBrowser } from './support/browser.mjs';
import { AGENT, accept, beAvailable, incoming, signIn } from './support/desk.mjs';
import { Api, startServer, stepsOf } from './support/server.mjs';
import { openShop, struggleUntil, widgetOf } from './support/shop.mjs';

let server, api, browser, shop;

before(async () => {
  server = await startServer();
  api = await Api.signIn(server);
  await api.addAgent(AGENT);
  await api.goLive();
  await api.ask('POST', '/v1/admin/articles', { title: 'Which cards?', body_markdown: 'All of **them**.', status: 'published' });
  shop = await openShop(server.url, server.write_key);
  browser = await startBrowser();
});

after(async () => {
  await browser?.close();
  await shop?.close();
  await server?.stop();
});

async function clean(page, where) {
  await page.waitForLoadState('networkidle');
  assert.deepEqual(await seriousFindings(page), [], where);
}

for (const colorScheme of ['light', 'dark']) {
  test(`the whole of it in ${colorScheme}`, async (t) => {
    t.after(() => browser.picture(`accessibility-${colorScheme}`));
    const step = stepsOf(t);
    const desk = (await browser.newPerson({ colorScheme, viewport: { width: 1440, height: 900 } })).page;
    const admin = (await browser.newPerson({ colorScheme, viewport: { width: 1440, height: 900 } })).page;
    const { page: customer } = await browser.newPerson({ colorScheme });
    const widget = widgetOf(customer);

    await step('sign-in and an empty inbox', async () => {
      await desk.goto(`${server.url}/desk/`);
      await desk.getByLabel('E-mail').waitFor();
      await clean(desk, 'sign-in');
      await signIn(desk, server.url, AGENT);
      await beAvailable(desk);
      await clean(desk, 'empty inbox');
    });

    await step('the shop with the Help button, its panel, and the banner', async () => {
      await customer.goto(`${shop.origin}/checkout.html`);
      await widget.help.waitFor();
      await clean(customer, 'help button');
      await widget.help.click();
      await widget.button(/^Start a chat/).waitFor();
      await clean(customer, 'panel');
      const answers = widget.button(/^Read answers/);
      if (await answers.isVisible()) {
        await answers.click();
        await widget.root.getByText('Which cards?').waitFor();
        await clean(customer, 'answers');
      }
      await customer.keyboard.press('Escape');
      let prompted = false;
      await struggleUntil(customer, async () => {
        if (!prompted && (await widget.button('Not now').isVisible()) && !(await widget.banner.isVisible())) {
          prompted = true;
          await clean(customer, 'prompt');
        }
        return widget.banner.isVisible();
      });
      await clean(customer, 'banner');
    });

    await step('an incoming request, and the conversation on both sides', async () => {
      await widget.button('Start Chat').click();
      await widget.message.waitFor();
      await widget.say('Where do I type the voucher?');
      await incoming(desk).waitFor();
      await clean(desk, 'incoming request');
      await accept(desk);
      await desk.getByText('Where do I type the voucher?').first().waitFor();
      await clean(desk, 'conversation at the desk');
      await clean(customer, 'chat panel');
      await desk.getByRole('button', { name: /^Resolve/ }).first().click();
      await desk.getByRole('dialog').waitFor();
      await clean(desk, 'resolve dialog');
      await desk.getByRole('dialog').getByRole('button', { name: 'Resolve' }).click();
      await desk.getByRole('dialog').waitFor({ state: 'detached' });
    });

    await step('every page that the desk links to', async () => {
      await signIn(admin, server.url, { email: server.admin_email, password: server.admin_password });
      const { customers } = await api.get('/v1/customers?limit=1');
      const { decisions } = await api.get('/v1/decisions?limit=1');
      const open = ['#/inbox', `#/customers/${customers[0].customer}`, `#/decisions/${decisions[0].decision}`, '#/account'];
      const seen = new Set();
      while (open.length) {
        const hash = open.shift();
        if (seen.has(hash)) continue;
        seen.add(hash);
        await admin.goto(`${server.url}/desk/${hash}`);
        await admin.getByRole('main').waitFor();
        await clean(admin, hash);
        const links = await admin.locator('nav a[href^="#/"]').evaluateAll((all) => all.map((it) => it.getAttribute('href')));
        open.push(...links.filter((link) => link !== '#/'));
      }
      assert.ok(seen.size >= 8, [...seen].join(' '));
    });

    await admin.context().close();
    await desk.context().close();
    await customer.context().close();
  });
}
