import { describe, expect, test } from 'vitest';
import { last_readings, merge_items, noise_summary, settle_pending, to_rows } from './timeline';
import { about_of } from './issues.svelte';
import type { MoodItem, TimelineItem } from './wire';

const DAY = new Date(2026, 10, 21, 9).getTime();
const at = (seconds: number) => new Date(DAY + seconds * 1000).toISOString();
const page = (seq: number, path = '/'): TimelineItem => ({ seq, at: at(seq), kind: 'page', path });
const message = (seq: number, author: 'customer' | 'agent', seconds = seq): TimelineItem => ({
  seq,
  at: at(seconds),
  kind: 'message',
  conversation: 'int_1',
  message: `msg_${seq}`,
  author,
  text: `text ${seq}`,
});
const signal = (seq: number, name: string): TimelineItem => ({ seq, at: at(seq), kind: 'behaviour', name });
const offer = (seq: number, state: 'shown' | 'ignored', id = 'off_1'): TimelineItem => ({
  seq,
  at: at(seq),
  kind: 'offer',
  offer: id,
  style: 'banner',
  state,
});
const mood = (seq: number, of: { message: string } | { event: string }): TimelineItem => ({
  seq,
  at: at(seq),
  kind: 'mood',
  ...of,
  sentiment: { score: -0.7, intensity: 0.7, confidence: 0.9, label: 'negative' },
  emotions: {},
  sarcasm: 0,
  urgency: 0,
  evidence: [],
  tier: 0,
  model: 'text-1',
  average: -0.7,
  trend: 0,
  repeated_negatives: false,
});
const types = (items: TimelineItem[]) => to_rows(items).map((row) => row.type);

describe('merging what was read with what was pushed', () => {
  test.each([
    ['newer items follow', [1, 2], [3, 4], [1, 2, 3, 4]],
    ['older items go first', [3, 4], [1, 2], [1, 2, 3, 4]],
    ['the same item twice is one', [1, 2, 3], [2, 3, 4], [1, 2, 3, 4]],
    ['an unsorted push is sorted', [1], [3, 2], [1, 2, 3]],
    ['nothing changes nothing', [1], [], [1]],
  ])('%s', (_, known, arrived, expected) => {
    const merged = merge_items(
      known.map((seq) => page(seq)),
      arrived.map((seq) => page(seq)),
    );
    expect(merged.map((item) => item.seq)).toEqual(expected);
  });
  test('the newer copy of an item wins', () => {
    expect(merge_items([page(1, '/old')], [page(1, '/new')])).toEqual([page(1, '/new')]);
  });
});

