// How rules stand with one customer, and how many a draft matches, as the server says it.

export interface RuleReason {
  code: string;
  detail?: string;
  until?: string;
  needed?: string;
  had?: string;
}

export interface RuleLine {
  rule: string;
  about: string;
  action: string;
  holds: boolean;
  stage: string;
  would_act: boolean;
  deciding?: RuleReason;
}

export interface RuleLines {
  customer: string;
  at: string;
  policy_revision: number;
  rules: RuleLine[];
}

export interface RulePart {
  join: 'one' | 'all' | 'any' | 'not';
  text: string;
  holds: boolean | null;
  signals?: string[];
  parts?: RulePart[];
}

export interface RuleSignal {
  signal: string;
  about: string;
  value?: string;
  note?: string;
  since?: string;
}

export interface RuleExplanation extends RuleLine {
  customer: string;
  at: string;
  policy_revision: number;
  dwell_left_s: number;
  condition: RulePart;
  signals: RuleSignal[];
  reasons: RuleReason[];
}

export interface DraftMatches {
  errors: unknown[];
  at?: string;
  looked_at?: number;
  is_sample?: boolean;
  within_s?: number;
  rules?: {
    id: string;
    holding: number;
    contacted: number;
    everyone: boolean;
    reasons: Record<string, number>;
    examples: { customer: string; label: string }[];
  }[];
}
