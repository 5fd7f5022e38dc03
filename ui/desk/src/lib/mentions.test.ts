import { expect, test } from 'vitest';
import { mentions_of } from './mentions';
import type { Entity, TimelineItem } from './wire';

let seq = 0;
const message = (
  text: string,
  entities: Entity[],
  author: 'customer' | 'agent' = 'customer',
): TimelineItem => ({
  kind: 'message',
  seq: (seq += 1),
  at: '2026-03-12T10:00:00Z',
  conversation: 'int_1',
  message: `msg_${seq}`,
  author,
  text,
  entities,
});
const entity = (text: string, word: string, kind: string, value?: string): Entity => {
  const start = new TextEncoder().encode(text.slice(0, text.indexOf(word))).length;
  return { start, end: start + new TextEncoder().encode(word).length, kind, ...(value ? { value } : {}) };
};

test('the newest first, in the customer’s words, each once', () => {
  const first = 'für €49.90 since 12 March, order [order:k3v7x2aq]';
  const second = 'I said 49,90 EUR on 05/03/2026!';
  const items = [
    message(first, [
      entity(first, '€49.90', 'amount', '49.90 EUR'),
      entity(first, '12 March', 'date', '--03-12'),
    ]),
    message('yours is €1', [entity('yours is €1', '€1', 'amount', '1 EUR')], 'agent'),
    message(second, [
      entity(second, '49,90 EUR', 'amount', '49.90 EUR'),
      entity(second, '05/03/2026', 'date'),
    ]),
  ];
  expect(mentions_of(items).map(({ kind, text, value }) => [kind, text, value])).toEqual([
    ['amount', '49,90 EUR', '49.90 EUR'],
    ['date', '05/03/2026', '05/03/2026'],
    ['date', '12 March', '--03-12'],
    ['hidden', 'order number', '[order:k3v7x2aq]'],
  ]);
});

test('who somebody is, is not what they speak of', () => {
  expect(
    mentions_of([message('[email:k3v7x2aq] [card] [phone:k3v7x2aq] [iban:k3v7x2aq] [ssn:k3v7x2aq]', [])]),
  ).toEqual([]);
});

test('there is an end to it', () => {
  const many = Array.from({ length: 40 }, (_, n) =>
    message(`€${n}`, [entity(`€${n}`, `€${n}`, 'amount', `${n} EUR`)]),
  );
  expect(mentions_of(many)).toHaveLength(12);
});
