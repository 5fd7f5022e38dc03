// Moods for the mock's messages: a few words with weights, enough to see every state. The real ones come from a model.
const WORDS = {
  sorry: [-0.3, 'sadness'],
  rejecting: [-0.9, 'frustration'],
  wrong: [-0.7, 'frustration'],
  cannot: [-0.8, 'frustration'],
  worked: [1.1, 'joy'],
  Oh: [0.2, 'surprise'],
  thanks: [1.4, 'gratitude'],
  Thank: [1.6, 'gratitude'],
  love: [1.5, 'joy'],
  'not here': [-1.3, 'frustration'],
  'still nothing': [-1.2, 'frustration'],
  'third time': [-1.4, 'anger'],
  'fed up': [-2.1, 'anger'],
  Nobody: [-0.9, 'anger'],
  '😡': [-1.8, 'anger'],
  sick: [-1.6, 'sadness'],
  great: [1.7, 'joy'],
  terrible: [-1.8, 'anger'],
  '😀': [1.2, 'joy'],
  lächerlich: [-1.5, 'anger'],
  'cafe\u0301': [0.1, 'joy'],
};
const EMOTIONS = ['anger', 'frustration', 'sadness', 'fear', 'joy', 'gratitude', 'surprise', 'neutral'];
const SCORES_MAX = 12;
const history = new Map();
const bytes = (text) => Buffer.byteLength(text);
const decimal = (value) => Math.round(value * 1e4) / 1e4;

/** What `text` says, as the rest of a timeline row of `customer`; `of` is `{message}` or `{event}`. */
export function mood_of(customer, text, of) {
  const found = Object.entries(WORDS).flatMap(([word, [weight, emotion]]) => {
    const at = text.indexOf(word);
    return at < 0
      ? []
      : [{ start: bytes(text.slice(0, at)), end: bytes(text.slice(0, at) + word), weight, emotion }];
  });
  const sum = found.reduce((total, { weight }) => total + weight, 0);
  const score = decimal(Math.tanh(sum * 0.6));
  const size = Math.abs(score);
  const emotions = Object.fromEntries(EMOTIONS.map((name) => [name, 0.03]));
  for (const { emotion, weight } of found)
    emotions[emotion] = decimal(1 - (1 - emotions[emotion]) * Math.exp(-0.55 * Math.abs(weight)));
  emotions.neutral = decimal(1 - size);
  const scores = [...(history.get(customer) ?? []), score].slice(-SCORES_MAX);
  history.set(customer, scores);
  const [first] = scores;
  return {
    kind: 'mood',
    ...of,
    language: 'en',
    sentiment: {
      score,
      intensity: size,
      confidence: found.length ? decimal(0.45 + size / 2) : text.length < 12 ? 0.41 : 0.78,
      label: score < -0.2 ? 'negative' : score > 0.2 ? 'positive' : 'neutral',
    },
    emotions,
    sarcasm: text.includes('Thank you for nothing') ? 0.66 : 0.04,
    urgency: text.includes('today') ? 0.72 : 0.11,
    evidence: found
      .map(({ start, end, weight }) => ({ start, end, weight }))
      .sort((a, b) => a.start - b.start),
    tier: 0,
    model: 'text-1',
    average: decimal(scores.reduce((total, it) => total + it, 0) / scores.length),
    trend: scores.length < 3 ? 0 : decimal((score - first) / (scores.length - 1)),
    repeated_negatives: scores.slice(-3).filter((it) => it < -0.3).length === 3,
  };
}

export const ISSUES = ['delivery', 'payment', 'refund', 'sign in', 'size and fit'];
const ABOUT = [
  [/money back|refund/i, 'refund', 0.91],
  [/card|pay|checkout|declin/i, 'payment', 0.83],
  [/order|parcel|not here|address|deliver/i, 'delivery', 0.77],
  [/size|fit/i, 'size and fit', 0.58],
];

/** What `text` is about, as the rest of a timeline row; `of` is `{message}` or `{event}`. */
export function issue_of(text, of) {
  const [, label, p] = ABOUT.find(([words]) => words.test(text)) ?? [null, undefined, 0.72];
  return { kind: 'issue', ...of, ...(label ? { label } : {}), p, model: 'shop-issues' };
}

/** Timeline items with a mood, and what it is about, right after each message of the customer. */
export function with_moods(customer, items) {
  return items.flatMap((item) =>
    item.kind === 'message' && item.author === 'customer'
      ? [
          item,
          { seq: item.seq + 0.5, at: item.at, ...mood_of(customer, item.text, { message: item.message }) },
          { seq: item.seq + 0.75, at: item.at, ...issue_of(item.text, { message: item.message }) },
        ]
      : [item],
  );
}
