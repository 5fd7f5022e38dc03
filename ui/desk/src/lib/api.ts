// One typed client for the server. It holds the CSRF token, and every failure is an ApiError that names the field.

import type { DraftMatches, RuleExplanation, RuleLines } from './wire_why';
import type * as wire from './wire';
import type { GrantDetail, GrantPage, GrantTerms, IssuedGrant } from './wire_grants';
import type { ReplayAsked, ReplayState } from './wire_replay';

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly field?: string,
    readonly retry_after_s?: number,
    readonly body: Record<string, unknown> = {},
  ) {
    super(message);
    this.name = 'ApiError';
  }
  /** Positions of a refused policy, when the server sent them. */
  get policy_errors(): wire.PolicyError[] {
    return Array.isArray(this.body['errors']) ? (this.body['errors'] as wire.PolicyError[]) : [];
  }
}

const TIMEOUT_MS = 20_000;

type Query = Record<string, string | number | undefined | null>;

export class Api {
  csrf = '';
  /** Called once for every answer that says the session is gone. */
  on_expired: () => void = () => {};
  /** Called with the server's time of each answer, ms since 1970, to the second. */
  on_server_time: (at_ms: number) => void = () => {};

  constructor(private readonly fetcher: typeof fetch = (...args) => fetch(...args)) {}

  async request<T>(method: string, path: string, body?: unknown, query?: Query): Promise<T> {
    try {
      return await this.once<T>(method, path, body, query);
    } catch (error) {
      const stale_csrf = error instanceof ApiError && error.status === 403 && error.code.includes('csrf');
      if (!stale_csrf) throw error;
      await this.me(); // another tab signed in again: fetch the new token and try once more
      return this.once<T>(method, path, body, query);
    }
  }

