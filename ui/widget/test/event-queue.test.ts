import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { backoffMs, isRetriable, retryAfterMs } from '../src/backoff';
import { createEventQueue, QUEUE_LIMITS } from '../src/event-queue';
import type { CapturedEvent } from '../src/types';
import { recordingQueue } from './helpers';

const identity = { anonymousId: 'anon', session: 'int_1' };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('the event queue', () => {
  test('keeps facts until a session exists, then sends them as that visitor', async () => {
    const { queue, sent, events } = recordingQueue();
    queue.add('track', 'overture:click', { x: 1 });
    await vi.advanceTimersByTimeAsync(10_000);
    expect(sent).toHaveLength(0);

    queue.identify(identity);
    await vi.advanceTimersByTimeAsync(QUEUE_LIMITS.flushMs);
    expect(events()).toMatchObject([
      {
        type: 'track',
        event: 'overture:click',
        anonymousId: 'anon',
        context: { overture: { session: 'int_1' } },
      },
    ]);
  });

  test('sends at 100 events without waiting, and never more in one batch', async () => {
    const { queue, sent, events } = recordingQueue();
    queue.identify(identity);
    for (let i = 0; i < 250; i += 1) queue.add('track', 'e', { i });
    await vi.advanceTimersByTimeAsync(3 * QUEUE_LIMITS.flushMs);
    const sizes = sent.map((body) => (JSON.parse(body) as { batch: unknown[] }).batch.length);
    expect(Math.max(...sizes)).toBe(100);
    expect(events().map((it) => it.properties.i)).toEqual(Array.from({ length: 250 }, (_, i) => i));
  });

  test('keeps the newest 500 when nothing can be sent', async () => {
    const { queue, events } = recordingQueue();
    for (let i = 0; i < 700; i += 1) queue.add('track', 'e', { i });
    expect(queue.size()).toBe(500);
    queue.identify(identity);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(events()[0]?.properties.i).toBe(200);
    expect(events()).toHaveLength(500);
  });

  test.each([0, 429, 500, 503])('sends the same batch again after status %i', async (status) => {
    let failures = 2;
    const { queue, sent } = recordingQueue(() => ({ status: failures-- > 0 ? status : 200 }));
    queue.identify(identity);
    queue.add('track', 'e', {});
    await vi.advanceTimersByTimeAsync(60_000);
    const ids = sent.map(
      (body) => (JSON.parse(body) as { batch: { messageId: string }[] }).batch[0]?.messageId,
    );
    expect(ids).toHaveLength(3);
    expect(new Set(ids).size).toBe(1);
    expect(queue.size()).toBe(0);
  });

  test('waits at least as long as Retry-After asks', async () => {
    let first = true;
    const { queue, sent } = recordingQueue(() => {
      const answer = first ? { status: 503, retryAfterMs: 30_000 } : { status: 200 };
      first = false;
      return answer;
    });
    queue.identify(identity);
    queue.add('track', 'e', {});
    await vi.advanceTimersByTimeAsync(QUEUE_LIMITS.flushMs);
    for (let i = 0; i < 150; i += 1) queue.add('track', 'more', {});
    await vi.advanceTimersByTimeAsync(29_000);
    expect(sent).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(sent.length).toBeGreaterThan(1);
  });

  test('drops a batch the server calls bad, and goes on with the next', async () => {
    let status = 400;
    const { queue, sent } = recordingQueue(() => ({ status }));
    queue.identify(identity);
    queue.add('track', 'bad', {});
    await vi.advanceTimersByTimeAsync(QUEUE_LIMITS.flushMs);
    status = 200;
    queue.add('track', 'good', {});
    await vi.advanceTimersByTimeAsync(QUEUE_LIMITS.flushMs);
    expect(sent).toHaveLength(2);
    expect(sent[1]).not.toContain('"bad"');
  });

  test('sends everything as the page goes, what is in flight again under its own id', async () => {
    const { queue, sent, beacons } = recordingQueue();
    queue.identify(identity);
    queue.add('track', 'first', {});
    void queue.flush();
    queue.add('track', 'second', {});
    queue.drain();
    await vi.advanceTimersByTimeAsync(0);
    expect(sent).toHaveLength(1);
    expect(beacons.join()).toContain('"second"');
    expect(beacons.join()).toContain('"first"');
    expect(queue.size()).toBe(0);
  });

  test('refuses an event larger than the server takes', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const { queue } = recordingQueue();
    queue.add('track', 'huge', { text: 'x'.repeat(QUEUE_LIMITS.eventBytes) });
    expect(queue.size()).toBe(0);
    expect(warn).toHaveBeenCalledOnce();
    warn.mockRestore();
  });

  test('after sign-out later facts wait for the next visitor', async () => {
    const { queue, beacons, sent } = recordingQueue();
    queue.identify(identity);
    queue.add('track', 'mine', {});
    queue.forget();
    queue.add('track', 'theirs', {});
    queue.identify({ anonymousId: 'other', session: 'int_2' });
    await vi.advanceTimersByTimeAsync(QUEUE_LIMITS.flushMs);
    const who = (bodies: string[]) =>
      bodies.flatMap((body) =>
        (JSON.parse(body) as { batch: CapturedEvent[] }).batch.map(
          (it) => `${it.event} of ${it.anonymousId}`,
        ),
      );
    expect(who(beacons)).toEqual(['mine of anon']);
    expect(who(sent)).toEqual(['theirs of other']);
  });
});

