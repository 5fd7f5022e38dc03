// Chromium, driven by playwright-core from the ui workspace's packages.

import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { root } from './server.mjs';

export const require = createRequire(join(root, 'ui/package.json'));
const { chromium } = require('playwright-core');

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Starts the browser; `newPerson` gives each person cookies and storage of their own. */
export async function startBrowser() {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: FLAGS,
  });
  const people = [];
  return {
    async newPerson(options = {}) {
      const context = await browser.newContext({ reducedMotion: 'reduce', ...options });
      context.setDefaultTimeout(20_000);
      const page = await context.newPage();
      const complaints = [];
      page.on('pageerror', (error) => complaints.push(String(error)));
      // What a page's policy forbids fails in silence; for a site it is a complaint all the same.
      await context.exposeBinding('overtureForbidden', (_, what) => complaints.push(what));
      await context.addInitScript(() => {
        const { overtureForbidden } = window;
        addEventListener('securitypolicyviolation', (it) =>
          overtureForbidden(`forbidden by ${it.effectiveDirective}: ${it.blockedURI} ${it.sample} at ${it.sourceFile}:${it.lineNumber}`),
        );
      });
      people.push({ page, complaints });
      return { context, page, complaints };
    },
    /** Keeps a picture of every open page, for a person to look at after a failure. */
    async picture(name) {
      const folder = join(root, 'test-results');
      await mkdir(folder, { recursive: true });
      for (const [index, { page }] of people.entries()) {
        if (!page.isClosed()) await page.screenshot({ path: join(folder, `${name}-${index}.png`) });
      }
    },
    close: () => browser.close(),
  };
}

/** What axe finds on the page that is serious or worse, as readable lines. */
export async function seriousFindings(page) {
  if (!(await page.evaluate(() => 'axe' in window))) {
    const source = await readFile(require.resolve('axe-core/axe.min.js'), 'utf8');
    await page.evaluate(source);
  }
  return page.evaluate(async () => {
    const results = await window.axe.run(document, { resultTypes: ['violations'] });
    return results.violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`);
  });
}