  private async once<T>(method: string, path: string, body?: unknown, query?: Query): Promise<T> {
    const headers: Record<string, string> = { accept: 'application/json' };
    if (body !== undefined) headers['content-type'] = 'application/json';
    if (method !== 'GET' && this.csrf) headers['x-csrf-token'] = this.csrf;
    let answer: Response;
    try {
      answer = await this.fetcher(path + query_string(query), {
        method,
        headers,
        credentials: 'same-origin',
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
    } catch {
      throw new ApiError(
        0,
        'unreachable',
        'The server cannot be reached. Check your connection; your text is kept.',
      );
    }
    const server_ms = Date.parse(answer.headers.get('date') ?? '');
    if (!Number.isNaN(server_ms)) this.on_server_time(server_ms);
    const text = await answer.text();
    const parsed = parse_json(text);
    if (answer.ok) return parsed as T;
    const error = to_error(answer, parsed);
    if (error.status === 401 && error.code !== 'wrong_credentials') this.on_expired();
    throw error;
  }

  private get<T>(path: string, query?: Query) {
    return this.request<T>('GET', path, undefined, query);
  }
  private post<T = void>(path: string, body: unknown = {}) {
    return this.request<T>('POST', path, body);
  }

  // ---- sign-in
  async login(email: string, password: string) {
    return this.remember(await this.post<wire.Me>('/v1/auth/login', { email, password }));
  }
  async me() {
    return this.remember(await this.once<wire.Me>('GET', '/v1/auth/me'));
  }
  logout = () => this.post('/v1/auth/logout');
  change_password = (current: string, next: string) => this.post('/v1/auth/password', { current, new: next });
  private remember(me: wire.Me): wire.Me {
    this.csrf = me.csrf;
    return me;
  }

  // ---- desk
  desk_state = () => this.get<wire.DeskState>('/v1/desk/state');
  set_presence = (presence: wire.Presence) => this.post('/v1/desk/presence', { presence });
  accept = (reservation: string) =>
    this.post<{ conversation: string; customer: string }>(`/v1/desk/reservations/${seg(reservation)}/accept`);
  reject = (reservation: string) => this.post(`/v1/desk/reservations/${seg(reservation)}/reject`);
  alert_done = (id: string) => this.post(`/v1/desk/alerts/${seg(id)}/done`);
  conversation = (id: string) => this.get<wire.Conversation>(`/v1/conversations/${seg(id)}`);
  send_message = (
    conversation: string,
    client_key: string,
    text: string,
    attachments: wire.AttachedFile[] = [],
  ) =>
    this.post<{ seq: number; message: string }>(`/v1/conversations/${seg(conversation)}/messages`, {
      client_key,
      text,
      attachments: attachments.map(({ id, alt }) => ({ id, alt })),
    });
  read = (conversation: string, seq: number) =>
    this.post(`/v1/conversations/${seg(conversation)}/read`, { seq });
  /** Uploads one file for a reply; `progress` is told the part that is there, 0 to 1. */
  upload(
    conversation: string,
    file: File,
    progress: (part: number) => void,
    signal: AbortSignal,
  ): Promise<wire.AttachedFile> {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      request.open(
        'POST',
        `/v1/conversations/${seg(conversation)}/attachments?name=${seg(file.name || 'file')}`,
      );
      request.setRequestHeader('content-type', file.type || 'application/octet-stream');
      request.setRequestHeader('x-csrf-token', this.csrf);
      request.responseType = 'text';
      request.upload.onprogress = (event) => {
        if (event.lengthComputable) progress(event.loaded / event.total);
      };
      request.onload = () => {
        const answer = parse_json(request.responseText) as Record<string, unknown>;
        if (request.status === 200) resolve(answer as unknown as wire.AttachedFile);
        else
          reject(
            new Error(typeof answer?.['message'] === 'string' ? answer['message'] : 'The file was not taken'),
          );
      };
      request.onerror = request.onabort = () => reject(new Error('The file could not be uploaded'));
      signal.addEventListener('abort', () => request.abort());
      request.send(file);
    });
  }
  // ---- calls
  calls = (wanted: { status: 'live' | 'ended'; before?: string | undefined; limit?: number }) =>
    this.get<wire.CallPage>('/v1/calls', { ...wanted });
  call = (id: string) => this.get<wire.CallDetail>(`/v1/calls/${seg(id)}`);
  call_terms = () => this.get<wire.CallTerms>('/v1/calls/terms');
  consent = (customer: string, purpose: string, granted: boolean) =>
    this.request<void>('POST', `/v1/customers/${seg(customer)}/consents`, { purpose, granted });
  recording_url = (id: string) => `/v1/calls/${seg(id)}/recording`;
  remove_recording = (id: string) => this.request<void>('DELETE', this.recording_url(id));

  mail_test = (to: string) => this.post('/v1/admin/mail/test', { to });
  resolve = (conversation: string, code: wire.ResolutionCode, notes: string) =>
    this.post(`/v1/conversations/${seg(conversation)}/resolve`, { code, notes });

  reveal = (conversation: string, seq: number, reason: string) =>
    this.post<{ text: string }>(`/v1/conversations/${seg(conversation)}/messages/${seq}/reveal`, { reason });

  label = (conversation: string, seq: number, sentiment: wire.Sentiment['label']) =>
    this.post(`/v1/conversations/${seg(conversation)}/messages/${seq}/label`, { sentiment });

  issues = () => this.get<wire.IssueClassifier>('/v1/issues');
  label_issue = (conversation: string, seq: number, issue: string | null) =>
    this.post(`/v1/conversations/${seg(conversation)}/messages/${seq}/issue`, { issue });

