// Node's tests with a limit each: one that hangs fails by its own name, the rest of its file still runs and cleans up.

import * as node from 'node:test';

/** Far above what any test takes, also on a busy machine; a longer one says its own `timeout`. */
const TEST_WITHIN_MS = 300_000;
const HOOK_WITHIN_MS = 120_000;

/** `test(name, work)` or `test(name, options, work)`. */
export function test(name, ...rest) {
  const [work, options] = rest.reverse();
  return node.test(name, { timeout: TEST_WITHIN_MS, ...options }, work);
}

const limited = (hook) => (work, options) => hook(work, { timeout: HOOK_WITHIN_MS, ...options });
export const before = limited(node.before);
export const after = limited(node.after);
export const afterEach = limited(node.afterEach);
