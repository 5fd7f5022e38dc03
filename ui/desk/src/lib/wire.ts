// The server's wire types, as the desk reads them. Optional fields may be absent; unknown fields are ignored.

export type Role = 'admin' | 'supervisor' | 'agent' | 'analyst';
export type Presence = 'available' | 'busy' | 'away' | 'offline';
export type Channel = 'chat' | 'callback';
export type Mode = 'shadow' | 'live';
export type NeedLevel = 'low' | 'medium' | 'high';

export interface Me {
  agent: string;
  name: string;
  email: string;
  role: Role;
  csrf: string;
  /** True until the printed one-time password has been replaced. */
  must_change_password?: boolean;
}

export type Load = Partial<Record<Channel, number>>;

export interface Reservation {
  reservation: string;
  request: string;
  conversation: string;
  customer: string;
  customer_label: string;
  channel: Channel;
  queue: string;
  skill?: string;
  language?: string;
  waited_s: number;
  expires_at: string;
  why: string;
}

export type ConversationStatus = 'queued' | 'assigned' | 'ended' | 'no_agent';

export interface Conversation {
  conversation: string;
  customer: string;
  customer_label: string;
  channel: Channel;
  status: ConversationStatus;
  agent?: string;
  agent_name?: string;
  started_at: string;
  last_message?: string;
  last_at: string;
  unread: number;
  phone?: string;
}

export interface QueueEntry {
  request: string;
  conversation: string;
  customer: string;
  customer_label: string;
  channel: Channel;
  waited_s: number;
  skill?: string;
  language?: string;
  priority: number;
}

export interface AgentPresence {
  agent: string;
  name: string;
  presence: Presence;
  load: Load;
}

export interface Alert {
  id: string;
  at: string;
  customer: string;
  text: string;
}

export interface DeskState {
  seq: number;
  me: { agent: string; name: string; presence: Presence; capacity: Load; load: Load };
  reservations: Reservation[];
  conversations: Conversation[];
  queue: QueueEntry[];
  agents: AgentPresence[];
  alerts: Alert[];
  mode: Mode;
}

export interface CustomerRow {
  customer: string;
  label: string;
  last_seen?: string;
  need?: number;
  level?: NeedLevel;
}

interface ItemBase {
  seq: number;
  at: string;
}
export interface PageItem extends ItemBase {
  kind: 'page';
  path: string;
  title?: string;
}
export interface BehaviourItem extends ItemBase {
  kind: 'behaviour';
  name: string;
  detail?: unknown;
}
export interface IdentifiedItem extends ItemBase {
  kind: 'identified';
  identifiers: (string | { kind: string; value: string })[];
}
export type OfferState =
  'eligible' | 'shown' | 'accepted' | 'dismissed' | 'ignored' | 'withdrawn' | 'expired';
export interface OfferItem extends ItemBase {
  kind: 'offer';
  offer: string;
  style: 'prompt' | 'banner';
  rule?: string;
  state: OfferState;
  option?: string;
}
export interface DecisionItem extends ItemBase {
  kind: 'decision';
  decision: string;
  rule: string;
  outcome: Outcome;
  reasons: (string | Reason)[];
}
export interface ConversationItem extends ItemBase {
  kind: 'conversation';
  conversation: string;
  status: ConversationStatus;
  channel: Channel;
  agent?: string;
  agent_name?: string;
}
export interface MessageItem extends ItemBase {
  kind: 'message';
  conversation: string;
  message: string;
  author: 'customer' | 'agent' | 'system';
  author_name?: string;
  text: string;
  client_key?: string;
}
export interface ResolutionItem extends ItemBase {
  kind: 'resolution';
  conversation: string;
  code: string;
  notes?: string;
  agent_name?: string;
}
export interface GrantItem extends ItemBase {
  kind: 'grant';
  grant: string;
  state: string;
  detail?: string;
}
export interface MergeItem extends ItemBase {
  kind: 'merge';
  other: string;
}
export interface CustomItem extends ItemBase {
  kind: 'custom';
  name: string;
}
export type TimelineItem =
  | PageItem
  | BehaviourItem
  | IdentifiedItem
  | OfferItem
  | DecisionItem
  | ConversationItem
  | MessageItem
  | ResolutionItem
  | GrantItem
  | MergeItem
  | CustomItem;

