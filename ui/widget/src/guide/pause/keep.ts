/** A pause outlives a reload: its draft waits in this tab's storage, where that is allowed. It is never sent. */
import type { Place } from './place';
import type { PauseDoor } from './types';

const VERSION = 2;
/** Pages that may be left paused at once; the one that was paused first gives way. */
const DRAFTS_MAX = 5;
/** A draft older than this is not offered again. */
const KEPT_MAX_MS = 24 * 3_600_000;

export interface Kept {
  /** The pause's own key. */
  pause: string;
  /** The page it was made on; each has one draft. */
  path: string;
  draft: string;
  place: Place;
  atMs: number;
}

function all(door: PauseDoor): Kept[] {
  try {
    const found = JSON.parse(door.kept() || 'null') as { version: number; drafts: Kept[] } | null;
    if (found?.version !== VERSION) return [];
    return found.drafts.filter(({ atMs }) => Date.now() - atMs <= KEPT_MAX_MS);
  } catch {
    return [];
  }
}

const save = (door: PauseDoor, drafts: Kept[]): void =>
  void door.kept(drafts.length ? JSON.stringify({ version: VERSION, drafts }) : '');

/** Keeps the draft of a page in place of the one it had. */
export const keep = (door: PauseDoor, kept: Kept): void =>
  save(door, [...all(door).filter(({ path }) => path !== kept.path), kept].slice(-DRAFTS_MAX));

export const keptFor = (door: PauseDoor, path: string): Kept | undefined =>
  all(door).find((it) => it.path === path);

/** The page has its draft back, or the customer does not want it. */
export const forget = (door: PauseDoor, pause: string): void =>
  save(
    door,
    all(door).filter((it) => it.pause !== pause),
  );

export const forgetAll = (door: PauseDoor): void => save(door, []);
