// The server's wire types, as the desk reads them. Optional fields may be absent; unknown fields are ignored.

import type { CallItem, UtteranceItem } from './wire_calls';
import type { Offers } from './offers';

export * from './wire_calls';
export * from './wire_rollouts';

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

export type ConversationStatus = 'queued' | 'assigned' | 'ended' | 'no_agent' | 'scheduled';

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
  /** How far each side read, as numbers of the timeline. */
  customer_read?: number;
  staff_read?: number;
  /** Whether the customer has a page open now. */
  here?: boolean;
  /** When the customer was last there, while they are away. */
  left_at?: string;
  page?: string;
  /** Where answers are mailed while the customer is away, shortened. */
  email_hint?: string;
  /** Mail to that address does not arrive, and none is sent any more. */
  undeliverable: boolean;
  phone?: string;
  callback?: CallbackInfo;
  /** What it is about now. */
  issue?: NamedIssue;
}

/** When a callback is due, and for whom it rings. */
export interface CallbackInfo {
  due_at: string;
  slot_at?: string;
  slot_end_at?: string;
  expected_at?: string;
  attempts: number;
  time_zone?: string;
  country?: string;
  phone_text?: string;
}

export interface ScheduledCallback extends CallbackInfo {
  conversation: string;
  customer: string;
  customer_label: string;
  phone?: string;
}

export type CallOutcome = 'reached' | 'no_answer' | 'voicemail' | 'wrong_person';

export interface CallSlot {
  from: string;
  to: string;
  local: string;
  offset: string;
}

export interface CallSlots {
  days: { date: string; slots: CallSlot[] }[];
  zone: string;
}

/** Intervals of seven days, Monday first, in minutes of the local day. */
export interface Hours {
  days: [number, number][][];
  time_zone: string;
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
  offers?: Offers;
}

export interface CustomerRow {
  customer: string;
  label: string;
  last_seen?: string;
  need?: number;
  level?: NeedLevel;
}

