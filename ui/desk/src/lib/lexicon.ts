// The organisation's list of phrases that read as other words: what is wrong with it, what differs, how two edits go together.

import type { LexiconEntry } from './wire';

/** The server's limits, in characters. */
export const ENTRIES_MAX = 2000;
export const PHRASE_CHARS_MAX = 80;
export const READS_AS_CHARS_MAX = 80;
export const NOTE_CHARS_MAX = 200;

/** What people choose from, and the words that models then read. */
export const MEANINGS = [
  { id: 'good', label: 'Something good', reads_as: 'great' },
  { id: 'bad', label: 'Something bad', reads_as: 'terrible' },
  { id: 'nothing', label: 'Nothing about feeling', reads_as: '' },
] as const;
export type Meaning = (typeof MEANINGS)[number]['id'] | 'own';

export function meaning_of(reads_as: string): Meaning {
  return MEANINGS.find((it) => it.reads_as === tidy(reads_as))?.id ?? 'own';
}

/** "great", or what stands for no words at all. */
export function reads_as_text(reads_as: string): string {
  return tidy(reads_as) || 'nothing';
}

export function tidy(text: string): string {
  return text.trim().split(/\s+/u).join(' ');
}

/** Phrases with one key are one phrase: case, white space and the shape of an apostrophe do not count. */
export function key_of(phrase: string): string {
  return tidy(phrase)
    .toUpperCase()
    .toLowerCase()
    .replace(/[\u2019\u02bc]/gu, "'");
}

const chars = (text: string) => [...text].length;
const HAS_LETTER = /[\p{L}\p{N}]/u;
/** Control characters. */
const NO_TEXT = /\p{Cc}/u;

/** Why the phrase cannot be used; empty where it can. */
export function phrase_problem(phrase: string): string {
  const text = tidy(phrase);
  if (!text) return 'Write the phrase';
  if (!HAS_LETTER.test(text)) return 'A letter or a digit is needed';
  if (chars(text) > PHRASE_CHARS_MAX || NO_TEXT.test(text)) return `At most ${PHRASE_CHARS_MAX} characters`;
  return '';
}

export function reads_as_problem(reads_as: string): string {
  const text = tidy(reads_as);
  return chars(text) > READS_AS_CHARS_MAX || NO_TEXT.test(text)
    ? `At most ${READS_AS_CHARS_MAX} characters`
    : '';
}

/** By place, what is wrong with an entry; entries that can be used are not in it. */
export function problems_of(entries: LexiconEntry[]): Map<number, string> {
  const problems = new Map<number, string>();
  const seen = new Set<string>();
  entries.forEach(({ phrase, reads_as }, place) => {
    const key = key_of(phrase);
    const problem =
      phrase_problem(phrase) ||
      reads_as_problem(reads_as) ||
      (seen.has(key) ? 'This phrase is in the list already' : '');
    if (problem) problems.set(place, problem);
    else seen.add(key);
  });
  return problems;
}

/** What a phrase read as, and reads as; `null` where it is not in the list. */
export interface Difference {
  phrase: string;
  was: string | null;
  is: string | null;
}

/** The phrases that are not the same in both lists, in the order of the alphabet. */
export function differences(before: LexiconEntry[], after: LexiconEntry[]): Difference[] {
  const [old_list, new_list] = [by_key(before), by_key(after)];
  const found: Difference[] = [];
  for (const key of new Set([...old_list.keys(), ...new_list.keys()])) {
    const [was, is] = [old_list.get(key), new_list.get(key)];
    if (was?.reads_as === is?.reads_as && was?.phrase === is?.phrase) continue;
    found.push({ phrase: (is ?? was)!.phrase, was: was?.reads_as ?? null, is: is?.reads_as ?? null });
  }
  return found.sort((a, b) => a.phrase.localeCompare(b.phrase));
}

/** "2 added, 1 changed, 1 removed" */
export function differences_text(all: Difference[]): string {
  const count = (one: (it: Difference) => boolean) => all.filter(one).length;
  const parts: [number, string][] = [
    [count((it) => it.was === null), 'added'],
    [count((it) => it.was !== null && it.is !== null), 'changed'],
    [count((it) => it.is === null), 'removed'],
  ];
  const said = parts.filter(([n]) => n > 0).map(([n, what]) => `${n} ${what}`);
  return said.join(', ') || 'no difference';
}

export interface Merged {
  entries: LexiconEntry[];
  /** Phrases that both edits changed, each to something else: `was` is theirs, `is` mine, which is taken. */
  collisions: Difference[];
}

/** Puts two edits of one list together. Where both changed a phrase, mine is taken and the collision is told. */
export function merge(base: LexiconEntry[], theirs: LexiconEntry[], mine: LexiconEntry[]): Merged {
  const [was, there, here] = [by_key(base), by_key(theirs), by_key(mine)];
  const collisions: Difference[] = [];
  const entries: LexiconEntry[] = [];
  for (const key of new Set([...here.keys(), ...there.keys(), ...was.keys()])) {
    const [old, their, my] = [was.get(key), there.get(key), here.get(key)];
    const changed_here = !same(old, my);
    if (changed_here && !same(old, their) && their?.reads_as !== my?.reads_as) {
      const phrase = (my ?? their ?? old)!.phrase;
      collisions.push({ phrase, was: their?.reads_as ?? null, is: my?.reads_as ?? null });
    }
    const taken = changed_here ? my : their;
    if (taken) entries.push(taken);
  }
  return { entries: sorted(entries), collisions };
}

export function sorted(entries: LexiconEntry[]): LexiconEntry[] {
  return [...entries].sort((a, b) => a.phrase.localeCompare(b.phrase));
}

export interface Pasted {
  entries: LexiconEntry[];
  /** Lines that say no entry, counted from 1. */
  wrong: { line: number; problem: string }[];
}

/** Reads many lines at once: `phrase = reads as`, or with a tab between as a table copies them; empty lines do not count. */
export function read_lines(text: string): Pasted {
  const pasted: Pasted = { entries: [], wrong: [] };
  text.split(/\r?\n/u).forEach((line, place) => {
    if (!line.trim()) return;
    const cut = line.includes('\t') ? line.indexOf('\t') : line.indexOf('=');
    const entry = {
      phrase: tidy(line.slice(0, cut < 0 ? undefined : cut)),
      reads_as: tidy(line.slice(cut + 1)),
    };
    const problem =
      cut < 0 ? 'There is no =' : phrase_problem(entry.phrase) || reads_as_problem(entry.reads_as);
    if (problem) pasted.wrong.push({ line: place + 1, problem });
    else pasted.entries.push(entry);
  });
  return pasted;
}

function by_key(entries: LexiconEntry[]): Map<string, LexiconEntry> {
  return new Map(
    entries.map((it) => [key_of(it.phrase), { phrase: tidy(it.phrase), reads_as: tidy(it.reads_as) }]),
  );
}

function same(a: LexiconEntry | undefined, b: LexiconEntry | undefined): boolean {
  return a?.phrase === b?.phrase && a?.reads_as === b?.reads_as;
}
