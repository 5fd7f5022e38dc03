/** What the tests share: a queue that keeps what would leave the browser, and small page builders. */
import { createEventQueue, type SendResult } from '../src/event-queue';
import type { CapturedEvent, Thresholds } from '../src/types';

/** As the shipped policy has them. */
export const THRESHOLDS: Thresholds = {
  slow_click_ms: 3_000,
  dead_click_ms: 7_000,
  hesitation_ms: 30_000,
  thrash_reversals: 4,
  thrash_window_ms: 2_000,
  idle_ms: 30_000,
};

/** A queue that may send, whose every outgoing byte is kept in `sent`. */
export function recordingQueue(answer: () => SendResult = () => ({ status: 200 })) {
  const sent: string[] = [];
  const beacons: string[] = [];
  const queue = createEventQueue({
    writeKey: 'wk',
    path: () => '/page',
    send: async (body) => {
      sent.push(body);
      return answer();
    },
    beacon: (body) => beacons.push(body) > 0,
  });
  queue.allow(true);
  const events = (): CapturedEvent[] =>
    [...sent, ...beacons].flatMap((body) => (JSON.parse(body) as { batch: CapturedEvent[] }).batch);
  return { queue, sent, beacons, events };
}

/** A recorder for one capture module: names with their properties, in order. */
export function recorder() {
  const facts: { name: string; properties: Record<string, unknown> }[] = [];
  return {
    facts,
    record: (name: string, properties: Record<string, unknown>) => void facts.push({ name, properties }),
    named: (name: string) => facts.filter((it) => it.name === name),
  };
}

export function click(element: Element, init: MouseEventInit = {}): void {
  element.dispatchEvent(new MouseEvent('pointerdown', { bubbles: true, composed: true, ...init }));
  element.dispatchEvent(
    new MouseEvent('click', { bubbles: true, composed: true, cancelable: true, detail: 1, ...init }),
  );
}
