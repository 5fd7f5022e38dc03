/** Phone numbers as people write them, made E.164; what is wrong with one is said so that it can be mended. */
import type { PanelKey } from './en';

const E164 = /^\+[1-9]\d{6,14}$/;
const SEPARATORS = /[\s().\-/\u2010-\u2015]/g;

/** The number in E.164, or `null` when it cannot be one. */
export function normalizePhone(input: string): string | null {
  const compact = input.replace(SEPARATORS, '').replace(/^00/, '+');
  return E164.test(compact) ? compact : null;
}

export function phoneProblem(input: string): PanelKey | null {
  if (normalizePhone(input)) return null;
  const compact = input.replace(SEPARATORS, '');
  if (/[^\d+]/.test(compact)) return 'phone_letters';
  if (!/^(?:\+|00)[1-9]/.test(compact)) return 'phone_missing_country';
  return 'phone_length';
}
