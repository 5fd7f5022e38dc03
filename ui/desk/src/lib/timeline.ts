// From stored timeline items to the rows an agent reads: one order, day separators, noise folded, offers told once.

import { day_key } from './format';
import type {
  AttachedFile,
  CallItem,
  IssueItem,
  LabelledIssueItem,
  LabelledItem,
  MessageItem,
  MoodItem,
  OfferItem,
  TimelineItem,
  UtteranceItem,
} from './wire';

/** A message typed here that the server has not confirmed yet. */
export interface PendingMessage {
  client_key: string;
  conversation: string;
  text: string;
  at: string;
  attachments?: AttachedFile[];
  failed?: string;
}

export type Row =
  | { type: 'day'; key: string; at: string }
  | {
      type: 'message';
      key: string;
      item: MessageItem;
      starts_run: boolean;
      mood?: MoodItem | undefined;
      labelled?: LabelledItem | undefined;
      issue?: IssueItem | undefined;
      labelled_issue?: LabelledIssueItem | undefined;
    }
  | { type: 'pending'; key: string; pending: PendingMessage }
  | { type: 'noise'; key: string; items: TimelineItem[] }
  | { type: 'signal'; key: string; items: TimelineItem[] }
  | { type: 'offer'; key: string; item: OfferItem; trail: OfferItem[] }
  | { type: 'call'; key: string; call: string; changes: CallItem[]; said: UtteranceItem[] }
  | { type: 'event'; key: string; item: TimelineItem };

/** A run of at least this many quiet items folds into one row. */
const NOISE_RUN_MIN = 3;
/** Messages of one author closer than this read as one run. */
const RUN_GAP_MS = 120_000;

/** Merges two sorted lists by sequence number; the newer copy of an item wins. */
export function merge_items(known: TimelineItem[], arrived: TimelineItem[]): TimelineItem[] {
  if (arrived.length === 0) return known;
  const first = Math.min(...arrived.map((item) => item.seq));
  const last = known[known.length - 1];
  if (!last || first > last.seq) return [...known, ...sorted(arrived)];
  const by_seq = new Map(known.map((item) => [item.seq, item]));
  for (const item of arrived) by_seq.set(item.seq, item);
  return sorted([...by_seq.values()]);
}

function sorted(items: TimelineItem[]): TimelineItem[] {
  return [...items].sort((a, b) => a.seq - b.seq);
}

/** Drops what the server has confirmed, by the key both sides share. */
export function settle_pending(pending: PendingMessage[], items: TimelineItem[]): PendingMessage[] {
  if (pending.length === 0) return pending;
  const confirmed = new Set(
    items.flatMap((item) => (item.kind === 'message' && item.client_key ? [item.client_key] : [])),
  );
  return pending.filter((message) => !confirmed.has(message.client_key));
}

/** Each text with its last reading, where its first one stood: a slower model may read it anew. */
export function last_readings(items: TimelineItem[]): TimelineItem[] {
  const anew = new Map<number, MoodItem>();
  for (const item of items) if (item.kind === 'mood' && item.replaces) anew.set(item.replaces, item);
  if (anew.size === 0) return items;
  const stands = new Set(items.flatMap((item) => (anew.has(item.seq) ? [item.seq] : [])));
  return items.flatMap((item) => {
    const later = anew.get(item.seq);
    if (later) return [{ ...later, seq: item.seq, at: item.at }];
    return item.kind === 'mood' && item.replaces && stands.has(item.replaces) ? [] : [item];
  });
}

export function to_rows(items: TimelineItem[], pending: PendingMessage[] = []): Row[] {
  const rows: Row[] = [];
  const said = said_of(items);
  const offers = new Map<string, Extract<Row, { type: 'offer' }>>();
  const calls = new Map<string, CallRow>();
  let day: number | undefined;
  let quiet: TimelineItem[] = [];

  const flush = () => {
    if (quiet.length >= NOISE_RUN_MIN) rows.push({ type: 'noise', key: `n${quiet[0]!.seq}`, items: quiet });
    else for (const item of quiet) rows.push({ type: 'event', key: `e${item.seq}`, item });
    quiet = [];
  };

  for (const item of items) {
    if (is_told_elsewhere(item)) continue;
    const its_day = day_key(item.at);
    if (its_day !== day) {
      flush();
      day = its_day;
      rows.push({ type: 'day', key: `d${its_day}`, at: item.at });
    }
    if (is_noise(item)) {
      quiet.push(item);
      continue;
    }
    if (item.kind === 'offer') {
      const told = offers.get(item.offer);
      if (told) {
        told.trail.push(item);
        told.item = item;
        continue;
      }
      flush();
      const row: Extract<Row, { type: 'offer' }> = {
        type: 'offer',
        key: `o${item.offer}`,
        item,
        trail: [item],
      };
      offers.set(item.offer, row);
      rows.push(row);
      continue;
    }
    if (item.kind === 'call' || item.kind === 'utterance') {
      const told = calls.get(item.call);
      if (!told) flush();
      const row = told ?? { type: 'call', key: `c${item.call}`, call: item.call, changes: [], said: [] };
      if (item.kind === 'call') row.changes.push(item);
      else row.said.push(item);
      if (!told) rows.push(row);
      calls.set(item.call, row);
      continue;
    }
    if (item.kind === 'mood' && is_told_by(item, quiet[quiet.length - 1])) quiet.pop();
    flush();
    rows.push(row_of(item, rows, said));
  }
  flush();
  for (const message of pending)
    rows.push({ type: 'pending', key: `p${message.client_key}`, pending: message });
  return fold_signals(rows);
}

