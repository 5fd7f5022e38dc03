// The context of one customer, read again when something new is known about them.

import { api, explain } from './api';
import type { CustomerContext } from './wire';

const REFRESH_AFTER_MS = 1_200;
const REFRESH_EVERY_MS = 15_000;

export class ContextRead {
  value = $state.raw<CustomerContext | null>(null);
  failure = $state('');
  private soon: ReturnType<typeof setTimeout> | undefined;
  private stopped = false;

  constructor(readonly customer: string) {
    void this.load();
  }

  async load() {
    clearTimeout(this.soon);
    try {
      this.value = await api.context(this.customer);
      this.failure = '';
    } catch (error) {
      this.failure = explain(error);
    }
    this.schedule(REFRESH_EVERY_MS);
  }
  /** Something new arrived: read again shortly, once for a burst. */
  touch() {
    this.schedule(REFRESH_AFTER_MS);
  }
  stop() {
    this.stopped = true;
    clearTimeout(this.soon);
  }
  private schedule(ms: number) {
    clearTimeout(this.soon);
    if (!this.stopped) this.soon = setTimeout(() => void this.load(), ms);
  }
}
