// What the server says of a draft policy tried on the recorded history.

export type ReplayAs = 'live' | 'shadow' | 'recorded';

export interface ReplayAsked {
  toml: string;
  from: string;
  to: string;
  as: ReplayAs;
  time_zone: string;
  handle_minutes: number;
  cost_per_minute: number;
}

export interface ReplaySide {
  decisions: number;
  contacts: number;
  customers: number;
  alerts: number;
  withheld: number;
}

export interface ReplayRule {
  rule: string;
  happened: ReplaySide;
  draft: ReplaySide;
}

export interface ReplayNamed {
  name: string;
  happened: number;
  draft: number;
}

export interface ReplayHour {
  hour: number;
  happened: number;
  draft: number;
}

export interface ReplayDecided {
  decision?: string;
  at: string;
  rule: string;
  what: 'contact' | 'alert' | 'withhold';
  detail: string;
}

export interface ReplayDifference {
  kind: 'only_then' | 'only_draft' | 'changed';
  customer: string;
  rule: string;
  happened?: ReplayDecided;
  draft?: ReplayDecided;
}

export interface ReplayReport {
  exact: boolean;
  why: string[];
  from: string;
  to: string;
  as: ReplayAs;
  log_from: string;
  log_is_whole: boolean;
  events: number;
  customers: number;
  left_out: number;
  took_ms: number;
  happened: ReplaySide;
  draft: ReplaySide;
  rules: ReplayRule[];
  channels: ReplayNamed[];
  reasons: ReplayNamed[];
  hours: ReplayHour[];
  time_zone: string;
  customers_examples: { customer: string; happened: number; draft: number }[];
  differences: {
    total: number;
    only_then: number;
    only_draft: number;
    changed: number;
    shown: ReplayDifference[];
  };
  cost: { handle_minutes: number; per_minute: number; happened: number; draft: number };
}

export interface ReplayState {
  state: 'idle' | 'running' | 'done' | 'failed' | 'cancelled';
  number?: number;
  from?: string;
  to?: string;
  as?: ReplayAs;
  started_at?: string;
  started_by?: string;
  events: number;
  share: number;
  problem?: string;
  result?: ReplayReport;
}