export interface TimelinePage {
  items: TimelineItem[];
  seq: number;
  more: boolean;
}

export interface Contribution {
  factor: string;
  label: string;
  value: number;
  weight: number;
  contribution: number;
}

export interface CustomerContext {
  customer: string;
  label: string;
  identifiers: { kind: string; value: string; verified: boolean }[];
  traits: Record<string, unknown>;
  page?: { path: string; since: string };
  visits: number;
  past_requests: number;
  engagement: {
    score: number;
    level: NeedLevel;
    contributions: Contribution[];
    model: string;
    /** Where medium and high begin, so that the gauge can mark them. */
    thresholds?: { medium: number; high: number };
  };
  grant?: { grant: string; used: number; held: number; limit: number; expires_at: string };
  permission: { analyse_behaviour: boolean; contact: boolean; opted_out: boolean };
  why: string;
  offers: { offer: string; style: string; state: string; at: string }[];
  /** Done lately and not in the timeline, because nothing came of it yet; oldest first. */
  recent?: TimelineItem[];
}

export type ResolutionCode = 'solved' | 'workaround' | 'no_fix' | 'spam' | 'callback_no_answer' | 'other';

export type Outcome = 'prompt' | 'offer' | 'notify' | 'escalate' | 'withhold';

export interface Reason {
  code: string;
  detail?: unknown;
}

export interface DecisionRow {
  decision: string;
  at: string;
  customer: string;
  customer_label: string;
  rule: string;
  outcome: Outcome;
  reasons: Reason[];
  session?: string;
  policy_revision: number | string;
}

export interface DecisionPage {
  decisions: DecisionRow[];
  cursor?: string;
  counts: {
    by_outcome: Record<string, number>;
    by_reason: Record<string, number>;
    by_rule?: Record<string, number>;
  };
}

export interface DecisionDetail extends DecisionRow {
  trace: {
    signals: Record<string, unknown>;
    condition: { text: string; parts: { text: string; value: unknown }[] };
    score: number;
    contributions: Contribution[];
    policy_revision: number | string;
    model: string;
    engine: string;
  };
}

export interface WriteKey {
  key: string;
  created_at: string;
  revoked_at?: string;
}
export interface Source {
  source: string;
  name: string;
  write_keys: WriteKey[];
  allowed_origins: string[];
  identity_secret?: string;
  events_total: number;
  last_event_at?: string;
}

export interface AgentRow {
  agent: string;
  name: string;
  email: string;
  role: Role;
  skills: { skill: string; level: number }[];
  languages: string[];
  capacity: Load;
  active: boolean;
  /** A one-time password, only in the answer that made it. */
  password?: string;
}

export interface Policy {
  revision: number;
  toml: string;
  activated_at?: string;
  activated_by?: string;
  mode: Mode;
}
export interface PolicyRevision {
  revision: number;
  activated_at?: string;
  activated_by?: string;
  toml?: string;
}
export interface PolicyError {
  line: number;
  column: number;
  message: string;
}
export interface PolicyValidation {
  errors: PolicyError[];
  warnings: (string | PolicyError)[];
  rules: { id: string; action: string; condition: string }[];
}

export interface ChecklistStep {
  id: string;
  title: string;
  done: boolean;
  detail?: string;
  href?: string;
}

export interface RejectedEvent {
  at: string;
  source?: string;
  reason: string;
  field?: string;
  excerpt?: string;
}
export interface SkippedEvent {
  at?: string;
  seq?: number;
  reason: string;
}

export interface ApiToken {
  token: string;
  name: string;
  scopes: string[];
  created_at: string;
  secret?: string;
}

export interface Faq {
  id?: string;
  title: string;
  body_markdown: string;
}

export interface Status {
  version: string;
  store: string;
  uptime_s: number;
  events_total: number;
  events_per_s: number;
  commit_p99_ms?: number;
  customers: number;
  disk: { used_bytes: number; free_bytes: number; refusing: boolean };
  skipped: number;
  rejected: number;
  demo: boolean;
}
