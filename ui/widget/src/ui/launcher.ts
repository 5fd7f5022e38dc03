/** The Help button: always there, whatever the server does. */
import { h, setText } from './dom';
import { helpIcon } from './icons';
import { inTheWay, settle } from './place';
import type { WidgetContext } from './context';

/** Half its height: every bubble in its corner is hit. */
const STEP_PX = 24;

export function createLauncher({ t, host, brand }: WidgetContext, open: () => void) {
  const text = h('span');
  const element = h(
    'button',
    { class: 'launcher', type: 'button', 'aria-haspopup': 'dialog', onclick: open },
    helpIcon(),
    text,
  );

  return {
    element,
    /** Moves to the other side of the page, or up, when it would cover what the visitor needs. */
    keepClear(): void {
      // What moves from under the finger is never clicked.
      if (element.hidden || element.matches(':active')) return;
      const before = element.getAttribute('data-side');
      const [here, there] = brand()?.look.position === 'start' ? ['start', 'end'] : ['end', 'start'];
      // It stays on the other side while it can.
      const order = before === there ? [there, here, 'top'] : [here, there, 'top'];
      settle(element, 'data-side', order, () => !inTheWay(host, element, STEP_PX));
    },
    update(hidden: boolean): void {
      element.hidden = hidden;
      setText(text, t('help'));
    },
  };
}
