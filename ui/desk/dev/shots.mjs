// Pictures of every page against the mock server: node dev/shots.mjs OUT [only-name-part]
import { spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

const out = process.argv[2] ?? 'test-results/shots';
const only = process.argv[3] ?? '';
const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const id = (prefix, n) => `${prefix}_01k${String(n).padStart(23, '0')}`;
const PAGES = [
  ['inbox', '#/inbox'],
  ['conversation', `#/inbox/${id('int', 1)}`],
  ['callback', `#/inbox/${id('int', 2)}`],
  ['customer', `#/customers/${id('cus', 1)}`],
  // with a live call
  ['customer-calls', `#/customers/${id('cus', 1)}`],
  ['calls', '#/calls'],
  ['calls-none', '#/calls', { before: '/v1/mock/calls?none=1', after: '/v1/mock/calls?none=0' }],
  ...[
    '301-live',
    '302-synthetic',
    '303-unheard',
    '304-long',
    '310-recorded',
    '311-off',
    '312-voice',
    '313-hours',
  ].map((it) => [`call-${it}`, `#/calls/${id('int', Number(it.slice(0, 3)))}`]),
  ['decisions', '#/decisions'],
  ['decision', `#/decisions/${id('dec', 4)}`],
  ...['sources', 'agents', 'policy', 'mode', 'words', 'faqs', 'tokens', 'events', 'status'].map((it) => [
    it,
    `#/admin/${it}`,
  ]),
  ['setup', '#/setup'],
  ['account', '#/account'],
];
const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
];

await mkdir(out, { recursive: true });
const mock = spawn(
  process.execPath,
  [new URL('mock.mjs', import.meta.url).pathname, '--port', '4791', '--quiet'],
  { stdio: ['ignore', 'pipe', 'inherit'] },
);
await new Promise((resolve) => mock.stdout.once('data', resolve));
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args });
let findings = 0;
for (const width of [1440, 390]) {
  for (const colorScheme of ['light', 'dark']) {
    const context = await browser.newContext({
      viewport: { width, height: width > 600 ? 900 : 844 },
      colorScheme,
      locale: 'en-GB',
    });
    const page = await context.newPage();
    page.on('pageerror', (error) => console.log('page error:', error.message));
    page.on('console', (message) => message.type() === 'error' && console.log('console:', message.text()));
    await page.goto('http://127.0.0.1:4791/desk/');
    await page
      .getByLabel('E-mail')
      .or(page.getByRole('navigation', { name: 'Main' }))
      .first()
      .waitFor();
    if (await page.getByLabel('E-mail').isVisible()) {
      await picture(page, `login-${width}-${colorScheme}`);
      await page.getByLabel('E-mail').fill('mara@fernandpine.example');
      await page.getByLabel('Password').fill('password');
      await page.getByRole('button', { name: 'Sign in' }).click();
    }
    await page.getByRole('navigation', { name: 'Main' }).waitFor();
    for (const [name, hash, { before, after } = {}] of PAGES) {
      if (!name.includes(only)) continue;
      if (before) await page.request.get(`http://127.0.0.1:4791${before}`);
      await page.goto(`http://127.0.0.1:4791/desk/${hash}`);
      await page.waitForTimeout(500);
      if (before) await page.reload().then(() => page.waitForTimeout(500));
      await picture(page, `${name}-${width}-${colorScheme}`);
      await page.addScriptTag({ path: axe });
      const serious = await page.evaluate(async () => {
        const { violations } = await globalThis.axe.run();
        return violations
          .filter((it) => ['serious', 'critical'].includes(it.impact))
          .map(
            (it) =>
              `${it.id}: ${it.nodes
                .slice(0, 3)
                .map((node) => node.target.join(' ') + ' ' + (node.any[0]?.message ?? ''))
                .join(' | ')}`,
          );
      });
      findings += serious.length;
      for (const it of serious) console.log(`${name} ${width} ${colorScheme}: ${it}`);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth + 1);
      if (after) await page.request.get(`http://127.0.0.1:4791${after}`);
      if (wide) console.log(`${name} ${width}: the page scrolls sideways`);
    }
    await page.request.post('http://127.0.0.1:4791/v1/auth/logout');
    await context.close();
  }
}
await browser.close();
mock.kill();
console.log(`${findings} serious findings`);

/** What a person sees first; and, where the page goes on below, all of it. */
async function picture(page, name) {
  await page.screenshot({ path: `${out}/${name}.png` });
  const height = await page.evaluate(() => document.getElementById('content')?.scrollHeight ?? 0);
  const { width, height: seen } = page.viewportSize();
  if (!name.startsWith('call') || height <= seen) return;
  await page.setViewportSize({ width, height: Math.min(4000, height + 120) });
  await page.waitForTimeout(200);
  await page.screenshot({ path: `${out}/${name}-all.png` });
  await page.setViewportSize({ width, height: seen });
}
