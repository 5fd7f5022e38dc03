// A shop with a checkout that is hard to get through, carrying the widget's snippet, and its customer.

import { servePages } from './pages.mjs';

const SNIPPET =
  'window.overture=window.overture||function(){(window.overture.q=window.overture.q||[]).push(arguments)}';

const page = (title, body, widgetHost, writeKey) => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width">
    <meta name="color-scheme" content="light dark">
    <title>${title}</title>
    <script>${SNIPPET}</script>
    <script async src="${widgetHost}/widget.js" data-write-key="${writeKey}"></script>
  </head>
  <body>
    <nav aria-label="Shop"><a href="/">Lamps</a> <a href="/checkout">Checkout</a></nav>
    <main>${body}</main>
  </body>
</html>`;

const LAMPS = '<h1>Lamps</h1><p>One lamp, on its way to you tomorrow.</p>';

const CHECKOUT = `<h1>Checkout</h1>
  <form id="payment" action="/thanks">
    <p><label>Card number <input name="card" required inputmode="numeric" pattern="[0-9]{16}"></label></p>
    <p><label>Postcode <input name="postcode" required pattern="[A-Z]{2}[0-9]{4}"></label></p>
    <p><button>Pay now</button></p>
  </form>
  <p><button type="button">Apply voucher</button></p>`;

/** Serves the shop on an origin of its own; its pages load the widget from `widgetHost`. */
export function openShop(widgetHost, writeKey) {
  return servePages({
    '/': page('Lamps', LAMPS, widgetHost, writeKey),
    '/checkout': page('Checkout', CHECKOUT, widgetHost, writeKey),
    '/thanks': page('Thanks', '<h1>Thank you</h1>', widgetHost, writeKey),
  });
}

/** One round of what a struggling customer does on the checkout: refused submits and a rage click. */
export async function struggle(page) {
  await page.getByLabel('Card number').fill('4111 1111');
  await page.getByLabel('Postcode').fill('12');
  await page.getByRole('button', { name: 'Pay now' }).click();
  const voucher = page.getByRole('button', { name: 'Apply voucher' });
  for (let click = 0; click < 6; click += 1) await voucher.click({ delay: 20 });
  await page.getByLabel('Card number').press('Enter');
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
    banner: root.getByText('Help is Available'),
    message: root.getByLabel('Your message'),
    said: (text) => root.getByText(text, { exact: true }),
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
