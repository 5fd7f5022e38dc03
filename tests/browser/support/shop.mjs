// The sample shop of the demo, on an origin of its own, and a customer who struggles in it.

import { readFile, readdir } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { servePages } from './pages.mjs';
import { root, waitFor } from './server.mjs';

/** The headers that the admin page prints for a site that loads the widget from `host`. */
export function strictHeaders(host, nonce) {
  const sockets = host.replace(/^http/, 'ws');
  return {
    'content-security-policy': [
      "default-src 'none'",
      `script-src 'nonce-${nonce}'`,
      "style-src 'self'",
      `img-src 'self' ${host}`,
      `media-src 'self' ${host}`,
      "font-src 'self'",
      `connect-src 'self' ${host} ${sockets}`,
      "form-action 'self'",
      "base-uri 'none'",
      "frame-ancestors 'self'",
      "require-trusted-types-for 'script'",
      'trusted-types overture',
    ].join('; '),
    'permissions-policy': 'camera=(), microphone=(), geolocation=()',
  };
}

/** Serves the shop under the strictest headers; its pages load the widget from `widgetHost`, as another company's site would, in `locale`. */
export async function openShop(widgetHost, writeKey, locale = 'en') {
  const folder = join(root, 'ui/shop');
  const pages = {};
  for (const name of (await readdir(folder)).filter((it) => it.endsWith('.html'))) {
    const text = await readFile(join(folder, name), 'utf8');
    const page = text
      .replaceAll('__WRITE_KEY__', writeKey)
      .replaceAll('"/widget.js"', `"${widgetHost}/widget.js" data-locale="${locale}"`)
      .replaceAll('"/help/', `"${widgetHost}/help/`);
    if (!page.includes(`${widgetHost}/widget.js`)) throw new Error(`${name} does not carry the widget`);
    pages[`/${name}`] = () => {
      const nonce = randomBytes(16).toString('hex');
      return { body: page.replaceAll('__NONCE__', nonce), headers: strictHeaders(widgetHost, nonce) };
    };
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

/** Listens from before the page is opened; the answer waits until the widget heard from us over its socket. */
export function socketOf(page) {
  let heard = false;
  page.on('websocket', (socket) => socket.on('framereceived', () => (heard = true)));
  return { online: () => waitFor('the widget is online', () => heard) };
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
