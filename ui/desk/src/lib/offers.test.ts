import { expect, test } from 'vitest';
import { type Offers, offers_text, offers_title } from './offers';

const paced: Offers = {
  mode: 'expected',
  open: 12,
  expected: 0.84,
  seats_held: 2,
  seats: 40,
  in_time: 0.873,
  level_holds: true,
  target_s: 20,
  service_level: 0.8,
};

test('the line says how many are open, expected, and how likely an answer in time is', () => {
  expect(offers_text(paced)).toBe(
    'Offers: paced · 12 open, 0.8 expected to accept · 87 % answered within 20 s',
  );
  expect(offers_text({ ...paced, mode: 'held', open: 1 })).toBe(
    'Offers: a seat each · 1 open, 2 of 40 seats held',
  );
});

test('with none open nothing is expected', () => {
  expect(offers_text({ ...paced, open: 0, expected: 0 })).toBe(
    'Offers: paced · none open · 87 % answered within 20 s',
  );
});

test('it says when no more are offered, and what the policy wants', () => {
  expect(offers_text(paced)).not.toContain('no more');
  expect(offers_text({ ...paced, in_time: 0.6, level_holds: false })).toContain(
    '60 % answered within 20 s · no more chats are offered',
  );
  expect(offers_title(paced)).toContain('the policy wants 80 %');
});
