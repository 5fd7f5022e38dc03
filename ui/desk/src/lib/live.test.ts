import { beforeEach, describe, expect, test } from 'vitest';
import {
  BACKOFF_MAX_MS,
  Live,
  POLL_MS,
  SILENCE_MAX_MS,
  backoff_ms,
  type Line,
  type SocketLike,
} from './live';
import type { CallPush, CallSummary, DeskState } from './wire';

class FakeSocket implements SocketLike {
  sent: unknown[] = [];
  closed = false;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: (() => void) | null = null;
  send(text: string) {
    this.sent.push(JSON.parse(text));
  }
  close() {
    this.closed = true;
  }
  push(frame: unknown) {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }
}

interface Timer {
  at_ms: number;
  run: () => void;
}

function setup() {
  const sockets: FakeSocket[] = [];
  let timers: Timer[] = [];
  let now_ms = 0;
  const world = {
    sockets,
    lines: [] as Line[],
    states: 0,
    items: [] as [string, number][],
    polls: [] as [string, number][],
    calls: [] as number[],
    pushes: [] as string[],
    reachable: true,
    last: () => sockets[sockets.length - 1]!,
    async pass(ms: number) {
      const end_ms = now_ms + ms;
      for (;;) {
        const next = timers.filter((timer) => timer.at_ms <= end_ms).sort((a, b) => a.at_ms - b.at_ms)[0];
        if (!next) break;
        timers = timers.filter((timer) => timer !== next);
        now_ms = next.at_ms;
        next.run();
        await settle();
      }
      now_ms = end_ms;
      await settle();
    },
  };
  const fail = () => Promise.reject(new Error('unreachable'));
  const live = new Live(
    {
      open: () => {
        const socket = new FakeSocket();
        sockets.push(socket);
        return socket;
      },
      poll_state: () => (world.reachable ? Promise.resolve({} as DeskState) : fail()),
      poll_timeline: (customer, after) => {
        world.polls.push([customer, after]);
        return world.reachable ? Promise.resolve({ items: [], seq: after + 1 }) : fail();
      },
      later: (ms, run) => {
        const timer = { at_ms: now_ms + ms, run };
        timers.push(timer);
        return () => (timers = timers.filter((it) => it !== timer));
      },
    },
    {
      state: () => (world.states += 1),
      timeline: (customer, _, seq) => world.items.push([customer, seq]),
      line: (line) => world.lines.push(line),
      calls: (calls: CallSummary[]) => world.calls.push(calls.length),
      call: (push: CallPush) => world.pushes.push(push.call.id),
    },
  );
  return { live, world };
}

async function settle() {
  for (let i = 0; i < 8; i += 1) await Promise.resolve();
}

describe('the live line', () => {
  let live: Live;
  let world: ReturnType<typeof setup>['world'];
  beforeEach(() => {
    ({ live, world } = setup());
    live.start();
  });

  test('says what it watches, and after which number, when it opens', () => {
    live.watch([{ customer: 'cus_1', after: 7 }]);
    world.last().onopen?.();
    expect(world.last().sent).toEqual([{ watch: ['cus_1'], after: { cus_1: 7 } }]);
    expect(world.lines.at(-1)).toBe('live');
  });

  test('delivers frames and ignores pings and noise', () => {
    world.last().onopen?.();
    world.last().push({ state: {} });
    world.last().push({ timeline: { customer: 'cus_1', items: [], seq: 9 } });
    world.last().push({ ping: true });
    world.last().onmessage?.({ data: 'not json' });
    expect(world.states).toBe(1);
    expect(world.items).toEqual([['cus_1', 9]]);
  });

  test('after a loss it continues from the last number it saw', async () => {
    live.watch([{ customer: 'cus_1', after: 7 }]);
    world.last().onopen?.();
    world.last().push({ timeline: { customer: 'cus_1', items: [], seq: 12 } });
    world.reachable = false;
    world.last().onclose?.();
    await world.pass(1000);
    expect(world.sockets.length).toBe(2);
    world.last().onopen?.();
    expect(world.last().sent).toEqual([{ watch: ['cus_1'], after: { cus_1: 12 } }]);
  });

  test('polls while the socket is away, from where each poll ended, and stops when it is back', async () => {
    live.watch([{ customer: 'cus_1', after: 7 }]);
    world.last().onclose?.();
    await settle();
    expect(world.polls).toEqual([['cus_1', 7]]);
    expect(world.lines.at(-1)).toBe('polling');
    await world.pass(POLL_MS);
    expect(world.polls.at(-1)).toEqual(['cus_1', 8]);
    world.last().onopen?.();
    const polled = world.polls.length;
    await world.pass(POLL_MS * 3);
    expect(world.polls.length).toBe(polled);
  });

  test('says offline only when reading fails too', async () => {
    world.reachable = false;
    world.last().onclose?.();
    await settle();
    expect(world.lines.at(-1)).toBe('offline');
  });

  test('a silent socket is dropped and replaced', async () => {
    world.last().onopen?.();
    const first = world.last();
    await world.pass(SILENCE_MAX_MS + 1000);
    expect(first.closed).toBe(true);
    expect(world.sockets.length).toBeGreaterThan(1);
  });

  test('a late frame of a dropped socket is not read', async () => {
    const first = world.last();
    const late = first.onmessage;
    first.onclose?.();
    late?.({ data: JSON.stringify({ state: {} }) });
    await settle();
    expect(world.states).toBe(1); // the poll, not the frame
  });

  test('a followed call is asked for anew on every new socket, until none is followed', async () => {
    world.last().onopen?.();
    live.follow('int_1');
    expect(world.last().sent.at(-1)).toEqual({ call: 'int_1' });
    world.last().onclose?.();
    await world.pass(1000);
    world.last().onopen?.();
    expect(world.last().sent.at(-1)).toEqual({ call: 'int_1' });
    live.follow('');
    expect(world.last().sent.at(-1)).toEqual({ call: '' });
    world.last().onclose?.();
    await world.pass(1000);
    world.last().onopen?.();
    expect(world.last().sent).toEqual([{ watch: [], after: {} }]);
  });

  test('live calls and what is new of one are delivered, an empty list too', () => {
    world.last().onopen?.();
    world.last().push({ calls: [{ id: 'int_1' }] });
    world.last().push({ call: { call: { id: 'int_1' } } });
    world.last().push({ calls: [] });
    expect(world.calls).toEqual([1, 0]);
    expect(world.pushes).toEqual(['int_1']);
  });

  test('stopped means stopped', async () => {
    world.last().onopen?.();
    live.stop();
    await world.pass(BACKOFF_MAX_MS * 2);
    expect(world.sockets.length).toBe(1);
    expect(world.last().closed).toBe(true);
  });
});

test('waits grow and stay within bounds', () => {
  expect(backoff_ms(1, 1)).toBe(500);
  expect(backoff_ms(2, 1)).toBe(1000);
  expect(backoff_ms(40, 1)).toBe(BACKOFF_MAX_MS);
  expect(backoff_ms(1, 0)).toBe(350);
});
