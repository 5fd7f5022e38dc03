/** Every click, as a place and a hash; the server tells rage clicks from these. */
import { interactiveAncestor, isMarking, isStepper, isTextField, listenToClicks, targetHash } from './target';
import { pointOf, type Recorder, type Stop } from './recorder';

/** A click on a label makes the browser click its field too: that is one click. */
const LABEL_ECHO_MS = 50;

export function captureClicks(record: Recorder): Stop {
  let labelClickAtMs = -Infinity;
  let labelled: Element | null = null;

  return listenToClicks((event, source) => {
    if (labelled?.contains(source) && event.timeStamp - labelClickAtMs < LABEL_ECHO_MS) return;
    labelled = source.closest('label')?.control ?? null;
    if (labelled === source) labelled = null;
    labelClickAtMs = event.timeStamp;
    const { x, y } = pointOf(event);
    const interactive = interactiveAncestor(source) !== null;
    // Two and three clicks on a text select a word and a paragraph.
    const selects = !interactive && event.detail > 1 && isMarking();
    record('overture:click', {
      x: Math.round(x),
      y: Math.round(y),
      target: targetHash(source),
      interactive,
      text_field: isTextField(source) || selects,
      stepper: isStepper(source),
    });
  });
}
