/** Starts every kind of capture on this page. */
import type { EventQueue } from '../event-queue';
import { captureActive } from './active';
import { captureClicks } from './clicks';
import { captureDeadClicks } from './dead';
import { captureForms } from './forms';
import { captureHesitation } from './hesitation';
import { capturePages } from './pages';
import { listen, type Recorder, type Stop } from './recorder';
import { captureScroll } from './scroll';
import { captureThrash } from './thrash';

export function startCapture(queue: EventQueue): Stop {
  const record: Recorder = (name, properties) => queue.add('track', name, properties);
  const scroll = captureScroll(record);
  const stops = [
    captureClicks(record),
    captureDeadClicks(record),
    scroll.stop,
    captureActive(record),
    captureForms(record),
    captureThrash(record),
    captureHesitation(record),
    capturePages({
      page: (navigation) => {
        scroll.newPage();
        queue.add('page', undefined, { navigation });
      },
      leave: () => queue.add('track', 'overture:page_leave', {}),
    }),
    // Last, so that what the others add as the page goes is taken along.
    listen(document, ['visibilitychange'], () => document.hidden && queue.drain()),
    listen(window, ['pagehide'], () => queue.drain()),
  ];
  return () => stops.forEach((stop) => stop());
}