/** What was read of messages, by the message, and what staff said of them, by the message's row: the last word. */
interface Said {
  moods: Map<string, MoodItem>;
  issues: Map<string, IssueItem>;
  labels: Map<number, LabelledItem>;
  labelled_issues: Map<number, LabelledIssueItem>;
}

function said_of(items: TimelineItem[]): Said {
  const said: Said = { moods: new Map(), issues: new Map(), labels: new Map(), labelled_issues: new Map() };
  for (const item of items) {
    if (item.kind === 'mood' && item.message) said.moods.set(item.message, item);
    else if (item.kind === 'issue' && item.message) said.issues.set(item.message, item);
    else if (item.kind === 'labelled') said.labels.set(item.row, item);
    else if (item.kind === 'labelled_issue') said.labelled_issues.set(item.row, item);
  }
  return said;
}

/** What belongs to a message is told with it; that an event is about none of the issues is not worth a line. */
function is_told_elsewhere(item: TimelineItem): boolean {
  if (item.kind === 'labelled' || item.kind === 'labelled_issue') return true;
  if (item.kind === 'issue') return item.message !== undefined || item.label === undefined;
  return item.kind === 'mood' && Boolean(item.message);
}

function row_of(item: TimelineItem, rows: Row[], said: Said): Row {
  if (item.kind === 'message') {
    const is_customers = item.author === 'customer';
    const mood = is_customers ? said.moods.get(item.message) : undefined;
    const issue = is_customers ? said.issues.get(item.message) : undefined;
    const labelled = said.labels.get(item.seq);
    const labelled_issue = said.labelled_issues.get(item.seq);
    return {
      type: 'message',
      key: `m${item.seq}`,
      item,
      starts_run: !continues_run(item, rows),
      mood,
      labelled,
      issue,
      labelled_issue,
    };
  }
  if (item.kind === 'behaviour') return { type: 'signal', key: `s${item.seq}`, items: [item] };
  return { type: 'event', key: `e${item.seq}`, item };
}

/** The event whose words these are: one line tells both. */
function is_told_by(mood: MoodItem, before: TimelineItem | undefined): boolean {
  return before?.kind === 'custom' && before.name === mood.event;
}

function continues_run(item: MessageItem, rows: Row[]): boolean {
  const last = rows[rows.length - 1];
  if (last?.type !== 'message') return false;
  const close = Date.parse(item.at) - Date.parse(last.item.at) < RUN_GAP_MS;
  return close && last.item.author === item.author && last.item.author_name === item.author_name;
}

/** Within one run of struggles, each kind is one row that counts. */
function fold_signals(rows: Row[]): Row[] {
  const out: Row[] = [];
  let run = new Map<string, SignalRow>();
  for (const row of rows) {
    if (row.type !== 'signal') {
      run = new Map();
      out.push(row);
      continue;
    }
    const known = run.get(signal_name(row));
    if (known) {
      known.items.push(...row.items);
      continue;
    }
    run.set(signal_name(row), row);
    out.push(row);
  }
  return out;
}

type CallRow = Extract<Row, { type: 'call' }>;
type SignalRow = Extract<Row, { type: 'signal' }>;

function signal_name(row: SignalRow): string {
  const item = row.items[0];
  return item?.kind === 'behaviour' ? item.name : '';
}

function is_noise(item: TimelineItem): boolean {
  // a refused use of an authorization is worth a line of its own
  return item.kind === 'page' || item.kind === 'custom' || (item.kind === 'grant' && item.state !== 'denied');
}

/** "6 pages and 2 other events, last /checkout". */
export function noise_summary(items: TimelineItem[]): string {
  const pages = items.filter((item) => item.kind === 'page');
  const other = items.length - pages.length;
  const parts = [
    pages.length ? `${pages.length} ${pages.length === 1 ? 'page' : 'pages'}` : '',
    other ? `${other} ${pages.length ? 'other ' : ''}${other === 1 ? 'event' : 'events'}` : '',
  ].filter(Boolean);
  const last = pages[pages.length - 1];
  return parts.join(' and ') + (last?.kind === 'page' ? `, last ${last.path}` : '');
}
