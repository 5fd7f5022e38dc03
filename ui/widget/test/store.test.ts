import { describe, expect, test } from 'vitest';
import { applyItems, applyLive, closeOffer } from '../src/rules';
import { emptyState, type State } from '../src/store';
import type { CallbackItem, ConversationItem, FeedItem, MessageItem, OfferItem } from '../src/types';

const at = '2026-01-01T00:00:00.000Z';
const offer = (seq: number, id: string): OfferItem => ({
  kind: 'offer',
  seq,
  at,
  offer: id,
  style: 'banner',
  title: 't',
  text: 'x',
  why: 'w',
  options: [],
  expires_at: '2026-01-01T00:10:00.000Z',
});
const conversation = (
  seq: number,
  id: string,
  status: ConversationItem['status'] = 'queued',
): ConversationItem => ({
  kind: 'conversation',
  seq,
  at,
  conversation: id,
  status,
  channel: 'chat',
});
const message = (seq: number, id: string, more: Partial<MessageItem> = {}): MessageItem => ({
  kind: 'message',
  seq,
  at,
  conversation: 'int_1',
  message: id,
  author: 'agent',
  text: id,
  ...more,
});

const apply = (items: FeedItem[], from: State = emptyState(), nowMs = 0): State =>
  applyItems(from, items, items.at(-1)?.seq ?? from.seq, nowMs);

describe('the feed', () => {
  test('applied twice, or from the middle again, changes nothing', () => {
    const items = [conversation(1, 'int_1'), message(2, 'm1'), offer(3, 'off_1'), message(4, 'm2')];
    const once = apply(items);
    expect(apply(items, once)).toEqual(once);
    expect(apply(items.slice(1, 3), once)).toEqual(once);
  });

  test('messages stand in their order whatever order they came in', () => {
    const state = apply([message(5, 'c'), message(3, 'a'), message(4, 'b')]);
    expect(state.messages.map((it) => it.message)).toEqual(['a', 'b', 'c']);
  });

  test('a confirmed message takes the place of the one that waited', () => {
    const waiting = { ...emptyState(), pending: [{ clientKey: 'k', text: 'hi', failed: false }] };
    const state = apply([message(1, 'm', { author: 'customer', client_key: 'k' })], waiting);
    expect(state.pending).toEqual([]);
    expect(state.messages).toHaveLength(1);
    expect(state.unread).toBe(0);
  });

  test('only words of an agent are unread', () => {
    const state = apply([
      message(1, 'a'),
      message(2, 'b', { author: 'system' }),
      message(3, 'c', { author: 'customer' }),
    ]);
    expect(state.unread).toBe(1);
  });

  test('an older state of a conversation does not undo a newer one', () => {
    const state = apply([conversation(5, 'int_1', 'assigned'), conversation(3, 'int_1', 'queued')]);
    expect(state.conversation?.status).toBe('assigned');
  });

  test('a callback that is tried again later is with nobody until then', () => {
    const called = conversation(1, 'int_1', 'assigned');
    const later = (seq: number, notice: CallbackItem['notice']): CallbackItem => ({
      kind: 'callback',
      seq,
      at,
      conversation: 'int_1',
      notice,
      ended: false,
      text: 'x',
      due_at: at,
      number_hint: '101',
      attempts: 1,
    });
    expect(apply([called, later(2, 'retry')]).conversation).toBeNull();
    expect(apply([called, later(2, 'late')]).conversation).toEqual(called);
    const due = conversation(3, 'int_1', 'queued');
    expect(apply([called, later(2, 'retry'), due, later(2, 'retry')]).conversation).toEqual(due);
  });

  test('another conversation starts with no messages of the one before', () => {
    const state = apply([conversation(1, 'int_1'), message(2, 'm'), conversation(3, 'int_2')]);
    expect(state.messages).toEqual([]);
  });

  test('a withdrawn offer is gone, and a replay does not bring it back', () => {
    const withdrawn: FeedItem = { kind: 'offer_withdrawn', seq: 2, at, offer: 'off_1' };
    const state = apply([offer(1, 'off_1'), withdrawn]);
    expect(state.offer).toBeNull();
    expect(apply([offer(1, 'off_1')], state).offer).toBeNull();
    expect(apply([offer(3, 'off_2')], state).offer?.offer).toBe('off_2');
  });

  test('the same offer again says what is left of it, and is still the one that was seen', () => {
    const seen = apply([offer(1, 'off_1')]);
    const state = { ...seen, offer: { ...seen.offer!, shown: true } };
    const left = { ...offer(4, 'off_1'), options: [{ kind: 'faq' as const, label: 'View FAQs' }] };
    const later = apply([left], state, 5_000);
    expect(later.offer).toMatchObject({ seq: 4, shown: true, deadlineMs: state.offer.deadlineMs });
    expect(later.offer?.options.map(({ kind }) => kind)).toEqual(['faq']);
    expect(apply([offer(1, 'off_1')], later).offer).toEqual(later.offer);
  });

  test('withdrawing another offer leaves the live one', () => {
    expect(closeOffer(apply([offer(1, 'off_1')]), 'off_0').offer?.offer).toBe('off_1');
  });

  test('an offer ends after its length on this clock, however wrong the clock is', () => {
    const yearLater = Date.parse('2027-01-01T00:00:00.000Z');
    expect(apply([offer(1, 'off_1')], emptyState(), yearLater).offer?.deadlineMs).toBe(yearLater + 600_000);
  });

  test('an unknown kind is passed over', () => {
    const odd = { kind: 'hologram', seq: 9, at } as unknown as FeedItem;
    expect(apply([odd])).toEqual({ ...emptyState(), seq: 9 });
  });

  test('a new session forgets what is over and keeps own unsent words', () => {
    const before = {
      ...apply([conversation(1, 'int_1'), message(2, 'm'), offer(3, 'off_1')]),
      pending: [{ clientKey: 'k', text: 'hi', failed: false }],
      draft: 'more',
    };
    const state = applyLive(before, [], 1, 0);
    expect(state).toMatchObject({ seq: 1, offer: null, conversation: null, messages: [], draft: 'more' });
    expect(state.pending).toHaveLength(1);
  });
});
