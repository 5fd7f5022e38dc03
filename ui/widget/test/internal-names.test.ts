/** @vitest-environment node */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { INTERNAL_NAMES } from '../scripts/internal-names.mjs';

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');
const dom = readFileSync(createRequire(import.meta.url).resolve('typescript/lib/lib.dom.d.ts'), 'utf8');
/** What one `interface` of a file declares. */
const interfaceOf = (path: string, name: string): string =>
  read(path).split(`export interface ${name} `)[1]?.split('\n}')[0] ?? '';

/** What others know by name: the browser, the server and host pages, and what waits in the browser's storage. */
const KNOWN = [
  dom,
  read('../src/types.ts'),
  read('../src/guide/types.ts'),
  read('../src/guide/pause/keep.ts'),
  read('../src/guide/pause/place.ts'),
  interfaceOf('../src/storage.ts', 'StoredSession'),
  interfaceOf('../src/storage.ts', 'Device'),
  interfaceOf('../src/store.ts', 'State'),
  interfaceOf('../src/store.ts', 'LiveOffer'),
  interfaceOf('../src/store.ts', 'PendingMessage'),
  interfaceOf('../src/store.ts', 'OutboxEntry'),
].join('\n');

test.each(INTERNAL_NAMES)('%s is nobody else’s name', (name) => {
  expect(KNOWN).not.toMatch(new RegExp(`^\\s*(readonly )?"?${name}"?[?]?[:(<]`, 'm'));
});

test('what is looked through is there', () => {
  for (const name of ['querySelector', 'session_token', 'createdAtMs', 'deadlineMs', 'clientKey'])
    expect(KNOWN).toContain(name);
});
