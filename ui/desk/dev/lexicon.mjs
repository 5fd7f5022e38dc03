// The list of phrases for the mock: one saved list and its revisions, tried with the mock's own words.
import { at } from './data.mjs';
import { mood_of } from './mood.mjs';

const NOW = () => new Date().toISOString();
const saved = (revision, entries, saved_at, saved_by, note) => ({
  revision,
  entries,
  saved_at,
  saved_by,
  note,
});
const FIRST = [
  { phrase: 'OOS', reads_as: 'out of stock' },
  { phrase: 'sick', reads_as: 'great' },
];
const SECOND = [
  ...FIRST,
  { phrase: 'kill the job', reads_as: 'end the job' },
  { phrase: 'Panic 3000', reads_as: '' },
  { phrase: 'fed up', reads_as: 'full' },
  { phrase: 'ghosted', reads_as: 'terrible' },
  { phrase: 'Überflieger-Abo', reads_as: '' },
];

/** The routes, over a memory of their own. */
export function lexicon_routes({ empty, name }) {
  const all = empty
    ? []
    : [
        saved(1, FIRST, at(400000), 'Aiko Brandt', ''),
        saved(2, SECOND, at(86000), 'Mara Lindqvist', 'Words of the spring campaign, and the product names'),
      ];
  const newest = () => all.at(-1) ?? { revision: 0, entries: [], note: '' };
  const put = (entries, note) => {
    all.push(saved(newest().revision + 1, entries, NOW(), name(), note));
    return [200, newest()];
  };
  const stale = () => [
    409,
    { code: 'stale_revision', message: 'the list changed meanwhile', current: newest().revision },
  ];
  const read = (text, tier, model) => {
    const { kind, average, trend, repeated_negatives, ...score } = mood_of('trial', text, {});
    return { ...score, tier, model };
  };
  return [
    ['GET', '/v1/admin/lexicon', () => [200, newest()]],
    [
      'PUT',
      '/v1/admin/lexicon',
      ({ body }) => (body.base_revision === newest().revision ? put(body.entries, body.note) : stale()),
    ],
    [
      'GET',
      '/v1/admin/lexicon/revisions',
      () => [
        200,
        { revisions: all.map(({ entries, ...it }) => ({ ...it, phrases: entries.length })).reverse() },
      ],
    ],
    ['GET', '/v1/admin/lexicon/revisions/:revision', ({ revision }) => [200, all[revision - 1]]],
    [
      'POST',
      '/v1/admin/lexicon/rollback',
      ({ body }) =>
        body.base_revision === newest().revision
          ? put(all[body.revision - 1].entries, `as revision ${body.revision}`)
          : stale(),
    ],
    [
      'POST',
      '/v1/admin/lexicon/trial',
      ({ body: { text, entries } }) => {
        const found = entries.filter((it) => text.includes(it.phrase));
        const rewritten = found.reduce((now, it) => now.replaceAll(it.phrase, it.reads_as || ' '), text);
        const bytes = (from) => Buffer.byteLength(from);
        const phrases = found.map(({ phrase }) => {
          const start = bytes(text.slice(0, text.indexOf(phrase)));
          return { start, end: start + bytes(phrase) };
        });
        const reading = (tier, model) => {
          const [without, other] = [read(text, tier, model), read(rewritten, tier, `${model}+words`)];
          const evidence = phrases.map((place) => ({ ...place, weight: other.sentiment.score * 2 }));
          return { tier, model, without, with: { ...other, evidence } };
        };
        return [200, { rewritten, phrases, readings: [reading(0, 'text-1'), reading(1, 'text-1-encoder')] }];
      },
    ],
  ];
}
