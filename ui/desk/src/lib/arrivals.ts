// What is new between two states of the desk, so that a person hears each thing once.

import type { Conversation, DeskState, Reservation } from './wire';

export type Arrival =
  { type: 'reservation'; reservation: Reservation } | { type: 'message'; conversation: Conversation };

/** The first state announces only waiting reservations: old messages are not news. */
export function fresh_arrivals(before: DeskState | null, after: DeskState): Arrival[] {
  const known = new Set(before?.reservations.map((reservation) => reservation.reservation));
  const out: Arrival[] = after.reservations
    .filter((reservation) => !known.has(reservation.reservation))
    .map((reservation) => ({ type: 'reservation', reservation }));
  if (!before) return out;
  const unread_before = new Map(before.conversations.map((c) => [c.conversation, c]));
  for (const conversation of after.conversations) {
    const earlier = unread_before.get(conversation.conversation);
    if (conversation.agent !== after.me.agent || !earlier) continue;
    const is_news =
      conversation.unread > 0 &&
      conversation.last_at > earlier.last_at &&
      conversation.unread >= earlier.unread;
    if (is_news) out.push({ type: 'message', conversation });
  }
  return out;
}
