// How rules go live, and what they would have done, as the desk reads it.

export type StageName = 'follow' | 'shadow' | 'test' | 'percent';

export interface RuleRollout {
  rule: string;
  about: string;
  /** `gone`: neither the policy nor a live guide has it now. */
  kind: 'rule' | 'guide' | 'gone';
  action: string;
  policy_shadow: boolean;
  stage: StageName;
  percent?: number;
  paused?: { at: string; why: string };
  audience: string;
  daily_budget?: number;
  acted_today?: number;
  budget_spent: boolean;
  changed_by?: string;
  changed_at?: string;
}
export interface Tester {
  kind: 'email' | 'user_id';
  value: string;
}
export interface Rollouts {
  /** 0 before anything was saved. */
  revision: number;
  mode: 'shadow' | 'live';
  saved_at?: string;
  saved_by?: string;
  note: string;
  unlisted: 'live' | 'shadow';
  testers: Tester[];
  rules: RuleRollout[];
}
export interface WantedRule {
  rule: string;
  stage: Exclude<StageName, 'follow'>;
  percent?: number;
  audience: string;
  daily_budget?: number;
  paused: boolean;
}
export interface RolloutsChange {
  base_revision: number;
  unlisted: 'live' | 'shadow';
  testers: Tester[];
  rules: WantedRule[];
  note: string;
}
export interface RolloutDifference {
  what: string;
  was: string | null;
  is: string | null;
}
export interface RolloutRevision {
  revision: number;
  saved_at: string;
  saved_by: string;
  note: string;
  changed: RolloutDifference[];
}
export type Then = 'asked' | 'left' | 'went_on' | 'too_early';
export interface ComparedRule {
  rule: string;
  would: number;
  asked: number;
  left: number;
  went_on: number;
  too_early: number;
  acted: number;
  shown: number;
  accepted: number;
  dismissed: number;
  opted_out: number;
  ignored: number;
  annoyance?: number;
  reasons: Record<string, number>;
  examples: { decision: string; customer: string; customer_label: string; at: string; then: Then }[];
}
export interface Comparison {
  from: string;
  to: string;
  cut_at?: string;
  asked_within_min: number;
  left_within_min: number;
  rules: ComparedRule[];
}
