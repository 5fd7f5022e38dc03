/** The Help button: always there, whatever the server does. */
import { h, setText } from './dom';
import { icon } from './icons';
import { keepClear } from './keep-clear';
import type { WidgetContext } from './context';

export function createLauncher({ t }: WidgetContext, open: () => void) {
  const text = h('span', {}, t('help'));
  const badge = h('span', { class: 'badge', 'aria-hidden': 'true', hidden: true });
  const element = h(
    'button',
    { class: 'launcher', type: 'button', 'data-side': 'end', 'aria-haspopup': 'dialog', onclick: open },
    icon('help'),
    text,
    badge,
  );

  return {
    element,
    /** Moves to the other side of the page when it would cover the field in use. */
    keepClear: () => keepClear(element, 'data-side', ['end', 'start', 'top']),
    update(unread: number, hidden: boolean): void {
      element.hidden = hidden;
      badge.hidden = unread === 0;
      setText(badge, unread ? String(unread) : '');
      if (unread) element.setAttribute('aria-label', t('help_unread', { count: unread }));
      else element.removeAttribute('aria-label');
    },
  };
}
