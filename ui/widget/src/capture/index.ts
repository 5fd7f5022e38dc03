/** What is noticed on a page, once the visitor may be watched. What happens in forms is understood by a script of its own. */
import type { EventQueue } from '../event-queue';
import type { CreateForms } from './forms';
import { listen, together, type Stop } from './listen';
import { capturePages } from './pages';
import { addFrame } from './recorder';
import { startWatch, type Watch } from './watch';
import type { Thresholds } from '../types';

export function createCapture(
  queue: EventQueue,
  path: () => string,
  thresholds: () => Thresholds,
  loadForms: (failed: () => void) => void,
) {
  let createForms: CreateForms | undefined;
  let watch: Watch | undefined;
  let stop: Stop | undefined;

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
        (watch = startWatch(queue, thresholds(), loadForms)).stop,
        // Last of all that listens, so that what the others add as the page goes is taken along.
        listen('visibilitychange', () => document.hidden && queue.drain()),
        listen('pagehide', queue.drain, window),
      );
      if (createForms) watch.forms.arrived(createForms);
    },
    stop(): void {
      stop?.();
      stop = watch = undefined;
    },
    /** The script that understands forms has come. */
    arrived(create: CreateForms): void {
      createForms ??= create;
      watch?.forms.arrived(createForms);
    },
    /** The site's own word on a field. */
    error(field: string, code: string): void {
      if (watch) watch.forms.error(field, code);
      else queue.add('track', 'overture:form_error', { form: '', field, code });
    },
    /** A frame of the page's own origin is captured like the page. */
    frame(frame: HTMLIFrameElement): void {
      frame.setAttribute('data-overture-capture', '');
      if (watch) addFrame(frame);
    },
  };
}
