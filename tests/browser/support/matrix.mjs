// One customer's story on every screen and in every direction of writing that we promise.

import assert from 'node:assert/strict';
import { seriousFindings } from './browser.mjs';

const DESKTOP = { viewport: { width: 1440, height: 900 } };
const PHONE = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 };

/** What a story is told on: a wide screen and a phone, from left to right and from right to left. */
export const SCREENS = [
  { name: 'desktop, English', locale: 'en', rtl: false, touch: false, options: DESKTOP },
  { name: 'desktop, Arabic', locale: 'ar', rtl: true, touch: false, options: DESKTOP },
  { name: 'phone, English', locale: 'en', rtl: false, touch: true, options: PHONE },
  { name: 'phone, Arabic', locale: 'ar', rtl: true, touch: true, options: PHONE },
];

/**
 * Tells `story(person, screen)` once a screen, each time with a new customer. The person has
 * `page`, `complaints`, `press` (a tap or a click, as the screen has it), `tabTo` and `clean(where)`.
 */
export function onEveryScreen(test, title, browser, story, screens = SCREENS) {
  for (const screen of screens) {
    test(`${title}: ${screen.name}`, async (t) => {
      const { locale, options } = screen;
      const person = await browser().newPerson({ locale, ...options });
      t.after(async () => {
        await browser().picture(title.replace(/\W+/g, '-'));
        await person.context.close();
      });
      const { page } = person;
      await story({
        ...person,
        press: (target) => (screen.touch ? target.tap() : target.click()),
        tabTo: (wanted, pressesMax) => tabTo(page, wanted, pressesMax),
        clean: async (where) => assert.deepEqual(await seriousFindings(page), [], where),
      }, screen, t);
      assert.deepEqual(person.complaints, []);
    });
  }
}

/** Presses Tab until what `wanted` names has the focus, also inside shadow roots. */
export async function tabTo(page, wanted, pressesMax = 60) {
  for (let press = 0; press < pressesMax; press += 1) {
    if (wanted.test(await focusedName(page))) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`Tab never reached ${wanted}`);
}

/** What the focused element is called; empty when nothing has the focus. */
export function focusedName(page) {
  return page.evaluate(() => {
    let element = document.activeElement;
    while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
    if (!element || element === document.body) return '';
    const name = element.getAttribute('aria-label') ?? element.labels?.[0]?.textContent ?? element.textContent;
    return name.replace(/\s+/g, ' ').trim();
  });
}
