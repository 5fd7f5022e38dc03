/** Waits in words. */
import type { Fill } from '../i18n/fill';
import type { AnyKey } from './texts';

/** A wait as the range that it usually turns out to be: from 0.7 to 1.5 of the estimate. */
export function waitRange(t: Fill<AnyKey>, seconds: number): string {
  const low = Math.max(1, Math.floor((seconds * 0.7) / 60));
  const high = Math.ceil((seconds * 1.5) / 60);
  if (seconds < 55 || high > 60 || low >= high) return waitText(t, seconds);
  return t('chat_minutes_range', { low, high });
}

/** A wait in words, rounded up, so that it promises no less than it takes. */
export function waitText(t: Fill<AnyKey>, seconds: number): string {
  const minutes = Math.ceil(seconds / 60);
  if (seconds < 55) return t('under_a_minute');
  if (minutes <= 1) return t('one_minute');
  if (minutes > 60) return t('over_an_hour');
  return t('minutes', { count: minutes });
}
