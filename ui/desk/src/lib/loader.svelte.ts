// One read from the server with its three faces: loading, failed, here.

import { explain } from './api';

export class Loader<T> {
  value = $state.raw<T | null>(null);
  failure = $state('');
  busy = $state(false);

  constructor(private readonly read: () => Promise<T>) {
    void this.load();
  }
  load = async () => {
    this.busy = true;
    try {
      this.value = await this.read();
      this.failure = '';
    } catch (error) {
      this.failure = explain(error);
    } finally {
      this.busy = false;
    }
  };
}
