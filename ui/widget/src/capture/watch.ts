/** Everything that is noticed on a page, but for which pages there are. */
import type { EventQueue } from '../event-queue';
import { captureActive } from './active';
import { captureClicks } from './clicks';
import { captureDeadClicks } from './dead';
import { openFormDoor } from './form-door';
import { captureFrames, captureVisitor, together, type Recorder } from './recorder';
import { captureScroll } from './scroll';
import { captureThrash } from './thrash';
import type { Thresholds } from '../types';

export function startWatch(
  queue: Pick<EventQueue, 'add'>,
  thresholds: Thresholds,
  loadForms: (failed: () => void) => void,
) {
  const record: Recorder = (name, properties) => queue.add('track', name, properties);
  const visitor = captureVisitor();
  const scroll = captureScroll(record);
  const forms = openFormDoor(record, thresholds, loadForms);
  const active = captureActive(record, thresholds);
  return {
    stop: together(
      visitor,
      captureClicks(record),
      captureDeadClicks(record, thresholds),
      scroll.stop,
      active.stop,
      forms.stop,
      captureThrash(record, thresholds),
      captureFrames(),
    ),
    leavePage: together(active.leave, scroll.leave),
    forms,
  };
}

export type Watch = ReturnType<typeof startWatch>;
