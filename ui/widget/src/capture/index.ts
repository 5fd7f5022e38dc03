/** What every page carries of capture: its pages. The rest is fetched once the visitor may be watched. */
import type { EventQueue } from '../event-queue';
import { listen, together, type Stop } from './listen';
import { capturePages } from './pages';
import type { StartWatch, Watch } from './watch';
import type { Thresholds } from '../types';

export function createCapture(
  queue: EventQueue,
  path: () => string,
  thresholds: () => Thresholds,
  load: () => void,
) {
  let startWatch: StartWatch | undefined;
  let watch: Watch | undefined;
  let stop: Stop | undefined;
  let stopDrain: Stop = () => {};

  /** Last of all that listens, so that what the others add as the page goes is taken along. */
  function drainLast(): void {
    stopDrain();
    stopDrain = together(
      listen('visibilitychange', () => document.hidden && queue.drain()),
      listen('pagehide', queue.drain, window),
    );
  }

  function watchNow(): void {
    if (!startWatch || watch || !stop) return;
    watch = startWatch(queue, thresholds());
    drainLast();
  }

  return {
    start(): void {
      stop = together(
        capturePages(
          {
            page: (navigation) => queue.add('page', undefined, { navigation }),
            leave: () => {
              watch?.leavePage();
              queue.add('track', 'overture:page_leave', {});
            },
          },
          path,
        ),
        () => watch?.stop(),
        () => stopDrain(),
      );
      drainLast();
      if (startWatch) watchNow();
      else load();
    },
    stop(): void {
      stop?.();
      stop = watch = undefined;
    },
    /** The script that notices the rest has come. */
    arrived(start: StartWatch): void {
      startWatch ??= start;
      watchNow();
    },
    /** The site's own word on a field. */
    error(field: string, code: string): void {
      if (watch) watch.error(field, code);
      else queue.add('track', 'overture:form_error', { form: '', field, code });
    },
    /** A frame of the page's own origin is captured like the page. */
    frame(frame: HTMLIFrameElement): void {
      frame.setAttribute('data-overture-capture', '');
      watch?.addFrame(frame);
    },
  };
}
