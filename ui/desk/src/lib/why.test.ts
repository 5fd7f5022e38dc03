import { describe, expect, test } from 'vitest';
import { lines, outcome, reading, reason_now, verdict } from './why';
import type { RulePart } from './wire_why';

const leaf = (text: string, holds: boolean | null): RulePart => ({ join: 'one', text, holds, signals: [] });

describe('why', () => {
  test('lays a condition out line by line', () => {
    const tree: RulePart = {
      join: 'all',
      text: 'a && !(b)',
      holds: null,
      parts: [leaf('a', true), { join: 'not', text: '!(b)', holds: null, parts: [leaf('b', null)] }],
    };
    expect(lines(tree).map(({ part, depth }) => `${depth} ${part.join} ${verdict(part.holds)}`)).toEqual([
      '0 all unknown',
      '1 one true',
      '1 not unknown',
      '2 one unknown',
    ]);
  });
  test('says why a value is absent, or only part of it', () => {
    expect(reading({ signal: 's', about: '', note: 'never_wrote' })).toMatch(/^absent, nothing written/);
    expect(reading({ signal: 's', about: '', value: '0', note: 'unverified' })).toMatch(/^0 \(hidden/);
    expect(reading({ signal: 's', about: '', value: '0.4' })).toBe('0.4');
  });
  test('tells reasons with their end and what was needed', () => {
    const now = Date.parse('2026-03-03T12:00:00Z');
    expect(reason_now({ code: 'cooling_down', until: '2026-03-03T12:30:00Z' }, now)).toMatch(
      /30 min.* from now/,
    );
    expect(reason_now({ code: 'identity_too_weak', needed: 'verified', had: 'anonymous' }, now)).toContain(
      'Needed: verified. There is: anonymous.',
    );
  });
  test('says what would come of it', () => {
    const rule = { rule: 'r', about: '', action: 'offer', holds: true, stage: 'open', would_act: true };
    expect(outcome(rule)).toMatch(/would offer help on the next event/);
    expect(outcome({ ...rule, would_act: false })).toMatch(/were there nothing against it/);
    expect(outcome({ ...rule, holds: false, stage: 'not_met', would_act: false })).toMatch(/does not hold/);
  });
});
