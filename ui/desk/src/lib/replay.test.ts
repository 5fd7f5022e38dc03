import { describe, expect, it } from 'vitest';
import { change, decided, ends_of } from './replay';

const NOW = Date.parse('2026-11-30T12:00:00Z');

describe('the stretch that is tried', () => {
  it('ends now for the ready ones', () => {
    expect(ends_of('7d', { from: '', to: '' }, NOW)).toEqual({
      from: '2026-11-23T12:00:00.000Z',
      to: '2026-11-30T12:00:00.000Z',
    });
  });
  it('says what is wrong with ends of one’s own', () => {
    expect(ends_of('own', { from: '', to: '2026-11-30T12:00' }, NOW)).toEqual({
      problem: 'Say when it begins.',
    });
    expect(ends_of('own', { from: '2026-11-30T12:00', to: '' }, NOW)).toEqual({
      problem: 'Say when it ends.',
    });
    expect(ends_of('own', { from: '2026-11-30T12:00', to: '2026-11-30T12:00' }, NOW)).toEqual({
      problem: 'It has to begin before it ends.',
    });
  });
});

it('shows a change with its sign', () => {
  expect([change(1, 4), change(4, 1), change(2, 2)]).toEqual(['+3', '\u22123', '0']);
});

it('says what a decision came to', () => {
  const at = '2026-11-30T12:00:00Z';
  expect(decided(undefined)).toBe('Nothing');
  expect(decided({ at, rule: 'r', what: 'contact', detail: 'banner' })).toBe('Offered help');
  expect(decided({ at, rule: 'r', what: 'withhold', detail: 'frequency_cap' })).toBe(
    'Left alone: Contact limit',
  );
});