  callbacks = () => this.get<wire.ScheduledCallback[]>('/v1/desk/callbacks');
  called = (conversation: string, outcome: wire.CallOutcome, notes: string) =>
    this.post(`/v1/conversations/${seg(conversation)}/called`, { outcome, notes });
  call_slots = (conversation: string) =>
    this.get<wire.CallSlots>(`/v1/conversations/${seg(conversation)}/slots`);
  move_call = (conversation: string, slot: wire.CallSlot) =>
    this.post(`/v1/conversations/${seg(conversation)}/move`, {
      slot: { from: slot.from, to: slot.to },
      idempotency_key: crypto.randomUUID(),
    });
  cancel_call = (conversation: string) => this.post(`/v1/conversations/${seg(conversation)}/cancel`, {});

  // ---- customers and decisions
  customers = (query: string, limit = 50) =>
    this.get<{ customers: wire.CustomerRow[] }>('/v1/customers', { query, limit });
  timeline = (customer: string, at: { after?: number; before?: number }, limit = 100) =>
    this.get<wire.TimelinePage>(`/v1/customers/${seg(customer)}/timeline`, { ...at, limit });
  context = (customer: string) => this.get<wire.CustomerContext>(`/v1/customers/${seg(customer)}/context`);
  customer_rules = (id: string) => this.get<RuleLines>(`/v1/customers/${seg(id)}/rules`);
  customer_rule = (id: string, rule: string) =>
    this.get<RuleExplanation>(`/v1/customers/${seg(id)}/rules/${seg(rule)}`);
  policy_matches = (toml: string) => this.post<DraftMatches>('/v1/admin/policy/matches', { toml });
  decisions = (filter: Query) => this.get<wire.DecisionPage>('/v1/decisions', { limit: 50, ...filter });
  decision = (id: string) => this.get<wire.DecisionDetail>(`/v1/decisions/${seg(id)}`);

  // ---- admin
  brands = () => this.get<wire.Brands>('/v1/admin/brands');
  add_brand = (fields: wire.BrandFields) => this.post<wire.Brand>('/v1/admin/brands', fields);
  save_brand = (brand: string, fields: wire.BrandFields) =>
    this.request<wire.Brand>('PUT', `/v1/admin/brands/${seg(brand)}`, fields);
  remove_brand = (brand: string) => this.request<void>('DELETE', `/v1/admin/brands/${seg(brand)}`);
  sources = () => this.get<wire.Source[]>('/v1/admin/sources');
  installation = (source: string, site: string) =>
    this.get<wire.Installation>(`/v1/admin/sources/${seg(source)}/installation`, site ? { site } : {});
  add_source = (source: wire.SourceChange) => this.post<wire.Source>('/v1/admin/sources', source);
  edit_source = (id: string, change: wire.SourceChange & { new_identity_secret?: boolean }) =>
    this.request<wire.Source>('PATCH', `/v1/admin/sources/${seg(id)}`, change);
  add_key = (id: string) => this.post<wire.WriteKey>(`/v1/admin/sources/${seg(id)}/keys`);
  revoke_key = (id: string, key: string) =>
    this.request<void>('DELETE', `/v1/admin/sources/${seg(id)}/keys/${seg(key)}`);

  agents = () => this.get<wire.AgentRow[]>('/v1/admin/agents');
  add_agent = (agent: Partial<wire.AgentRow> & { password?: string }) =>
    this.post<wire.AgentRow>('/v1/admin/agents', agent);
  edit_agent = (id: string, agent: Partial<wire.AgentRow> & { password?: string }) =>
    this.request<wire.AgentRow>('PATCH', `/v1/admin/agents/${seg(id)}`, agent);

  policy = () => this.get<wire.Policy>('/v1/admin/policy');
  save_policy = (toml: string, base_revision: number) =>
    this.request<wire.Policy>('PUT', '/v1/admin/policy', { toml, base_revision });
  validate_policy = (toml: string) => this.post<wire.PolicyValidation>('/v1/admin/policy/validate', { toml });
  policy_revisions = async () =>
    list<wire.PolicyRevision>(await this.get<unknown>('/v1/admin/policy/revisions'), 'revisions');
  replay = () => this.get<ReplayState>('/v1/admin/policy/replay');
  start_replay = (asked: ReplayAsked) => this.post<ReplayState>('/v1/admin/policy/replay', asked);
  cancel_replay = () => this.request<ReplayState>('DELETE', '/v1/admin/policy/replay');
  set_mode = (mode: wire.Mode) =>
    this.post('/v1/admin/mode', mode === 'live' ? { mode, confirm: true } : { mode });

