/** How offers with a chat are paced, while somebody takes chats. */
export interface Offers {
  mode: 'expected' | 'held';
  /** Not answered yet. */
  open: number;
  /** How many of them are expected to become chats. */
  expected: number;
  seats_held: number;
  seats: number;
  /** The probability of an answer within `target_s` if one more offer is accepted. */
  in_time: number;
  /** Whether that is enough to offer one more. */
  level_holds: boolean;
  target_s: number;
  service_level: number;
}

/** How offers stand, in one line. */
export function offers_text(offers: Offers): string {
  const open = offers.open === 1 ? '1 open' : `${offers.open} open`;
  const likely = `${percent(offers.in_time)} answered within ${offers.target_s} s`;
  if (offers.mode === 'held')
    return `Offers: a seat each · ${open}, ${offers.seats_held} of ${offers.seats} seats held`;
  const full = offers.level_holds ? '' : ' · no more chats are offered';
  if (offers.open === 0) return `Offers: paced · none open · ${likely}${full}`;
  return `Offers: paced · ${open}, ${few(offers.expected)} expected to accept · ${likely}${full}`;
}

/** The longer words, for who wants to know. */
export function offers_title(offers: Offers): string {
  return (
    `${offers.seats_held} of ${offers.seats} chat seats are held for offers. ` +
    `If one more offer is accepted now, whoever asks in the next minute is answered within ` +
    `${offers.target_s} s with ${percent(offers.in_time)}; the policy wants ${percent(offers.service_level)}.`
  );
}

const percent = (share: number): string => `${Math.floor(share * 100)} %`;
const few = (count: number): string => (count < 10 ? count.toFixed(1) : count.toFixed(0));
