// One customer's timeline as it is read, pushed and written to.

import { api, explain } from './api';
import { mentions_of } from './mentions';
import { last_readings, merge_items, settle_pending, to_rows, type PendingMessage } from './timeline';
import type { AttachedFile, TimelineItem } from './wire';

const PAGE = 100;

export class Feed {
  items = $state.raw<TimelineItem[]>([]);
  pending = $state.raw<PendingMessage[]>([]);
  loading = $state(true);
  loading_older = $state(false);
  more = $state(false);
  failure = $state('');
  /** The newest sequence number read, so that a push continues from it. */
  seq = 0;

  private told = $derived(last_readings(this.items));
  rows = $derived(to_rows(this.told, this.pending));
  /** What the customer's words said, oldest first. */
  moods = $derived(this.told.filter((item) => item.kind === 'mood'));

  /** What the customer's messages speak of. */
  mentions = $derived(mentions_of(this.items));

  constructor(readonly customer: string) {}

  async load() {
    this.loading = true;
    this.failure = '';
    try {
      const page = await api.timeline(this.customer, {}, PAGE);
      this.add(page.items, page.seq);
      this.more = page.more;
    } catch (error) {
      this.failure = explain(error);
    } finally {
      this.loading = false;
    }
  }

  async load_older() {
    const first = this.items[0];
    if (!first || !this.more || this.loading_older) return;
    this.loading_older = true;
    try {
      const page = await api.timeline(this.customer, { before: first.seq }, PAGE);
      this.items = merge_items(this.items, page.items);
      this.more = page.more;
    } catch (error) {
      this.failure = explain(error);
    } finally {
      this.loading_older = false;
    }
  }

  async load_newer() {
    try {
      const page = await api.timeline(this.customer, { after: this.seq }, PAGE);
      this.add(page.items, page.seq);
    } catch {
      // the next read tries again
    }
  }

  add(items: TimelineItem[], seq: number) {
    this.items = merge_items(this.items, items);
    this.pending = settle_pending(this.pending, items);
    this.seq = Math.max(this.seq, seq, this.items[this.items.length - 1]?.seq ?? 0);
  }

  /** Shows the message at once and sends it; the same key again is the same message. */
  async send(
    conversation: string,
    text: string,
    author_name: string,
    client_key: string = crypto.randomUUID(),
    attachments: AttachedFile[] = [],
  ) {
    const at = new Date().toISOString();
    this.pending = [
      ...this.pending.filter((message) => message.client_key !== client_key),
      { client_key, conversation, text, at, attachments },
    ];
    try {
      const { seq, message } = await api.send_message(conversation, client_key, text, attachments);
      this.add(
        [
          {
            seq,
            at,
            kind: 'message',
            conversation,
            message,
            author: 'agent',
            author_name,
            text,
            client_key,
            attachments,
          },
        ],
        0,
      );
    } catch (error) {
      this.pending = this.pending.map((message) =>
        message.client_key === client_key ? { ...message, failed: explain(error) } : message,
      );
    }
  }
  discard(client_key: string) {
    this.pending = this.pending.filter((message) => message.client_key !== client_key);
  }
}
