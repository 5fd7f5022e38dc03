import { expect, test } from 'vitest';
import {
  difference_text,
  instead_text,
  reaches,
  stage_id,
  stage_text,
  testers_of,
  with_people,
  with_rule,
} from './rollouts';
import type { ComparedRule, Rollouts, RuleRollout } from './wire_rollouts';

const rule = (more: Partial<RuleRollout> = {}): RuleRollout => ({
  rule: 'help',
  about: '',
  kind: 'rule',
  action: 'offer',
  policy_shadow: false,
  stage: 'follow',
  audience: '',
  budget_spent: false,
  ...more,
});
const plan = (rules: RuleRollout[], more: Partial<Rollouts> = {}): Rollouts => ({
  revision: 4,
  mode: 'live',
  note: '',
  unlisted: 'live',
  testers: [{ kind: 'email', value: 'ada@example.com' }],
  rules,
  ...more,
});
const paused = { at: '2030-01-01T00:00:00Z', why: 'it annoyed' };

test.each([
  [rule(), 'live', 'Everybody', true],
  [rule(), 'shadow', 'Shadow', false],
  [rule({ stage: 'shadow' }), 'live', 'Shadow', false],
  [rule({ stage: 'test' }), 'shadow', 'Test identities', true],
  [rule({ stage: 'percent', percent: 10 }), 'shadow', '10 % of customers', true],
  [rule({ stage: 'percent', percent: 100 }), 'shadow', 'Everybody', true],
  [rule({ stage: 'percent', percent: 100, paused }), 'live', 'Paused itself', false],
  [rule({ stage: 'percent', percent: 100, policy_shadow: true }), 'live', 'Shadow, by the policy', false],
  [rule({ stage: 'percent', percent: 100, budget_spent: true }), 'live', 'Everybody', false],
] as const)('%o, others %s, says %s', (it, unlisted, text, reached) => {
  expect(stage_text(it, unlisted)).toBe(text);
  expect(reaches(it, unlisted)).toBe(reached);
});

test('one rule is changed and everything else is sent as it was', () => {
  const now = plan([
    rule({ rule: 'free' }),
    rule({ rule: 'kept', stage: 'percent', percent: 50, daily_budget: 9, audience: 'a', paused }),
    rule({ rule: 'help', stage: 'test' }),
  ]);
  const wish = { stage: '10', audience: ' b ', daily_budget: ' 20 ', resume: false };
  expect(with_rule(now, 'help', wish)).toEqual({
    base_revision: 4,
    unlisted: 'live',
    testers: now.testers,
    note: '',
    rules: [
      { rule: 'kept', stage: 'percent', percent: 50, daily_budget: 9, audience: 'a', paused: true },
      { rule: 'help', stage: 'percent', percent: 10, daily_budget: 20, audience: 'b', paused: false },
    ],
  });
  const resumed = with_rule(now, 'kept', { stage: '50', audience: '', daily_budget: '', resume: true });
  expect(resumed.rules.at(-1)).toEqual({
    rule: 'kept',
    stage: 'percent',
    percent: 50,
    audience: '',
    paused: false,
  });
  const follows = with_rule(now, 'kept', { stage: 'follow', audience: '', daily_budget: '', resume: false });
  expect(follows.rules.map((it) => it.rule)).toEqual(['help']);
});

test('test identities are read line by line', () => {
  const testers = testers_of(' ada@example.com \n\nu-1\nu-1');
  expect(testers).toEqual([
    { kind: 'email', value: 'ada@example.com' },
    { kind: 'user_id', value: 'u-1' },
  ]);
  const change = with_people(plan([rule({ stage: 'test' })]), testers, 'shadow');
  expect([change.unlisted, change.testers, change.rules.length]).toEqual(['shadow', testers, 1]);
});

test('a rule stands at its percentage or its stage', () => {
  expect(stage_id(rule({ stage: 'percent', percent: 7 }))).toBe('7');
  expect(stage_id(rule({ stage: 'test' }))).toBe('test');
});

test('what happened instead is one sentence', () => {
  const counts = { acted: 0, shown: 0, accepted: 0, dismissed: 0, opted_out: 0, ignored: 0 };
  const it: ComparedRule = {
    rule: 'help',
    would: 41,
    asked: 9,
    left: 3,
    went_on: 29,
    too_early: 0,
    reasons: {},
    examples: [],
    ...counts,
  };
  expect(instead_text(it, 30)).toBe(
    'Of 41 customers who would have been contacted, 9 asked for help themselves within 30 min, 3 left, 29 went on without help.',
  );
  expect(instead_text({ ...it, would: 0 }, 30)).toBe('Shadow kept nobody from being contacted.');
});

test.each([
  [{ what: 'help', was: null, is: '10 %' }, 'help: as the others → 10 %'],
  [{ what: 'testers', was: '', is: 'ada@example.com' }, 'Test identities: nobody → ada@example.com'],
  [{ what: 'unlisted', was: 'live', is: 'shadow' }, 'All other rules: live → shadow'],
])('a difference %o reads %s', (it, text) => expect(difference_text(it)).toBe(text));
