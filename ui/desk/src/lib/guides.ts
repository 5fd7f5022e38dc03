// Guides as the administration writes them: their shapes, and what is asked of the server about them.

import { api, ApiError } from './api';

export type GuideKind = 'tooltip' | 'steps' | 'video';

export interface Anchor {
  tag: string;
  hosts: { by: string; value: string }[][];
  candidates: { by: string; value: string }[];
}

export interface StepText {
  title: string;
  text: string;
}

export interface Step {
  anchor: Anchor | null;
  placement: string;
  waits_for: string;
  hint: string | null;
  texts: Record<string, StepText>;
}

export interface Video {
  media: string;
  poster: string | null;
  captions: { locale: string; media: string }[];
}

export interface Draft {
  kind: GuideKind;
  pages: string;
  audience: string;
  priority: number;
  frequency: string;
  brand: string | null;
  default_locale: string;
  steps: Step[];
  video: Video | null;
}

export interface GuideRow {
  id: string;
  name: string;
  kind: GuideKind;
  status: 'draft' | 'live' | 'archived';
  pages: string;
  brand: string | null;
  locales: string[];
  live_revision: number | null;
  draft_changed: boolean;
  changed_at: string;
  changed_by: string;
  counts: { shown: number; completed: number; closed: number; anchor_missing: number; steps: number[] };
  broken?: { step: number; missing: number; visitors: number };
}

export interface FullGuide extends GuideRow {
  draft: Draft;
  draft_version: number;
  revisions: { revision: number; by: string; at: string }[];
}

export interface Tried {
  errors: { line: number; column: number; message: string }[];
  matching: number;
  on_page: number;
  of: number;
}

export interface PageMessage {
  kind: 'opened' | 'picked' | 'missing' | 'shown' | 'ended' | 'cancelled';
  step: number;
  anchor: Anchor | null;
  quality: 'strong' | 'fair' | 'weak' | null;
}

export interface SignalInfo {
  name: string;
  kind: string;
  about: string;
  values: string[];
}

const at = (id: string, rest = '') => `/v1/admin/guides/${encodeURIComponent(id)}${rest}`;

export const guides = {
  list: () => api.request<{ guides: GuideRow[] }>('GET', '/v1/admin/guides'),
  add: (name: string, kind: GuideKind) => api.request<FullGuide>('POST', '/v1/admin/guides', { name, kind }),
  show: (id: string) => api.request<FullGuide>('GET', at(id)),
  save: (id: string, name: string, draft: Draft, draft_version: number) =>
    api.request<FullGuide>('PUT', at(id), { name, draft, draft_version }),
  publish: (id: string, draft_version: number) =>
    api.request<FullGuide>('POST', at(id, '/publish'), { draft_version }),
  archive: (id: string) => api.request<FullGuide>('POST', at(id, '/archive'), {}),
  roll_back: (id: string, revision: number) =>
    api.request<FullGuide>('POST', at(id, '/rollback'), { revision }),
  try_audience: (audience: string, pages: string) =>
    api.request<Tried>('POST', '/v1/admin/guides/audience', { audience, pages }),
  signals: () => api.request<SignalInfo[]>('GET', '/v1/admin/signals'),
  open_page: (id: string, url: string, mode: 'pick' | 'show', locale: string, step: number) =>
    api.request<{ preview: string; address: string }>('POST', at(id, '/preview'), {
      url,
      mode,
      locale,
      step,
    }),
  tell_page: (
    preview: string,
    message: { mode: 'pick' | 'show'; step: number; locale: string; name: string; draft: Draft },
  ) => api.request<void>('POST', `/v1/admin/previews/${encodeURIComponent(preview)}`, message),
  hear_page: (preview: string, after: number) =>
    api.request<{ after: number; messages: PageMessage[] }>(
      'GET',
      `/v1/admin/previews/${encodeURIComponent(preview)}`,
      undefined,
      { after },
    ),
  /** The body is the file itself, so this does not go through the JSON client. */
  async upload(id: string, kind: 'video' | 'poster' | 'captions', file: Blob) {
    const answer = await fetch(`${at(id, '/media')}?kind=${kind}`, {
      method: 'POST',
      credentials: 'same-origin',
      headers: { 'content-type': 'application/octet-stream', 'x-csrf-token': api.csrf },
      body: file,
    });
    const body = (await answer.json().catch(() => ({}))) as {
      media?: string;
      duration_s?: number;
      code?: string;
      message?: string;
    };
    if (!answer.ok || !body.media)
      throw new ApiError(answer.status, body.code ?? 'failed', body.message ?? 'The file could not be sent');
    return { media: body.media, duration_s: body.duration_s ?? 0 };
  },
};

export const KINDS: { id: GuideKind; label: string }[] = [
  { id: 'tooltip', label: 'Tooltip' },
  { id: 'steps', label: 'Steps' },
  { id: 'video', label: 'Video' },
];

export const kind_label = (kind: GuideKind): string => KINDS.find((it) => it.id === kind)?.label ?? kind;

export const new_step = (): Step => ({
  anchor: null,
  placement: 'auto',
  waits_for: 'next',
  hint: null,
  texts: {},
});

/** How many of those who saw it went on to its end, in percent; null before anybody saw it. */
export const completion = ({ counts }: Pick<GuideRow, 'counts'>): number | null =>
  counts.shown ? Math.min(100, Math.round((100 * counts.completed) / counts.shown)) : null;

/** The signal name that is being written just before the caret, for completion. */
export function word_before(text: string, caret: number): string {
  return /[\w.]*$/.exec(text.slice(0, caret))?.[0] ?? '';
}

/** What an anchor is called for people: never a text of the page, only what its makers named it. */
export function anchor_name(anchor: Anchor | null): string {
  if (!anchor) return 'No element: shown in the corner';
  const named = ['test', 'id', 'name']
    .map((by) => anchor.candidates.find((it) => it.by === by))
    .find((it) => it);
  return `<${anchor.tag}>${named ? ` ${named.by === 'test' ? named.value : `${named.by}=${named.value}`}` : ''}`;
}

export function strength(anchor: Anchor): 'strong' | 'fair' | 'weak' {
  const has = (by: string) => anchor.candidates.some((it) => it.by === by);
  if (has('test') || has('id') || (has('name') && has('label'))) return 'strong';
  return has('name') || has('label') ? 'fair' : 'weak';
}