describe('rows', () => {
  test('a call is one row where it began, whatever was said and done meanwhile', () => {
    const call = (seq: number, change: string, id = 'int_9') =>
      ({ seq, at: at(seq), kind: 'call', call: id, change, via: 'twilio' }) as TimelineItem;
    const said = (seq: number, text: string | null) =>
      ({ seq, at: at(seq), kind: 'utterance', call: 'int_9', text }) as TimelineItem;
    const rows = to_rows([
      page(1),
      call(2, 'began'),
      said(3, 'Hello'),
      page(4),
      said(5, null),
      call(6, 'ended'),
      call(7, 'began', 'int_10'),
      message(8, 'customer'),
    ]);
    expect(rows.map((row) => row.type)).toEqual(['day', 'event', 'call', 'event', 'call', 'message']);
    expect(rows[2]).toMatchObject({
      call: 'int_9',
      changes: [{ seq: 2 }, { seq: 6 }],
      said: [{ seq: 3 }, { seq: 5 }],
    });
  });
  test('a few quiet events stay, many fold', () => {
    expect(types([page(1), page(2)])).toEqual(['day', 'event', 'event']);
    expect(types([page(1), page(2), page(3)])).toEqual(['day', 'noise']);
  });
  test('a refused authorization is never folded away', () => {
    const grant = (seq: number, state: string): TimelineItem => ({
      seq,
      at: at(seq),
      kind: 'grant',
      grant: 'grt_1',
      state,
    });
    expect(types([grant(1, 'issued'), grant(2, 'held'), grant(3, 'connected')])).toEqual(['day', 'noise']);
    expect(types([grant(1, 'issued'), grant(2, 'denied'), grant(3, 'issued')])).toEqual([
      'day',
      'event',
      'event',
      'event',
    ]);
  });
  test('a message ends a quiet run', () => {
    const items = [page(1), page(2), page(3), message(4, 'customer'), page(5)];
    expect(types(items)).toEqual(['day', 'noise', 'message', 'event']);
  });
  test('within a run each kind of struggle is one row that counts; a page ends the run', () => {
    const names = ['form_error', 'failed_submit', 'form_error'];
    const items = [...names.map((name, n) => signal(n + 1, name)), page(4), signal(5, 'form_error')];
    const counts = to_rows(items).map((row) => (row.type === 'signal' ? row.items.length : row.type));
    expect(counts).toEqual(['day', 2, 1, 'event', 1]);
  });
  test('an offer is one row that ends in its last state', () => {
    const rows = to_rows([offer(1, 'shown'), message(2, 'customer'), offer(3, 'ignored')]);
    expect(rows.map((row) => row.type)).toEqual(['day', 'offer', 'message']);
    const row = rows[1];
    expect(row?.type === 'offer' && [row.item.state, row.trail.length]).toEqual(['ignored', 2]);
  });
  test('one author in short order reads as one run', () => {
    const items = [
      message(1, 'customer'),
      message(2, 'customer'),
      message(3, 'agent'),
      message(4, 'agent', 900),
    ];
    const starts = to_rows(items).flatMap((row) => (row.type === 'message' ? [row.starts_run] : []));
    expect(starts).toEqual([true, false, true, true]);
  });
  test('what a message says is told with it and breaks no run', () => {
    const items = [message(1, 'customer'), mood(2, { message: 'msg_1' }), message(3, 'customer')];
    const told = to_rows(items).map((row) =>
      row.type === 'message' ? [row.starts_run, row.mood?.seq] : row.type,
    );
    expect(told).toEqual(['day', [true, 2], [false, undefined]]);
  });
  test('what staff says a message is stands with the message, the last word', () => {
    const said = (seq: number, sentiment: 'negative' | 'neutral'): TimelineItem => ({
      seq,
      at: at(seq),
      kind: 'labelled',
      row: 1,
      sentiment,
    });
    const items = [
      message(1, 'customer'),
      mood(2, { message: 'msg_1' }),
      said(3, 'neutral'),
      said(4, 'negative'),
    ];
    const told = to_rows(items).map((row) => (row.type === 'message' ? row.labelled?.sentiment : row.type));
    expect(told).toEqual(['day', 'negative']);
  });
  test('what a message is about, as read and as staff says, stands with the message', () => {
    const read: TimelineItem = {
      seq: 2,
      at: at(2),
      kind: 'issue',
      message: 'msg_1',
      label: 'delivery',
      p: 0.8,
      model: 'own',
    };
    const said = (seq: number, label?: string): TimelineItem => ({
      seq,
      at: at(seq),
      kind: 'labelled_issue',
      row: 1,
      ...(label ? { label } : {}),
    });
    const told = (items: TimelineItem[]) =>
      to_rows([message(1, 'customer'), ...items]).map((row) =>
        row.type === 'message' ? [row.issue?.label, about_of(row.issue, row.labelled_issue)] : row.type,
      );
    expect(told([])).toEqual(['day', [undefined, undefined]]);
    expect(told([read])).toEqual(['day', ['delivery', 'delivery']]);
    expect(told([read, said(3), said(4, 'refund')])).toEqual(['day', ['delivery', 'refund']]);
    expect(told([read, said(3, 'refund'), said(4)])).toEqual(['day', ['delivery', null]]);
    const unknown: TimelineItem = {
      seq: 2,
      at: at(2),
      kind: 'issue',
      message: 'msg_1',
      p: 0.7,
      model: 'own',
    };
    expect(told([unknown])).toEqual(['day', [undefined, null]]);
  });
  test('what an event is about is a row, where it is about something', () => {
    const read = (label?: string): TimelineItem => ({
      seq: 2,
      at: at(2),
      kind: 'issue',
      event: 'Feedback Submitted',
      ...(label ? { label } : {}),
      p: 0.8,
      model: 'own',
    });
    expect(types([page(1), read('refund')])).toEqual(['day', 'event', 'event']);
    expect(types([page(1), read()])).toEqual(['day', 'event']);
  });
  test('a text that was read anew is told once, as it was read last', () => {
    const said: TimelineItem = { seq: 1, at: at(1), kind: 'custom', name: 'Feedback Submitted' };
    const anew = (
      seq: number,
      replaces: number,
      of: { message: string } | { event: string },
    ): TimelineItem => ({
      ...(mood(seq, of) as MoodItem),
      tier: 1,
      replaces,
    });
    const items = [
      said,
      mood(2, { event: said.name }),
      message(3, 'customer'),
      mood(4, { message: 'msg_3' }),
    ];
    const read = [...items, anew(5, 4, { message: 'msg_3' }), anew(6, 2, { event: said.name })];
    const told = last_readings(read);
    expect(told.map((item) => [item.seq, 'tier' in item ? item.tier : undefined])).toEqual([
      [1, undefined],
      [2, 1],
      [3, undefined],
      [4, 1],
    ]);
    expect(types(told)).toEqual(types(items));
    // The first reading is on an older page: the last one stands where it came.
    expect(last_readings(read.slice(4)).map((item) => item.seq)).toEqual([5, 6]);
    expect(last_readings(items)).toBe(items);
  });
  test('what a message of an earlier page says waits for it', () => {
    const late = mood(2, { message: 'msg_1' });
    expect(types([late])).toEqual([]);
    expect(types(merge_items([late], [message(1, 'customer')]))).toEqual(['day', 'message']);
  });
  test('what an event says is a row of its own', () => {
    expect(types([page(1), mood(2, { event: 'Feedback Submitted' })])).toEqual(['day', 'event', 'event']);
  });
  test('an event and what it says are one row', () => {
    const custom = (seq: number, name: string): TimelineItem => ({ seq, at: at(seq), kind: 'custom', name });
    const said = mood(2, { event: 'Feedback Submitted' });
    expect(types([custom(1, 'Feedback Submitted'), said])).toEqual(['day', 'event']);
    expect(types([custom(1, 'Order Placed'), said])).toEqual(['day', 'event', 'event']);
  });
  test('a new day gets its separator', () => {
    expect(types([page(1), { ...page(2), at: at(86_400) }])).toEqual(['day', 'event', 'day', 'event']);
  });
  test('keys are unique', () => {
    const items = [
      page(1),
      page(2),
      page(3),
      signal(4, 'a'),
      offer(5, 'shown'),
      message(6, 'agent'),
      offer(7, 'ignored'),
    ];
    const keys = to_rows(items, [{ client_key: 'k', conversation: 'int_1', text: 'x', at: at(8) }]).map(
      (row) => row.key,
    );
    expect(new Set(keys).size).toBe(keys.length);
  });
  test('an unknown kind is kept as an event', () => {
    expect(types([{ seq: 1, at: at(1), kind: 'weather' } as unknown as TimelineItem])).toEqual([
      'day',
      'event',
    ]);
  });
});

test('a pending message leaves when the server tells it back', () => {
  const waiting = [
    { client_key: 'one', conversation: 'int_1', text: 'a', at: at(1) },
    { client_key: 'two', conversation: 'int_1', text: 'b', at: at(2) },
  ];
  const told = { ...message(9, 'agent'), client_key: 'one' } as TimelineItem;
  expect(settle_pending(waiting, [told]).map((it) => it.client_key)).toEqual(['two']);
});

test('a fold says what is in it', () => {
  expect(
    noise_summary([page(1), page(2, '/cart'), { seq: 3, at: at(3), kind: 'custom', name: 'added' }]),
  ).toBe('2 pages and 1 other event, last /cart');
});
