/** Every click, as a place and a hash; the server tells rage clicks from these. */
import { interactiveAncestor, isStepper, isTextField, sourceOf, targetHash } from './target';
import { listen, type Recorder, type Stop } from './recorder';

/** A click on a label makes the browser click its field too: that is one click. */
const LABEL_ECHO_MS = 50;

export function captureClicks(record: Recorder): Stop {
  let labelClickAtMs = -Infinity;
  let labelled: Element | null = null;

  return listen(document, ['click'], (event) => {
    const source = sourceOf(event);
    if (!source) return;
    if (labelled?.contains(source) && event.timeStamp - labelClickAtMs < LABEL_ECHO_MS) return;
    labelled = source.closest('label')?.control ?? null;
    if (labelled === source) labelled = null;
    labelClickAtMs = event.timeStamp;
    const { clientX, clientY } = event as MouseEvent;
    record('overture:click', {
      x: Math.round(clientX),
      y: Math.round(clientY),
      target: targetHash(source),
      interactive: interactiveAncestor(source) !== null,
      text_field: isTextField(source) || isStepper(source),
    });
  });
}
