/** What of the news concerns the customer: tells the page, says it to a screen reader, and counts it on the Help button. */
import { readNews } from '../rules';
import type { View } from '../store';
import type { PanelHooks } from '../ui/context';
import { h, setText } from '../ui/dom';
import type { PanelContext } from './texts';

export function createInbox(
  { t, store, emit, announce }: PanelContext,
  { launcher }: PanelHooks,
  showsChat: () => boolean,
) {
  // Unseen from the first: the next look for a free place would count its coming and going as a shift.
  const badge = h('span', { class: 'badge', 'aria-hidden': 'true', hidden: true });
  launcher.append(badge);

  function update({ unread }: View): void {
    badge.hidden = unread === 0;
    setText(badge, unread ? String(unread) : '');
    if (unread) launcher.setAttribute('aria-label', t('help_unread', { count: unread }));
    else launcher.removeAttribute('aria-label');
  }

  function read(): void {
    if (showsChat() && store.get().unread) store.set({ unread: 0 });
  }

  store.subscribe((view, before) => {
    const { conversation: now } = view;
    if (now && now.status !== before.conversation?.status)
      emit('conversation', { conversation: now.conversation, status: now.status, channel: now.channel });
    for (const it of view.messages)
      if (!before.messages.includes(it))
        emit('message', { conversation: it.conversation, author: it.author });
    const message = view.messages.at(-1);
    if (!message || message === before.messages.at(-1) || view.unread <= before.unread) return;
    if (showsChat() && !document.hidden) read();
    else announce(t('new_message', { name: message.author_name || t('agent') }));
  });
  store.learn(readNews);

  return { update, read };
}
