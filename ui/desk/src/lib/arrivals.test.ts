import { expect, test } from 'vitest';
import { fresh_arrivals } from './arrivals';
import type { Conversation, DeskState, Reservation } from './wire';

const talk = (rest: Partial<Conversation> = {}): Conversation => ({
  conversation: 'int_1',
  customer: 'cus_1',
  customer_label: 'Ingrid',
  channel: 'chat',
  status: 'assigned',
  agent: 'agt_me',
  started_at: '2026-11-21T09:00:00.000Z',
  last_at: '2026-11-21T09:01:00.000Z',
  unread: 0,
  undeliverable: false,
  ...rest,
});
const state = (conversations: Conversation[], reservations: string[] = []): DeskState => ({
  seq: 1,
  me: { agent: 'agt_me', name: 'Me', presence: 'available', capacity: {}, load: {} },
  reservations: reservations.map((reservation) => ({ reservation }) as Reservation),
  conversations,
  queue: [],
  agents: [],
  alerts: [],
  mode: 'live',
});
const later = '2026-11-21T09:02:00.000Z';

test.each([
  ['a new message of one’s own customer', talk(), talk({ unread: 1, last_at: later }), ['message']],
  ['nothing changed', talk({ unread: 1 }), talk({ unread: 1 }), []],
  ['one’s own reply', talk({ unread: 1 }), talk({ unread: 0, last_at: later }), []],
  [
    'another agent’s customer',
    talk({ agent: 'agt_x' }),
    talk({ agent: 'agt_x', unread: 1, last_at: later }),
    [],
  ],
])('%s', (_, before, after, expected) => {
  expect(fresh_arrivals(state([before]), state([after])).map((it) => it.type)).toEqual(expected);
});

test('a reservation is announced once, also when the desk opens on it', () => {
  expect(fresh_arrivals(null, state([], ['rsv_1']))).toHaveLength(1);
  expect(fresh_arrivals(state([], ['rsv_1']), state([], ['rsv_1']))).toHaveLength(0);
  expect(fresh_arrivals(state([], ['rsv_1']), state([], ['rsv_1', 'rsv_2']))).toHaveLength(1);
});

test('opening the desk does not announce old messages', () => {
  expect(fresh_arrivals(null, state([talk({ unread: 4 })]))).toEqual([]);
});
