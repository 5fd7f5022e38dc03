// The words of a message that moved its score: from bytes of UTF-8 to pieces of a string.

import { markers_of } from './redacted';
import type { Evidence } from './wire';

/** A run of text; with a weight where it is evidence, or what it stands for where it is a marker. */
export interface Piece {
  text: string;
  weight?: number;
  hidden?: string;
}

const letters = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
const utf8 = new TextEncoder();

/** A weight at which a word counts as much as any, in log-odds. */
const WEIGHT_FULL = 2;
const CLEAR_FROM = 0.4;
const STRONG_FROM = 1.2;

/** Cuts `text` at its markers and its evidence; the pieces joined are `text` again. No marker is evidence. */
export function parts_of(text: string, evidence: Evidence[]): Piece[] {
  const parts: Piece[] = [];
  let from = 0;
  const add = (to: number) => {
    if (to === from) return;
    const first_byte = utf8.encode(text.slice(0, from)).length;
    const shifted = evidence.map((one) => ({
      ...one,
      start: Math.max(0, one.start - first_byte),
      end: one.end - first_byte,
    }));
    parts.push(...pieces_of(text.slice(from, to), shifted));
  };
  for (const { start, end, label } of markers_of(text)) {
    add(start);
    parts.push({ text: text.slice(start, end), hidden: label });
    from = end;
  }
  add(text.length);
  return parts;
}

/**
 * Cuts `text` at its evidence; the pieces joined are `text` again.
 *
 * A letter that is only partly inside counts whole, so that no emoji and no accent is cut; the stronger of two that
 * overlap has it. Offsets past the end stop at the end; those that mark nothing are left out.
 */
export function pieces_of(text: string, evidence: Evidence[]): Piece[] {
  const usable = evidence.filter(is_usable).sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight));
  if (usable.length === 0) return text ? [{ text }] : [];
  const pieces: Piece[] = [];
  let last: Evidence | undefined;
  let from_byte = 0;
  for (const { segment } of letters.segment(text)) {
    const to_byte = from_byte + utf8.encode(segment).length;
    const its = usable.find((one) => one.start < to_byte && one.end > from_byte);
    const open = pieces[pieces.length - 1];
    if (open && its === last) open.text += segment;
    else pieces.push(its ? { text: segment, weight: its.weight } : { text: segment });
    last = its;
    from_byte = to_byte;
  }
  return pieces;
}

function is_usable({ start, end, weight }: Evidence): boolean {
  return Number.isFinite(weight) && weight !== 0 && start >= 0 && end > start;
}

/** How much of its colour a word of this weight shows, 0..=1. */
export function strength(weight: number): number {
  return Math.min(1, Math.abs(weight) / WEIGHT_FULL);
}

/** "strongly negative", for those who cannot see the tint. */
export function weight_text(weight: number): string {
  const size = Math.abs(weight);
  const how = size >= STRONG_FROM ? 'strongly' : size >= CLEAR_FROM ? 'clearly' : 'slightly';
  return `${how} ${weight < 0 ? 'negative' : 'positive'}`;
}