  /** Everything back to shadow at once; open offers are withdrawn. */
  stop = () => this.post('/v1/admin/stop');
  rollouts = () => this.get<wire.Rollouts>('/v1/admin/rollouts');
  save_rollouts = (change: wire.RolloutsChange) =>
    this.request<wire.Rollouts>('PUT', '/v1/admin/rollouts', change);
  rollout_revisions = async () =>
    list<wire.RolloutRevision>(await this.get<unknown>('/v1/admin/rollouts/revisions'), 'revisions');
  comparison = (hours: number) => this.get<wire.Comparison>('/v1/admin/comparison', { hours });

  lexicon = () => this.get<wire.Lexicon>('/v1/admin/lexicon');
  save_lexicon = (entries: wire.LexiconEntry[], base_revision: number, note: string) =>
    this.request<wire.Lexicon>('PUT', '/v1/admin/lexicon', { entries, base_revision, note });
  lexicon_revisions = async () =>
    list<wire.LexiconRevision>(await this.get<unknown>('/v1/admin/lexicon/revisions'), 'revisions');
  lexicon_revision = (revision: number) => this.get<wire.Lexicon>(`/v1/admin/lexicon/revisions/${revision}`);
  roll_back_lexicon = (revision: number, base_revision: number) =>
    this.post<wire.Lexicon>('/v1/admin/lexicon/rollback', { revision, base_revision });
  try_lexicon = (text: string, entries: wire.LexiconEntry[]) =>
    this.post<wire.LexiconTrial>('/v1/admin/lexicon/trial', { text, entries });

  checklist = () => this.get<{ steps: wire.ChecklistStep[] }>('/v1/admin/checklist');
  rejected = (cursor?: string) =>
    this.get<{ rejected: wire.RejectedEvent[]; cursor?: string }>('/v1/admin/rejected', { cursor });
  skipped = async () => list<wire.SkippedEvent>(await this.get<unknown>('/v1/admin/skipped'), 'skipped');
  tokens = async () => list<wire.ApiToken>(await this.get<unknown>('/v1/admin/tokens'), 'tokens');
  add_token = (name: string, scopes: string[]) =>
    this.post<wire.ApiToken>('/v1/admin/tokens', { name, scopes });
  remove_token = (id: string) => this.request<void>('DELETE', `/v1/admin/tokens/${seg(id)}`);
  grants = (query: Query) => this.get<GrantPage>('/v1/grants', query);
  grant = (id: string) => this.get<GrantDetail>(`/v1/grants/${seg(id)}`);
  issue_grant = (terms: GrantTerms) => this.post<IssuedGrant>('/v1/grants', terms);
  revoke_grant = (id: string) => this.post(`/v1/grants/${seg(id)}/revoke`);
  articles = () => this.get<wire.ArticleList>('/v1/admin/articles');
  article = (id: string) => this.get<wire.ArticleDetail>(`/v1/admin/articles/${seg(id)}`);
  add_article = (
    article: wire.ArticleFields & { locale: string; title: string; summary: string; body_markdown: string },
  ) => this.post<wire.ArticleDetail>('/v1/admin/articles', article);
  edit_article = (id: string, revision: number, fields: wire.ArticleFields) =>
    this.request<wire.ArticleDetail>('PATCH', `/v1/admin/articles/${seg(id)}`, { revision, ...fields });
  remove_article = (id: string) => this.request<void>('DELETE', `/v1/admin/articles/${seg(id)}`);
  article_versions = (id: string, locale: string) =>
    this.get<{ versions: wire.ArticleText[]; published?: number }>(
      `/v1/admin/articles/${seg(id)}/texts/${seg(locale)}`,
    );
  save_article_text = (
    id: string,
    locale: string,
    text: { base_version: number; title: string; summary: string; body_markdown: string; publish: boolean },
  ) => this.request<wire.ArticleDetail>('PUT', `/v1/admin/articles/${seg(id)}/texts/${seg(locale)}`, text);
  publish_article_text = (id: string, locale: string, version: number | null) =>
    this.post<wire.ArticleDetail>(`/v1/admin/articles/${seg(id)}/texts/${seg(locale)}/publish`, { version });
  /** Brands by id and name, for choosing one. */
  brand_names = () => this.get<{ brands: { brand: string; name: string }[] }>('/v1/admin/brands');
  missed_searches = () => this.get<{ searches: wire.MissedSearch[] }>('/v1/admin/articles/missed');
  try_articles = (customer: { q: string; path: string; error: string; locale: string }) =>
    this.post<{ answers: wire.TriedArticle[] }>('/v1/admin/articles/try', customer);
  import_articles = (file: unknown) =>
    this.post<{ added: number; changed: number; unchanged: number }>('/v1/admin/articles/import', file);
  set_main_locale = (locale: string) =>
    this.request<{ locale: string }>('PUT', '/v1/admin/articles/main_locale', { locale });
  status = () => this.get<wire.Status>('/v1/admin/status');
  wipe_demo = () => this.post('/v1/admin/demo/wipe');
}

