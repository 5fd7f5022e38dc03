// The sample shop of the demo, on an origin of its own, and a customer who struggles in it.

import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { servePages } from './pages.mjs';
import { root } from './server.mjs';

/** Serves the shop; its pages load the widget from `widgetHost`, as another company's site would. */
export async function openShop(widgetHost, writeKey) {
  const folder = join(root, 'ui/shop');
  const pages = {};
  for (const name of (await readdir(folder)).filter((it) => it.endsWith('.html'))) {
    const text = await readFile(join(folder, name), 'utf8');
    const page = text.replaceAll('__WRITE_KEY__', writeKey).replaceAll('"/widget.js"', `"${widgetHost}/widget.js"`);
    if (!page.includes(`${widgetHost}/widget.js`)) throw new Error(`${name} does not carry the widget`);
    pages[`/${name}`] = page;
  }
  pages['/'] = pages['/index.html'];
  return servePages(pages, { '/': folder });
}

/** One round of what a struggling customer does on the checkout: refused orders and a rage click. */
export async function struggle(page) {
  const card = page.getByLabel('Card number');
  await card.fill('4111 1111 1111 1111');
  await page.getByLabel('Valid until').fill('11/29');
  await page.getByRole('button', { name: 'Place the order' }).click();
  const coupon = page.getByRole('button', { name: 'Apply' });
  for (let click = 0; click < 6; click += 1) await coupon.click({ delay: 20 });
  await card.press('Enter');
}

/** Struggles on until `seen` answers true, for at most `rounds`. */
export async function struggleUntil(page, seen, rounds = 40) {
  for (let round = 0; round < rounds; round += 1) {
    if (await seen()) return;
    await struggle(page);
    // The page's own pace: a person looks at what happened before trying again.
    await page.waitForTimeout(1_100);
  }
  throw new Error(`nothing was offered after ${rounds} rounds of struggle`);
}

/** The widget on a page, by what its controls are called. */
export function widgetOf(page) {
  const root = page.locator('overture-widget');
  const button = (name) => root.getByRole('button', { name });
  return {
    root,
    button,
    help: button(/^Help/),
    banner: root.getByRole('heading', { name: 'Help is Available' }),
    message: root.getByLabel('Your message'),
    said: (text) => root.getByText(text),
    /** Opens the chat from wherever the widget is. */
    async openChat() {
      const resume = button(/^(Back to your chat|Start a chat)/);
      if (await this.message.isVisible()) return;
      if (!(await resume.isVisible())) await this.help.click();
      await resume.or(this.message).first().waitFor();
      if (await resume.isVisible()) await resume.click();
      await this.message.waitFor();
    },
    async say(text) {
      await this.message.fill(text);
      await button('Send').click();
    },
  };
}
