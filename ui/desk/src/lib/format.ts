// Times, durations and numbers as people read them. All take "now" as a value, so they are tested without a clock.

/** "just now", "4 min ago", "3 h ago", "yesterday", then a date. */
export function ago(at: string | undefined, now_ms: number): string {
  const then = at ? Date.parse(at) : NaN;
  if (Number.isNaN(then)) return '';
  const seconds = Math.max(0, Math.round((now_ms - then) / 1000));
  if (seconds < 10) return 'just now';
  if (seconds < 60) return `${seconds} s ago`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ago`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h ago`;
  const days = Math.floor(hours / 24);
  if (days === 1) return 'yesterday';
  if (days < 7) return `${days} days ago`;
  return short_date(then);
}

/** The time left until `at`: "42 s", "18 min", "3 h 20 min", "2 days"; "expired" when past. */
export function until(at: string, now_ms: number): string {
  const seconds = Math.round((Date.parse(at) - now_ms) / 1000);
  if (Number.isNaN(seconds)) return '';
  return seconds <= 0 ? 'expired' : duration(seconds);
}

/** A length of time in its two largest units. */
export function duration(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600)
    return s % 60 && s < 600 ? `${Math.floor(s / 60)} min ${s % 60} s` : `${Math.floor(s / 60)} min`;
  if (s < 86_400) {
    const minutes = Math.floor((s % 3600) / 60);
    return `${Math.floor(s / 3600)} h${minutes ? ` ${minutes} min` : ''}`;
  }
  const days = Math.floor(s / 86_400);
  return days === 1 ? '1 day' : `${days} days`;
}

/** A ticking clock: "0:07", "12:40", "1:02:09". */
export function clock(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds));
  const two = (n: number) => String(n).padStart(2, '0');
  const hours = Math.floor(s / 3600);
  const minutes = Math.floor((s % 3600) / 60);
  return hours > 0 ? `${hours}:${two(minutes)}:${two(s % 60)}` : `${minutes}:${two(s % 60)}`;
}

export function time_of_day(at: string): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return '';
  return date.toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit' });
}

export function full_time(at: string | undefined): string {
  const date = new Date(at ?? NaN);
  if (Number.isNaN(date.getTime())) return '';
  return date.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
}

/** "Today", "Yesterday", else the weekday and date, in the reader's own zone. */
export function day_label(at: string, now_ms: number): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return '';
  const today = start_of_day(new Date(now_ms));
  const days = Math.round((today - start_of_day(date)) / 86_400_000);
  if (days === 0) return 'Today';
  if (days === 1) return 'Yesterday';
  const year = date.getFullYear() === new Date(now_ms).getFullYear() ? {} : ({ year: 'numeric' } as const);
  return date.toLocaleDateString(undefined, { weekday: 'long', day: 'numeric', month: 'long', ...year });
}

/** A key that is equal for two times on the same local day. */
export function day_key(at: string): number {
  return start_of_day(new Date(at));
}

function start_of_day(date: Date): number {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}

function short_date(at_ms: number): string {
  return new Date(at_ms).toLocaleDateString(undefined, { day: 'numeric', month: 'short', year: 'numeric' });
}

export function percent(share: number): string {
  return Number.isFinite(share) ? `${Math.round(share * 100)} %` : '–';
}

/** Two decimals with a sign that is a real minus. */
export function signed(value: number): string {
  if (!Number.isFinite(value)) return '–';
  const text = Math.abs(value).toFixed(2);
  return Number(text) === 0 ? text : value < 0 ? `\u2212${text}` : `+${text}`;
}

export function count(value: number): string {
  return Number.isFinite(value) ? Math.round(value).toLocaleString() : '–';
}

export function bytes(value: number): string {
  if (!Number.isFinite(value)) return '–';
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let size = value;
  let unit = 0;
  while (size >= 1000 && unit < units.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${unit === 0 || size >= 100 ? Math.round(size) : size.toFixed(1)} ${units[unit]}`;
}

export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

/** snake_case and kebab-case names as words: "rage_click" -> "Rage click". */
export function words(name: string): string {
  const text = name
    .replace(/^overture:/, '')
    .replace(/[_-]+/g, ' ')
    .trim();
  return text ? text.charAt(0).toUpperCase() + text.slice(1) : '';
}

/** Any JSON value as one short plain line. */
export function plain_value(value: unknown): string {
  if (value === null || value === undefined) return '–';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'number')
    return Number.isInteger(value) ? String(value) : String(Number(value.toFixed(4)));
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.map(plain_value).join(', ');
  return Object.entries(value as Record<string, unknown>)
    .map(([key, inner]) => `${key.replace(/_/g, ' ')} ${plain_value(inner)}`)
    .join(', ');
}

export function initials(label: string): string {
  const parts = label
    .replace(/@.*/, '')
    .split(/[\s._-]+/)
    .filter((part) => /[\p{L}\p{N}]/u.test(part));
  const letters = parts.length > 1 ? [parts[0], parts[parts.length - 1]] : [parts[0]];
  return letters.map((part) => [...(part ?? '?')][0]?.toUpperCase() ?? '?').join('');
}

/** A hue that is stable for one label, for its avatar. */
export function hue(label: string): number {
  let hash = 0;
  for (const char of label) hash = (hash * 31 + (char.codePointAt(0) ?? 0)) >>> 0;
  return hash % 360;
}

/** "here", "here · /checkout", or "left 2 min ago". */
export function presence_text(
  it: { here?: boolean; left_at?: string; page?: string },
  now_ms: number,
): string {
  if (it.here) return it.page ? `here · ${it.page}` : 'here';
  return it.left_at ? `left ${ago(it.left_at, now_ms)}` : '';
}

/** Where a reply goes while the customer is away: nothing where no address was left. */
export function reply_hint(it: { email_hint?: string; undeliverable?: boolean }): string {
  if (!it.email_hint) return '';
  return it.undeliverable
    ? `e-mail to ${it.email_hint} does not arrive: a reply waits in the chat`
    : `a reply goes by e-mail to ${it.email_hint}`;
}

/** "120 B", "34 KB", "1.2 MB". */
export function size_text(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${Math.round(bytes / 1_024)} KB`;
  return `${(bytes / 1_048_576).toFixed(1)} MB`;
}
