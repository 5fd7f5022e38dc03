// What the customer's words say about them, in words for people.

import { percent, signed, words } from './format';
import type { MoodItem, Sentiment } from './wire';

/** Below this probability the label is a guess. */
const SURE_FROM = 0.5;
const EMOTION_FROM = 0.2;
/** Sarcasm and urgency are told above this. */
const TOLD_FROM = 0.3;
/** A change per text that is a change. */
const MOVES_FROM = 0.05;
/** Scores in the line at most. */
const LINE_SCORES_MAX = 12;

export const AGAIN = 'Negative again and again';

export function is_unsure(sentiment: Sentiment): boolean {
  return sentiment.confidence < SURE_FROM;
}

/** "negative −0.7" */
export function feeling({ label, score }: Sentiment): string {
  return `${label} ${tenths(score)}`;
}

export const LABELS = ['negative', 'neutral', 'positive'] as const;
const TONES = { negative: 'bad', neutral: 'plain', positive: 'ok' } as const;

export interface Chip {
  /** "−0.82 negative" */
  text: string;
  tone: 'bad' | 'ok' | 'plain';
  unsure: boolean;
}

/** A guess has no colour: it would say more than is known. What somebody said is no guess. */
export function chip_of(sentiment: Sentiment, corrected?: Sentiment['label']): Chip {
  if (corrected) return { text: corrected, tone: TONES[corrected], unsure: false };
  const unsure = is_unsure(sentiment);
  return {
    text: `${signed(sentiment.score)} ${sentiment.label}`,
    tone: unsure ? 'plain' : TONES[sentiment.label],
    unsure,
  };
}

/** The emotions worth a bar, strongest first. */
export function emotions_of(mood: MoodItem): { name: string; share: number }[] {
  return Object.entries(mood.emotions)
    .filter(([, share]) => share > EMOTION_FROM)
    .sort(([, a], [, b]) => b - a)
    .map(([name, share]) => ({ name: words(name), share }));
}

/** What else is known of a text, as pairs of a name and a value. */
export function facts_of(mood: MoodItem): [string, string][] {
  return [
    ...(mood.sarcasm > TOLD_FROM ? [['Sarcasm', percent(mood.sarcasm)] as [string, string]] : []),
    ...(mood.urgency > TOLD_FROM ? [['Urgency', percent(mood.urgency)] as [string, string]] : []),
    ['Confidence', percent(mood.sentiment.confidence)],
    ['Model', `${mood.model}, tier ${mood.tier}`],
  ];
}

/** The last scores, oldest first. */
export function line_of(moods: MoodItem[]): number[] {
  return moods.slice(-LINE_SCORES_MAX).map((mood) => mood.sentiment.score);
}

/** "from 0.1 to −0.8 over 5 texts" */
export function line_text(scores: number[]): string {
  const first = scores[0];
  const last = scores[scores.length - 1];
  if (first === undefined || last === undefined) return '';
  return scores.length === 1
    ? `${tenths(last)} in one text`
    : `from ${tenths(first)} to ${tenths(last)} over ${scores.length} texts`;
}

/** Where it goes; nothing to say after one or two texts. */
export function trend_text(trend: number, texts: number): string {
  if (texts < 3) return '';
  if (Math.abs(trend) < MOVES_FROM) return 'Steady';
  return `Getting ${trend < 0 ? 'worse' : 'better'}, ${signed(trend)} a text`;
}

/** One decimal, and a minus that is one. */
export function tenths(value: number): string {
  const text = Math.abs(value).toFixed(1);
  return value < 0 && Number(text) !== 0 ? `\u2212${text}` : text;
}
