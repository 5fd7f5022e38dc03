/** Who types and who read: told over the line, shown for a moment, kept by nobody but the highest mark. */
import { isOpen, type View } from '../../store';
import { h, setText } from '../../ui/dom';
import type { PanelContext } from '../texts';

const SAY_EVERY_MS = 3_000;
const SHOWN_FOR_MS = 6_000;

interface Frame {
  typing?: { conversation: string; author: string };
  read?: { conversation: string; by: string; seq: number };
}

export function createMarks({ t, session, store, line }: PanelContext, changed: () => void) {
  let saidAt = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let reported = 0;
  let staffRead = 0;
  const typing = h('p', { class: 'hint typing' });

  line.heard = (frame: Frame) => {
    const { conversation } = store.get();
    const { typing: types, read } = frame;
    if (types && types.conversation === conversation?.conversation && types.author === 'agent') {
      setText(typing, t('chat_typing', { name: conversation.agent_name || t('agent') }));
      clearTimeout(timer);
      timer = setTimeout(quiet, SHOWN_FOR_MS);
    }
    if (read && read.conversation === conversation?.conversation && read.by === 'agent') mark(read.seq);
  };

  function quiet(): void {
    clearTimeout(timer);
    setText(typing, '');
  }

  function mark(seq: number): void {
    if (seq <= staffRead) return;
    staffRead = seq;
    changed();
  }

  return {
    typing,
    quiet,
    mark,
    /** The last own message that staff read. */
    seen(view: View): string | undefined {
      return view.messages.filter((it) => it.author === 'customer' && it.seq <= staffRead).at(-1)?.message;
    },
    /** The customer types. */
    types(): void {
      const { conversation } = store.get();
      if (conversation?.status !== 'assigned' || Date.now() - saidAt < SAY_EVERY_MS) return;
      saidAt = Date.now();
      try {
        line.say({ typing: conversation.conversation });
      } catch {
        // Nobody learns of it: the socket is on its way.
      }
    },
    /** The customer looks at the chat: what is there is read. */
    async looks(view: View): Promise<void> {
      const { conversation } = view;
      const last = view.messages.filter((it) => it.author !== 'customer').at(-1);
      if (!last || !isOpen(conversation) || last.seq <= reported) return;
      reported = last.seq;
      await session
        .call('POST', `/conversations/${last.conversation}/read`, { seq: last.seq })
        .catch(() => (reported = 0));
    },
    forget(): void {
      reported = staffRead = saidAt = 0;
      quiet();
    },
  };
}
