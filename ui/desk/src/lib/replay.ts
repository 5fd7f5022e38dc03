// Which stretch of the history is tried, and how a replay's figures read.

import { reason_label } from './reasons';
import { words } from './format';
import type { ReplayDecided, ReplayDifference } from './wire_replay';

export const STRETCHES = [
  { id: '24h', label: 'Last 24 hours', hours: 24 },
  { id: '7d', label: 'Last 7 days', hours: 7 * 24 },
  { id: '30d', label: 'Last 30 days', hours: 30 * 24 },
] as const;

export type Stretch = (typeof STRETCHES)[number]['id'] | 'own';

/** The two ends to ask for, or what is wrong with them. `own` is read in the browser's zone. */
export function ends_of(
  stretch: Stretch,
  own: { from: string; to: string },
  now_ms: number,
): { from: string; to: string } | { problem: string } {
  const known = STRETCHES.find((it) => it.id === stretch);
  if (known) {
    return {
      from: new Date(now_ms - known.hours * 3_600_000).toISOString(),
      to: new Date(now_ms).toISOString(),
    };
  }
  const [from, to] = [Date.parse(own.from), Date.parse(own.to)];
  if (Number.isNaN(from)) return { problem: 'Say when it begins.' };
  if (Number.isNaN(to)) return { problem: 'Say when it ends.' };
  if (from >= to) return { problem: 'It has to begin before it ends.' };
  return { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
}

/** `+3`, `−3` with a real minus, or `0`. */
export function change(happened: number, draft: number): string {
  const by = draft - happened;
  return by > 0 ? `+${by}` : by < 0 ? `\u2212${-by}` : '0';
}

const CARRIED: Record<string, string> = {
  banner: 'Offered help',
  prompt: 'Showed a hint',
  guide: 'Showed a guide',
  notify: 'Told staff',
  escalate: 'Escalated',
};

/** What a decision came to, in a few words. */
export function decided(it: ReplayDecided | undefined): string {
  if (!it) return 'Nothing';
  if (it.what === 'withhold') return `Left alone: ${reason_label(it.detail)}`;
  return CARRIED[it.detail] ?? words(it.detail);
}

export const KINDS: Record<ReplayDifference['kind'], string> = {
  only_then: 'Only then',
  only_draft: 'Only under the draft',
  changed: 'Changed',
};

export const CHANNELS: Record<string, string> = { banner: 'Banner', prompt: 'Hint', guide: 'Guide' };