export const api = new Api();

/** One line a person can act on, from whatever was thrown. */
export function explain(error: unknown): string {
  if (error instanceof ApiError) {
    const wait = error.retry_after_s ? ` Try again in ${error.retry_after_s} s.` : '';
    return sentence(error.message) + wait;
  }
  return error instanceof Error ? sentence(error.message) : 'Something went wrong.';
}

function sentence(text: string): string {
  const trimmed = text.trim();
  if (!trimmed) return 'Something went wrong.';
  const first = trimmed.charAt(0).toUpperCase() + trimmed.slice(1);
  return /[.!?]$/.test(first) ? first : `${first}.`;
}

/** Lists come bare or wrapped in an object under `key`; both read the same. */
export function list<T>(answer: unknown, key: string): T[] {
  if (Array.isArray(answer)) return answer as T[];
  const wrapped = (answer as Record<string, unknown> | undefined)?.[key];
  return Array.isArray(wrapped) ? (wrapped as T[]) : [];
}

const seg = encodeURIComponent;

function query_string(query?: Query): string {
  const pairs = Object.entries(query ?? {}).filter(
    ([, value]) => value !== undefined && value !== null && value !== '',
  );
  if (pairs.length === 0) return '';
  return '?' + pairs.map(([key, value]) => `${seg(key)}=${seg(String(value))}`).join('&');
}

function parse_json(text: string): unknown {
  if (!text) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function to_error(answer: Response, parsed: unknown): ApiError {
  const body = (parsed && typeof parsed === 'object' ? parsed : {}) as Record<string, unknown>;
  const text = (key: string) => (typeof body[key] === 'string' ? (body[key] as string) : undefined);
  const retry = Number(answer.headers.get('retry-after'));
  return new ApiError(
    answer.status,
    text('code') ?? `http_${answer.status}`,
    text('message') ?? plain_status(answer.status),
    text('field'),
    Number.isFinite(retry) && retry > 0 ? retry : undefined,
    body,
  );
}

function plain_status(status: number): string {
  if (status === 401) return 'You are not signed in';
  if (status === 403) return 'Your role does not allow this';
  if (status === 404) return 'This no longer exists, or never did';
  if (status === 413) return 'This is too large';
  if (status === 429) return 'Too many requests';
  if (status === 503) return 'The server is not accepting changes right now';
  return `The server answered ${status}`;
}
