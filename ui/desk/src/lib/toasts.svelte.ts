// Short notes about what just happened.

export interface Toast {
  id: number;
  text: string;
  tone: 'ok' | 'bad';
}

const SHOWN_MS = 5000;

class Toasts {
  list = $state<Toast[]>([]);
  private next_id = 1;

  ok(text: string) {
    this.add(text, 'ok');
  }
  bad(text: string) {
    this.add(text, 'bad');
  }
  close(id: number) {
    this.list = this.list.filter((toast) => toast.id !== id);
  }
  private add(text: string, tone: Toast['tone']) {
    const id = this.next_id++;
    this.list = [...this.list.slice(-1), { id, text, tone }];
    setTimeout(() => this.close(id), tone === 'bad' ? SHOWN_MS * 2 : SHOWN_MS);
  }
}

export const toasts = new Toasts();
