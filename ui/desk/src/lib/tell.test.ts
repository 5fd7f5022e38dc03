import { expect, test } from 'vitest';
import { tell } from './tell';
import type { TimelineItem } from './wire';

const item = (rest: object) => ({ seq: 1, at: '2026-11-21T09:00:00.000Z', ...rest }) as TimelineItem;

test.each([
  [{ kind: 'page', path: '/cart' }, 'Viewed /cart'],
  [{ kind: 'behaviour', name: 'rage_click' }, 'Rage click'],
  [{ kind: 'identified', identifiers: [{ kind: 'user_id', value: 'u-1' }] }, 'Identified: user id u-1'],
  [{ kind: 'identified', identifiers: [] }, 'Identified: a known identifier'],
  [{ kind: 'offer', style: 'banner', state: 'accepted', option: 'chat' }, 'Help banner accepted: chat'],
  [
    { kind: 'decision', decision: 'dec_1', rule: 'help', outcome: 'withhold', reasons: ['shadow_mode'] },
    'Withheld: shadow mode',
  ],
  [{ kind: 'conversation', status: 'assigned', channel: 'chat', agent_name: 'Mara' }, 'Mara joined'],
  [
    { kind: 'conversation', status: 'no_agent', channel: 'callback' },
    'Callback requested while no agent was there',
  ],
  [{ kind: 'resolution', code: 'no_fix', agent_name: 'Mara' }, 'Could not be fixed, by Mara'],
  [{ kind: 'weather' }, 'Weather'],
])('%j reads as a sentence', (rest, expected) => expect(tell(item(rest)).text).toBe(expected));

test('a decision links to its trace', () => {
  const told = tell(
    item({ kind: 'decision', decision: 'dec_1', rule: 'help', outcome: 'offer', reasons: [] }),
  );
  expect(told.link?.parts).toEqual(['decisions', 'dec_1']);
});
