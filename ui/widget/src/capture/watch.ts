/** Everything that is noticed on a page, but for which pages there are. */
import type { EventQueue } from '../event-queue';
import { captureActive } from './active';
import { captureClicks } from './clicks';
import { captureDeadClicks } from './dead';
import { captureForms } from './forms';
import { captureHesitation } from './hesitation';
import { addFrame, captureFrames, captureVisitor, together, type Recorder } from './recorder';
import { captureScroll } from './scroll';
import { captureThrash } from './thrash';
import type { Thresholds } from '../types';

export function startWatch(queue: Pick<EventQueue, 'add'>, thresholds: Thresholds) {
  const record: Recorder = (name, properties) => queue.add('track', name, properties);
  const scroll = captureScroll(record);
  const forms = captureForms(record);
  const active = captureActive(record, thresholds);
  return {
    stop: together(
      captureVisitor(),
      captureClicks(record),
      captureDeadClicks(record, thresholds),
      scroll.stop,
      active.stop,
      forms.stop,
      captureThrash(record, thresholds),
      captureHesitation(record, thresholds),
      captureFrames(),
    ),
    leavePage: together(active.leave, scroll.leave),
    error: forms.error,
    addFrame,
  };
}

export type StartWatch = typeof startWatch;
export type Watch = ReturnType<StartWatch>;
