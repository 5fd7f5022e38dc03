import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ticker } from './clock.svelte';

beforeEach(() => void vi.useFakeTimers({ now: 1_000_000 }));
afterEach(() => void vi.useRealTimers());

test.each([
  ['a clock that is a minute behind follows the server', 1_060_000, 1_060_000],
  ['a clock that is a minute ahead follows the server', 940_000, 940_000],
  ['a second of difference is the answer’s own age', 999_000, 1_000_000],
])('%s', (_, server_ms, expected) => {
  ticker.align(server_ms);
  expect(ticker.now_ms).toBe(expected);
});

test('it goes on ticking from the server’s time', () => {
  const stop = ticker.start();
  ticker.align(1_060_000);
  vi.advanceTimersByTime(5000);
  expect(ticker.now_ms).toBe(1_065_000);
  stop();
});
