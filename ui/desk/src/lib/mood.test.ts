import { describe, expect, test } from 'vitest';
import { chip_of, emotions_of, facts_of, feeling, line_of, line_text, tenths, trend_text } from './mood';
import type { MoodItem, Sentiment } from './wire';

const sentiment = (score: number, label: Sentiment['label'], confidence = 0.9): Sentiment => ({
  score,
  label,
  confidence,
  intensity: Math.abs(score),
});
const mood = (change: Partial<MoodItem> = {}): MoodItem => ({
  seq: 1,
  at: '2026-11-30T05:00:00Z',
  kind: 'mood',
  message: 'msg_1',
  sentiment: sentiment(-0.8, 'negative'),
  emotions: {},
  sarcasm: 0,
  urgency: 0,
  evidence: [],
  tier: 0,
  model: 'text-1',
  average: -0.4,
  trend: -0.2,
  repeated_negatives: false,
  ...change,
});

test.each([
  [sentiment(-0.82, 'negative'), { text: '−0.82 negative', tone: 'bad', unsure: false }],
  [sentiment(0.4, 'positive'), { text: '+0.40 positive', tone: 'ok', unsure: false }],
  [sentiment(0.001, 'neutral'), { text: '0.00 neutral', tone: 'plain', unsure: false }],
  [sentiment(-0.82, 'negative', 0.49), { text: '−0.82 negative', tone: 'plain', unsure: true }],
  [sentiment(-0.82, 'negative', 0.5), { text: '−0.82 negative', tone: 'bad', unsure: false }],
])('a chip has a sign, a word and, where it is sure, a colour: %o', (of, expected) => {
  expect(chip_of(of)).toEqual(expected);
});

test('a feeling in a sentence', () => {
  expect(feeling(sentiment(-0.71, 'negative'))).toBe('negative −0.7');
});

describe('what a chip opens', () => {
  test('emotions above a fifth, strongest first', () => {
    const emotions = { anger: 0.31, frustration: 0.62, joy: 0.2, neutral: 0.05 };
    expect(emotions_of(mood({ emotions }))).toEqual([
      { name: 'Frustration', share: 0.62 },
      { name: 'Anger', share: 0.31 },
    ]);
  });
  test('sarcasm and urgency only where they matter', () => {
    expect(facts_of(mood({ sarcasm: 0.3, urgency: 0.3 }))).toEqual([
      ['Confidence', '90 %'],
      ['Model', 'text-1, tier 0'],
    ]);
    expect(facts_of(mood({ sarcasm: 0.66, urgency: 0.7 })).slice(0, 2)).toEqual([
      ['Sarcasm', '66 %'],
      ['Urgency', '70 %'],
    ]);
  });
});

describe('the line', () => {
  test.each([
    [[], ''],
    [[-0.8], '−0.8 in one text'],
    [[0.1, 0.3, -0.2, -0.5, -0.8], 'from 0.1 to −0.8 over 5 texts'],
    [[-0.04, 0.04], 'from 0.0 to 0.0 over 2 texts'],
  ])('%j reads %s', (scores, expected) => {
    expect(line_text(scores)).toBe(expected);
  });
  test('holds the last twelve', () => {
    const moods = Array.from({ length: 15 }, (_, n) => mood({ sentiment: sentiment(n / 20, 'neutral') }));
    expect(line_of(moods)).toHaveLength(12);
    expect(line_of(moods)[11]).toBe(0.7);
  });
  test.each([
    [-0.21, 5, 'Getting worse, −0.21 a text'],
    [0.1, 3, 'Getting better, +0.10 a text'],
    [0.01, 5, 'Steady'],
    [-0.5, 2, ''],
  ])('a trend of %d over %d texts: %s', (trend, texts, expected) => {
    expect(trend_text(trend, texts)).toBe(expected);
  });
});

test('one decimal', () => {
  expect([-0.84, 0.05, 0, -0.01].map(tenths)).toEqual(['−0.8', '0.1', '0.0', '0.0']);
});
