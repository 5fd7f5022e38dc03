// Data is text. Nothing in the desk may turn a string into markup.

import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const SOURCE = join(import.meta.dirname, '..');
const BANNED = [
  /\{@html/,
  /\.innerHTML/,
  /\.outerHTML/,
  /insertAdjacentHTML/,
  /document\.write/,
  /\beval\(/,
  /new Function\(/,
  /createContextualFragment/,
  /srcdoc/,
];

const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' }).filter(
  (name) => /\.(svelte|ts)$/.test(name) && !name.endsWith('.test.ts'),
);

test('there are files to look at', () => expect(files.length).toBeGreaterThan(40));

test.each(files)('%s makes no markup from data', (name) => {
  const text = readFileSync(join(SOURCE, name), 'utf8');
  for (const banned of BANNED) expect(text).not.toMatch(banned);
});
