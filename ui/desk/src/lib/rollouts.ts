// What the plan for going live says in words, and how one change of it is asked for.

import { count, plural } from './format';
import type {
  ComparedRule,
  RolloutDifference,
  Rollouts,
  RolloutsChange,
  RuleRollout,
  Tester,
  Then,
  WantedRule,
} from './wire_rollouts';

/** The stages in the order in which a rule goes through them. */
export const STAGES = [
  {
    id: 'follow',
    label: 'As the others',
    does: 'No stage of its own: it does what is set for all other rules.',
  },
  { id: 'shadow', label: 'Shadow', does: 'It decides and records, and reaches nobody.' },
  { id: 'test', label: 'Test identities', does: 'Only the people you named see it.' },
  { id: '1', label: '1 %', does: 'One customer in a hundred, always the same ones.' },
  { id: '10', label: '10 %', does: 'Whoever was in the first percent stays in.' },
  { id: '50', label: '50 %', does: 'Every other customer.' },
  { id: '100', label: '100 %', does: 'Every customer.' },
] as const;

export type StageId = string;

/** The choice that a rule stands at: a stage's name, or its percentage. */
export function stage_id(rule: Pick<RuleRollout, 'stage' | 'percent'>): StageId {
  return rule.stage === 'percent' ? String(rule.percent ?? 100) : rule.stage;
}

/** How far a rule has gone, in few words. */
export function stage_text(rule: RuleRollout, unlisted: Rollouts['unlisted']): string {
  if (rule.policy_shadow) return 'Shadow, by the policy';
  if (rule.paused) return 'Paused itself';
  if (rule.stage === 'follow') return unlisted === 'live' ? 'Everybody' : 'Shadow';
  if (rule.stage === 'percent') return rule.percent === 100 ? 'Everybody' : `${rule.percent} % of customers`;
  return rule.stage === 'test' ? 'Test identities' : 'Shadow';
}

/** Whether anybody at all is reached while the mode is live. */
export function reaches(rule: RuleRollout, unlisted: Rollouts['unlisted']): boolean {
  if (rule.policy_shadow || rule.paused || rule.budget_spent) return false;
  return rule.stage === 'follow' ? unlisted === 'live' : rule.stage !== 'shadow';
}

export interface Wish {
  stage: StageId;
  audience: string;
  daily_budget: string;
  /** A rule that paused itself goes on. */
  resume: boolean;
}

/** The plan as it is, with one rule as it is wished. */
export function with_rule(plan: Rollouts, rule: string, wish: Wish, note = ''): RolloutsChange {
  const others = plan.rules.filter((it) => it.rule !== rule && it.stage !== 'follow').map(wanted);
  const before = plan.rules.find((it) => it.rule === rule);
  const budget = wish.daily_budget.trim();
  const own: WantedRule[] =
    wish.stage === 'follow'
      ? []
      : [
          {
            rule,
            ...stage_of(wish.stage),
            audience: wish.audience.trim(),
            ...(budget ? { daily_budget: Number(budget) } : {}),
            paused: Boolean(before?.paused) && !wish.resume,
          },
        ];
  return { ...change_of(plan, note), rules: [...others, ...own] };
}

/** The plan as it is, with other test identities and another rule for the others. */
export function with_people(
  plan: Rollouts,
  testers: Tester[],
  unlisted: Rollouts['unlisted'],
): RolloutsChange {
  return { ...change_of(plan, ''), testers, unlisted };
}

function change_of(plan: Rollouts, note: string): RolloutsChange {
  return {
    base_revision: plan.revision,
    unlisted: plan.unlisted,
    testers: plan.testers,
    rules: plan.rules.filter((it) => it.stage !== 'follow').map(wanted),
    note,
  };
}

function wanted(it: RuleRollout): WantedRule {
  return {
    rule: it.rule,
    ...stage_of(stage_id(it)),
    audience: it.audience,
    ...(it.daily_budget === undefined ? {} : { daily_budget: it.daily_budget }),
    paused: Boolean(it.paused),
  };
}

function stage_of(id: StageId): Pick<WantedRule, 'stage' | 'percent'> {
  return id === 'shadow' || id === 'test' ? { stage: id } : { stage: 'percent', percent: Number(id) };
}

/** One identity a line: what has an @ is an address, everything else a user id. */
export function testers_of(text: string): Tester[] {
  const lines = text.split('\n').map((line) => line.trim());
  return [...new Set(lines)].filter(Boolean).map((value) => ({
    kind: value.includes('@') ? 'email' : 'user_id',
    value,
  }));
}

/** What happened to those who would have been contacted, as one sentence. */
export function instead_text(it: ComparedRule, asked_min: number): string {
  if (it.would === 0) return 'Shadow kept nobody from being contacted.';
  const parts = [
    it.asked > 0 && `${count(it.asked)} asked for help themselves within ${asked_min} min`,
    it.left > 0 && `${count(it.left)} left`,
    it.went_on > 0 && `${count(it.went_on)} went on without help`,
    it.too_early > 0 && `of ${count(it.too_early)} it is too early to tell`,
  ].filter(Boolean);
  return `Of ${plural(it.would, 'customer')} who would have been contacted, ${parts.join(', ')}.`;
}

export const THEN: Record<Then, string> = {
  asked: 'asked for help',
  left: 'left',
  went_on: 'went on',
  too_early: 'too early to tell',
};

/** One difference between two plans, in words. */
export function difference_text(it: RolloutDifference): string {
  const name =
    it.what === 'unlisted' ? 'All other rules' : it.what === 'testers' ? 'Test identities' : it.what;
  const side = (text: string | null) => text || (it.what === 'testers' ? 'nobody' : 'as the others');
  return `${name}: ${side(it.was)} → ${side(it.is)}`;
}
