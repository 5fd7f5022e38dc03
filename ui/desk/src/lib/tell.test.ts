import { expect, test } from 'vitest';
import { tell } from './tell';
import type { TimelineItem } from './wire';

const item = (rest: object) => ({ seq: 1, at: '2026-11-21T09:00:00.000Z', ...rest }) as TimelineItem;

test.each([
  [{ kind: 'page', path: '/cart' }, 'Viewed /cart'],
  [{ kind: 'behaviour', name: 'rage_click' }, 'Rage click'],
  [{ kind: 'identified', identifiers: [{ kind: 'user_id', value: 'u-1' }] }, 'Identified: user id u-1'],
  [{ kind: 'consent', purpose: 'contact', granted: false, by: 'gpc' }, 'Refused offers of help'],
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
  [
    {
      kind: 'mood',
      event: 'Feedback Submitted',
      sentiment: { score: -0.71, label: 'negative', confidence: 0.9 },
    },
    'Feedback Submitted: negative −0.7',
  ],
  [
    { kind: 'issue', event: 'Feedback Submitted', label: 'refund', p: 0.914 },
    'Feedback Submitted: about refund, 91 %',
  ],
  [{ kind: 'issue', message: 'msg_1', p: 0.7 }, 'Message: about none of your issues, 70 %'],
  [
    { kind: 'labelled_issue', row: 1, agent_name: 'Mara', label: 'refund' },
    'Mara said that a message is about refund',
  ],
  [{ kind: 'labelled_issue', row: 1 }, 'Somebody said that a message is about none of your issues'],
  [{ kind: 'resolution', code: 'no_fix', agent_name: 'Mara' }, 'Could not be fixed, by Mara'],
  [
    { kind: 'mail_failed', failure: 'refused', detail: 'answered 550' },
    'An e-mail to the customer was refused',
  ],
  [{ kind: 'pause', state: 'started', path: '/checkout' }, 'Smart Pause on /checkout'],
  [
    { kind: 'pause', state: 'resumed', path: '/checkout', exact: true, how: 'escape', lasted_s: 41 },
    'Went on after 41 s exactly where they were',
  ],
  [{ kind: 'pause', state: 'failed', path: '/a', why: 'no_answer' }, 'Smart Pause on /a failed'],
  [{ kind: 'article', what: 'opened', title: 'Refunds' }, 'Opened the answer “Refunds”'],
  [{ kind: 'article', what: 'rated', title: 'Refunds', helpful: false }, 'Said that “Refunds” did not help'],
  [{ kind: 'article', what: 'searched', words: 'money', found: 0 }, 'Searched the answers for “money”'],
  [{ kind: 'article', what: 'still_needed', title: 'Refunds' }, 'Still needed help after “Refunds”'],
  [{ kind: 'call', call: 'int_1', change: 'began', via: 'twilio' }, 'Call began'],
  [{ kind: 'call', call: 'int_1', change: 'alert', via: 'twilio' }, 'Sounded upset on the phone'],
  [{ kind: 'call', call: 'int_1', change: 'ended', via: 'twilio', seconds: 133.4 }, 'Call ended after 2:13'],
  [{ kind: 'call', call: 'int_1', change: 'ended', via: 'twilio' }, 'Call ended'],
  [{ kind: 'utterance', call: 'int_1', text: 'My lamp is broken' }, 'Said “My lamp is broken”'],
  [{ kind: 'utterance', call: 'int_1', text: null }, 'Said something'],
  [{ kind: 'weather' }, 'Weather'],
])('%j reads as a sentence', (rest, expected) => expect(tell(item(rest)).text).toBe(expected));

test('a call says how it came or why it is not analysed, and links to its page', () => {
  const call = { kind: 'call', call: 'int_1', change: 'began', via: 'twilio' };
  expect(tell(item(call))).toMatchObject({ detail: 'Twilio', link: { parts: ['calls', 'int_1'] } });
  expect(tell(item({ ...call, not_analysed: 'opted_out' })).detail).toBe(
    'Not analysed: The customer opted out of analysis.',
  );
});

test('a decision links to its trace', () => {
  const told = tell(
    item({ kind: 'decision', decision: 'dec_1', rule: 'help', outcome: 'offer', reasons: [] }),
  );
  expect(told.link?.parts).toEqual(['decisions', 'dec_1']);
});
