// Callbacks as the desk tells them: links that call, days, the clock where the customer is.

import type { CallOutcome, ScheduledCallback } from './wire';

/** What a call can come to, in the order of the keys 1 to 4. */
export const OUTCOMES: { outcome: CallOutcome; label: string; does: string }[] = [
  { outcome: 'reached', label: 'Reached', does: 'Ends it.' },
  { outcome: 'no_answer', label: 'No answer', does: 'It is tried again, and the customer is told.' },
  { outcome: 'voicemail', label: 'Voicemail', does: 'It is tried again, and the customer is told.' },
  { outcome: 'wrong_person', label: 'Wrong person', does: 'Ends it; the number is left alone.' },
];

export const CALL_LINK_DEFAULT = 'tel:{number}';

/** Links that may start a call; anything else in a template is not followed. */
const CALL_SCHEMES = /^(?:tel|callto|sip|sips|https):/i;

/** The link that calls `number`, by a template with `{number}`; the default where the template is none. */
export function call_link(template: string, number: string): string {
  const digits = number.replace(/[^+\d]/g, '');
  const usable = template.includes('{number}') && CALL_SCHEMES.test(template.trim());
  return (usable ? template.trim() : CALL_LINK_DEFAULT).replaceAll('{number}', encode(digits, template));
}

function encode(digits: string, template: string): string {
  return /^https:/i.test(template.trim()) ? encodeURIComponent(digits) : digits;
}

/** The name of a country, where the browser has one. */
export function country_name(country: string | undefined): string {
  if (!country) return '';
  try {
    return new Intl.DisplayNames(undefined, { type: 'region' }).of(country) ?? country;
  } catch {
    return country;
  }
}

/** The time now on the wall where the customer is: "14:05, Europe/Berlin". */
export function local_time(zone: string | undefined, now_ms: number): string {
  if (!zone) return '';
  try {
    const time = new Date(now_ms).toLocaleTimeString(undefined, {
      hour: '2-digit',
      minute: '2-digit',
      timeZone: zone,
    });
    return `${time}, ${zone.replaceAll('_', ' ')}`;
  } catch {
    return '';
  }
}

/** Callbacks by day of this desk's own calendar, in order. */
export function by_day(
  callbacks: ScheduledCallback[],
  now_ms: number,
): { day: string; callbacks: ScheduledCallback[] }[] {
  const days: { day: string; callbacks: ScheduledCallback[] }[] = [];
  for (const callback of callbacks) {
    const day = day_name(callback.due_at, now_ms);
    const last = days.at(-1);
    if (last?.day === day) last.callbacks.push(callback);
    else days.push({ day, callbacks: [callback] });
  }
  return days;
}

export function day_name(at: string, now_ms: number): string {
  const date = new Date(at);
  const start = (ms: number) => new Date(ms).setHours(0, 0, 0, 0);
  const days = Math.round((start(date.getTime()) - start(now_ms)) / 86_400_000);
  if (days === 0) return 'Today';
  if (days === 1) return 'Tomorrow';
  return date.toLocaleDateString(undefined, { weekday: 'long', day: 'numeric', month: 'long' });
}

/** Intervals as people write them: "09:00-12:00, 13:00-17:30"; `null` where they are none. */
export function parse_hours(text: string): [number, number][] | null {
  const found: [number, number][] = [];
  for (const part of text
    .split(/[,;]+/)
    .map((it) => it.trim())
    .filter(Boolean)) {
    const match = /^(\d{1,2})(?::(\d{2}))?\s*[-–]\s*(\d{1,2})(?::(\d{2}))?$/.exec(part);
    if (!match) return null;
    const minutes = (hour: string | undefined, minute: string | undefined) =>
      Number(minute ?? 0) < 60 ? Number(hour) * 60 + Number(minute ?? 0) : NaN;
    const [from, to] = [minutes(match[1], match[2]), minutes(match[3], match[4])];
    if (!(from >= 0 && from < to && to <= 1440)) return null;
    found.push([from, to]);
  }
  found.sort((a, b) => a[0] - b[0]);
  return found.some((part, at) => at > 0 && part[0] < (found[at - 1]?.[1] ?? 0)) ? null : found;
}

export function hours_text(intervals: [number, number][]): string {
  const two = (n: number) => String(n).padStart(2, '0');
  const time = (minute: number) => `${two(Math.floor(minute / 60))}:${two(minute % 60)}`;
  return intervals.map(([from, to]) => `${time(from)}-${time(to)}`).join(', ');
}
