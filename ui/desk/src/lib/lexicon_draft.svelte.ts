// The list of phrases as it is being edited. It outlives the page, so that a look elsewhere loses nothing.

import { api } from './api';
import {
  differences,
  key_of,
  meaning_of,
  MEANINGS,
  merge,
  phrase_problem,
  problems_of,
  sorted,
  tidy,
  type Meaning,
  type Merged,
} from './lexicon';
import { session } from './session.svelte';
import type { Lexicon, LexiconEntry } from './wire';

/** One line of the list. */
export interface Row extends LexiconEntry {
  id: number;
  meaning: Meaning;
}

class LexiconDraft {
  /** What the edit started from. */
  base = $state.raw<Lexicon | null>(null);
  rows = $state<Row[]>([]);
  /** A phrase, and the text that it is from, brought along from a conversation. */
  brought = $state.raw<{ phrase: string; text: string } | null>(null);
  private owner = '';
  private next_id = 1;

  readonly problems = $derived(problems_of(this.rows));
  readonly differences = $derived(this.base ? differences(this.base.entries, this.rows) : []);
  /** The entries that could be saved as they are. */
  readonly usable = $derived(this.rows.filter((_, place) => !this.problems.has(place)).map(plain));
  readonly is_changed = $derived(this.differences.length > 0 || this.problems.size > 0);

  /** Reads the list anew, unless the same person has changes to it here. */
  load = async (): Promise<Lexicon> => {
    const now = await api.lexicon();
    const me = session.me?.agent ?? '';
    if (!this.base || !this.is_changed || this.owner !== me) this.adopt(now);
    this.owner = me;
    return now;
  };

  adopt(list: Lexicon) {
    this.base = list;
    this.show(sorted(list.entries));
  }
  discard() {
    if (this.base) this.adopt(this.base);
  }
  /** What is written here and what `theirs` says, together, from theirs on. */
  put_together(theirs: Lexicon) {
    const { entries } = this.merged_with(theirs);
    this.base = theirs;
    this.show(entries);
  }
  merged_with(theirs: Lexicon): Merged {
    return merge(this.base?.entries ?? [], theirs.entries, this.rows.map(plain));
  }
  /** Puts entries on top; one whose phrase is there already is changed where it is. */
  put(entries: LexiconEntry[]) {
    const there = new Map(this.rows.map((row) => [key_of(row.phrase), row]));
    const added: Row[] = [];
    for (const entry of entries) {
      const key = key_of(entry.phrase);
      const row = there.get(key);
      if (row) {
        row.reads_as = entry.reads_as;
        row.meaning = meaning_of(entry.reads_as);
      } else {
        const fresh = this.row(entry);
        there.set(key, fresh);
        added.push(fresh);
      }
    }
    this.rows = [...added, ...this.rows];
  }
  remove(row: Row) {
    this.rows = this.rows.filter((one) => one.id !== row.id);
  }
  mean(row: Row, meaning: Meaning) {
    row.meaning = meaning;
    const chosen = MEANINGS.find((it) => it.id === meaning);
    row.reads_as = chosen ? chosen.reads_as : '';
  }
  private show(entries: LexiconEntry[]) {
    this.rows = entries.map((entry) => this.row(entry));
  }
  private row({ phrase, reads_as }: LexiconEntry): Row {
    return { id: this.next_id++, phrase, reads_as, meaning: meaning_of(reads_as) };
  }
}

function plain({ phrase, reads_as }: LexiconEntry): LexiconEntry {
  return { phrase: tidy(phrase), reads_as: tidy(reads_as) };
}

export const draft = new LexiconDraft();

/** What somebody marked with the mouse or the keyboard, where it is a part of `text` that can be a phrase. */
export function marked_in(text: string): string {
  const marked = tidy(getSelection()?.toString() ?? '');
  return marked && tidy(text).includes(marked) && !phrase_problem(marked) ? marked : '';
}