export interface ItemBase {
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
export interface ConsentItem extends ItemBase {
  kind: 'consent';
  purpose: 'analyse_behaviour' | 'contact';
  granted: boolean;
  /** Who told: the site, the browser, or a consent platform. */
  by: 'api' | 'gpc' | 'tcf' | 'gcm' | 'segment';
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
  /** Markers stand in it for what was written, which can be asked for. */
  redacted?: boolean;
  /** What it speaks of. */
  entities?: Entity[];
  client_key?: string;
  attachments?: AttachedFile[];
}
/** Something a message speaks of: bytes of the text in UTF-8, and what it is. */
export interface Entity {
  start: number;
  end: number;
  kind: string;
  /** Missing where it can be read in two ways. */
  value?: string;
}
export interface RevealedItem extends ItemBase {
  kind: 'revealed';
  row: number;
  agent_name?: string;
  reason: string;
}
/** Somebody said what the message at `row` really is. */
export interface LabelledItem extends ItemBase {
  kind: 'labelled';
  row: number;
  agent_name?: string;
  sentiment: Sentiment['label'];
}
/** An issue with its probability; 1 where staff said so. */
export interface NamedIssue {
  label: string;
  p: number;
}
/** What messages can be about; no issues where no classifier is in use. */
export interface IssueClassifier {
  model?: string;
  issues: string[];
}
/** What words of the customer are about; for staff only. */
export interface IssueItem extends ItemBase {
  kind: 'issue';
  /** Whose words: a message, or else an event of the organisation's own. */
  message?: string;
  event?: string;
  /** None where the words are about none of the issues. */
  label?: string;
  /** The probability of that. */
  p: number;
  model: string;
}
/** Somebody said what the message at `row` is about; no label for none of the issues. */
export interface LabelledIssueItem extends ItemBase {
  kind: 'labelled_issue';
  row: number;
  agent_name?: string;
  label?: string;
}
export type Emotion =
  'anger' | 'frustration' | 'sadness' | 'fear' | 'joy' | 'gratitude' | 'surprise' | 'neutral';
export interface Sentiment {
  /** -1..1 */
  score: number;
  intensity: number;
  confidence: number;
  label: 'negative' | 'neutral' | 'positive';
}
/** A word that moved the score: bytes of the text in UTF-8, and which way. */
export interface Evidence {
  start: number;
  end: number;
  weight: number;
}
/** What words say about their writer. */
export interface TextScore {
  language?: string | null;
  sentiment: Sentiment;
  emotions: Partial<Record<Emotion, number>>;
  sarcasm: number;
  urgency: number;
  evidence: Evidence[];
  tier: number;
  model: string;
}
/** What words of the customer say about them; for staff only. */
export interface MoodItem extends ItemBase, TextScore {
  kind: 'mood';
  /** Whose words: a message, or else an event of the organisation's own. */
  message?: string | null;
  event?: string | null;
  /** The mood that these words leave behind: the smoothed score and its change per text. */
  average: number;
  trend: number;
  repeated_negatives: boolean;
  /** The row of an earlier reading of the same words. */
  replaces?: number | null;
}
export interface ChatTermsItem extends ItemBase {
  kind: 'chat_terms';
  conversation: string;
  terms: string;
}
export interface MailFailedItem extends ItemBase {
  kind: 'mail_failed';
  conversation: string;
  failure: 'refused' | 'given_up';
  detail: string;
}
/** A file that came with a message. */
export interface AttachedFile {
  id: string;
  name: string;
  content_type: string;
  bytes: number;
  width_px: number;
  height_px: number;
  alt: string;
  url: string;
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
export interface CallbackItem extends ItemBase {
  kind: 'callback';
  conversation: string;
  notice: string;
  due_at: string;
  slot_at?: string;
  slot_end_at?: string;
  expected_at?: string;
  attempts: number;
  agent_name?: string;
}
export interface MergeItem extends ItemBase {
  kind: 'merge';
  other: string;
}
export interface PauseItem extends ItemBase {
  kind: 'pause';
  state: 'started' | 'resumed' | 'failed';
  path: string;
  exact?: boolean;
  how?: string;
  why?: string;
  lasted_s?: number;
}
export interface CustomItem extends ItemBase {
  kind: 'custom';
  name: string;
}
export interface ArticleItem extends ItemBase {
  kind: 'article';
  what: 'opened' | 'read' | 'rated' | 'still_needed' | 'searched';
  faq?: string;
  title?: string;
  locale?: string;
  seconds?: number;
  helpful?: boolean;
  reason?: string;
  words?: string;
  found?: number;
}
export type TimelineItem =
  | ArticleItem
  | CallItem
  | UtteranceItem
  | PageItem
  | BehaviourItem
  | IdentifiedItem
  | ConsentItem
  | OfferItem
  | DecisionItem
  | ConversationItem
  | MessageItem
  | MoodItem
  | RevealedItem
  | LabelledItem
  | IssueItem
  | LabelledIssueItem
  | ResolutionItem
  | ChatTermsItem
  | MailFailedItem
  | GrantItem
  | MergeItem
  | CallbackItem
  | PauseItem
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
  /** What was read and looked for in the knowledge base in this visit. */
  reading?: {
    articles: {
      faq: string;
      title: string;
      locale: string;
      at: string;
      read_s: number;
      helpful?: boolean;
      still_needed: boolean;
    }[];
    searches: { words: string; found: number; at: string }[];
    still_needed: boolean;
  };
  offers: { offer: string; style: string; state: string; at: string }[];
  /** Done lately and not in the timeline, because nothing came of it yet; oldest first. */
  recent?: TimelineItem[];
}

export type ResolutionCode = 'solved' | 'workaround' | 'no_fix' | 'spam' | 'callback_no_answer' | 'other';

export type Outcome = 'prompt' | 'offer' | 'notify' | 'escalate' | 'grant' | 'boost' | 'withhold';

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
  /** Absent for the default brand. */
  brand?: string;
  consent: 'required' | 'platform' | 'not_required';
  url_allow: string[];
  consent_categories: Record<string, 'analyse_behaviour' | 'contact'>;
  identity_secret?: string;
  events_total: number;
  last_event_at?: string;
}

export interface Look {
  accent: string;
  on_accent: string;
  accent_dark: string;
  on_accent_dark: string;
  position: 'end' | 'start';
  logo_url?: string | null;
}

export type Language = 'en' | 'de' | 'es' | 'ar';

/** What is edited of a brand. */
export interface BrandFields {
  name: string;
  look: Look;
  /** Seven days, Monday first: intervals in minutes of the local day. */
  hours: [number, number][][];
  time_zone: string;
  /** By language, then by key. */
  texts: Partial<Record<Language, Record<string, string>>>;
  phone?: string | null;
  privacy_url?: string | null;
  chat: { attachments: boolean; ask_email: boolean };
  callback: { countries: string[]; slot_min: number; verify_sms: boolean };
}

