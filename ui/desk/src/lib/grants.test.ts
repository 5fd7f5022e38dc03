import { describe, expect, it } from 'vitest';
import { channels, tell_step, uses } from './grants';
import type { GrantStep } from './wire_grants';

describe('contact authorizations', () => {
  it('says how much is used', () => {
    expect(uses({ used: 0, held: 0, limit: 1 })).toBe('0 of 1 used');
    expect(uses({ used: 1, held: 1, limit: 3 })).toBe('1 of 3 used, 1 under way');
  });

  it('names its channels, and says so where it has every one', () => {
    expect(channels({ channels: [] })).toBe('Every channel');
    expect(channels({ channels: ['chat', 'callback'] })).toBe('Chat, callback');
  });

  const at = '2026-05-01T10:00:00Z';
  const ledger = { partition: 3, row: 7 };
  it.each<[GrantStep, string]>([
    [{ at, kind: 'change', change: 'issued', limit: 1, ledger }, 'Issued for one contact'],
    [{ at, kind: 'change', change: 'issued', limit: 4, ledger }, 'Issued for 4 contacts'],
    [
      { at, kind: 'change', change: 'denied', detail: 'exhausted', ledger },
      'A use was refused: every contact was used already',
    ],
    [
      { at, kind: 'change', change: 'boosted', boost: 1, ledger },
      'A rule raised it: one contact more than it was issued for',
    ],
    [{ at, kind: 'change', change: 'decayed', boost: 0, ledger }, 'What was added has worn off'],
    [{ at, kind: 'change', change: 'denied', detail: 'too_odd', ledger }, 'A use was refused: Too odd'],
    [
      { at, kind: 'decision', decision: 'dec_1', rule: 'struggle-offer' },
      'The rule “Struggle offer” decided to offer contact',
    ],
    [
      { at, kind: 'offer', offer: 'ofr_1', rule: 'r', state: 'accepted', option: 'chat' },
      'The offer that carried it was accepted: chat',
    ],
    [
      {
        at,
        kind: 'conversation',
        conversation: 'int_1',
        channel: 'chat',
        status: 'ended',
        agent_name: 'Ada',
        code: 'solved',
      },
      'It led to a chat with Ada (ended, ended: solved)',
    ],
  ])('tells %j', (step, text) => expect(tell_step(step).text).toBe(text));
});