describe('before and without leave', () => {
  const shut = () => {
    const made: string[] = [];
    const queue = createEventQueue({
      writeKey: 'wk',
      path: () => '/page',
      send: async (body) => ({ status: made.push(body) && 200 }),
      beacon: (body) => made.push(body) > 0,
    });
    return { queue, made };
  };

  test('nothing leaves, whoever is known by then, and not as the page goes', async () => {
    const { queue, made } = shut();
    queue.add('track', 'early', {});
    queue.identify(identity);
    await vi.advanceTimersByTimeAsync(60_000);
    queue.drain();
    void queue.flush();
    expect(made).toEqual([]);
  });

  test('what came before a refusal or a wait is gone, and a later grant does not bring it back', async () => {
    const { queue, made } = shut();
    queue.add('track', 'early', {});
    queue.allow(false);
    queue.add('track', 'meanwhile', {});
    queue.identify(identity);
    queue.allow(true);
    queue.add('track', 'after', {});
    await vi.advanceTimersByTimeAsync(60_000);
    expect(made.join()).toContain('after');
    expect(made.join()).not.toMatch(/early|meanwhile/);
  });

  test('what was told before the terms goes where they allow it unasked', async () => {
    const { queue, made } = shut();
    queue.add('track', 'early', {});
    queue.identify(identity);
    queue.allow(true);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(made.join()).toContain('early');
  });
});

describe('backoff', () => {
  test.each([
    [0, 0, 500],
    [0, 1, 1_000],
    [3, 0, 4_000],
    [50, 1, 60_000],
  ])('attempt %i with chance %f waits %i ms', (attempt, chance, ms) => {
    expect(backoffMs(attempt, 1_000, 60_000, () => chance)).toBe(ms);
  });

  test.each([
    [null, undefined],
    ['7', 7_000],
    ['-3', 0],
    ['soon', undefined],
    ['Thu, 01 Jan 1970 00:01:40 GMT', 100_000],
  ])('Retry-After %s is %s ms', (header, ms) => {
    expect(retryAfterMs(header, 0)).toBe(ms);
  });

  test('only what may succeed later is tried again', () => {
    const retriable = [0, 200, 400, 401, 403, 404, 408, 409, 413, 429, 500, 501, 502, 503, 505].filter(
      isRetriable,
    );
    expect(retriable).toEqual([0, 408, 429, 500, 502, 503]);
  });
});