export interface Brand extends BrandFields {
  brand: string;
  is_default: boolean;
  /** Names of the sources that show it. */
  sources: string[];
}

/** A text a brand can word; `ours` is empty where the widget has the words. */
export interface BrandText {
  key: string;
  ours: Partial<Record<Language, string>>;
}

export interface Brands {
  brands: Brand[];
  languages: Language[];
  texts: BrandText[];
}

/** How a source gets onto a site. */
export interface Installation {
  source: string;
  write_key?: string;
  site: string;
  nonce_place: string;
  help_url?: string;
  check?: string;
  ways: {
    id: string;
    title: string;
    about: string;
    base_url: string;
    snippet: string;
    headers: { name: string; value: string }[];
    recipes: { title: string; text: string }[];
  }[];
}

/** What of a source is edited in its dialog. */
export type SourceChange = Partial<
  Pick<Source, 'name' | 'allowed_origins' | 'brand' | 'consent' | 'url_allow' | 'consent_categories'>
>;

export interface AgentRow {
  agent: string;
  name: string;
  email: string;
  role: Role;
  skills: { skill: string; level: number }[];
  languages: string[];
  capacity: Load;
  active: boolean;
  /** Absent or null where they are the policy's. */
  hours?: Hours | null;
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

export interface LexiconEntry {
  phrase: string;
  /** Empty: models leave the phrase out. */
  reads_as: string;
}
export interface Lexicon {
  /** 0 before anything was saved. */
  revision: number;
  entries: LexiconEntry[];
  saved_at?: string;
  saved_by?: string;
  note: string;
}
export interface LexiconRevision {
  revision: number;
  phrases: number;
  saved_at: string;
  saved_by: string;
  note: string;
}
/** What one model says of a text; `abstained` where it says nothing. */
export type TextReading = TextScore | { abstained: 'empty' | 'language'; language?: string | null };
export interface LexiconTrial {
  /** What models read with the list. */
  rewritten: string;
  /** Bytes of the text in UTF-8. */
  phrases: { start: number; end: number }[];
  readings: { tier: number; model: string; without: TextReading; with: TextReading }[];
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

export type ArticleStatus = 'draft' | 'published' | 'archived';
/** Visits in which it happened. */
export interface ArticleOutcome {
  opened: number;
  helpful: number;
  not_helpful: number;
  still_needed: number;
  read_s: number;
}
export interface ArticleLocale {
  locale: string;
  newest: number;
  /** The version customers see. */
  published?: number;
  title: string;
  /** The main language's text has moved on since. */
  outdated: boolean;
  written_at?: string;
  written_by: string;
}
export interface Article {
  id: string;
  slug: string;
  brand?: string;
  status: ArticleStatus;
  place: number;
  paths: string[];
  codes: string[];
  keywords: string[];
  revision: number;
  changed_at?: string;
  changed_by: string;
  title: string;
  locales: ArticleLocale[];
  outcome: ArticleOutcome;
}
export interface ArticleText {
  version: number;
  title: string;
  summary: string;
  body_markdown: string;
  based_on: number;
  written_at?: string;
  written_by: string;
  outcome: ArticleOutcome;
}
export interface ArticleDetail {
  article: Article;
  texts: Record<string, ArticleText>;
  main_locale: string;
}
export interface ArticleList {
  articles: Article[];
  main_locale: string;
  articles_max: number;
}
export type ArticleFields = Partial<
  Pick<Article, 'slug' | 'brand' | 'status' | 'place' | 'paths' | 'codes' | 'keywords'>
>;
export interface TriedArticle {
  id: string;
  title: string;
  locale: string;
  fallback: boolean;
  why: string;
  score: number;
  words: number;
  page: number;
  error: number;
  outcome: number;
}
export interface MissedSearch {
  words: string;
  locale: string;
  count: number;
  last_at: string;
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
  /** What reads texts, and why it is not what was chosen. */
  text_model: { name: string; problem?: string | null };
  issue_classifier?: { name?: string | null; issues?: number | null; problem?: string | null } | null;
  /** The service that what customers write is also sent to. */
  remote_text?: { service: string; host: string } | null;
  /** What turns the speech of calls into words, and where that is sent. */
  speech?: { name: string; host?: string | null } | null;
}
