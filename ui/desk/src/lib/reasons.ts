// Every reason a customer was not contacted, in the order the engine weighs them, as plain sentences.

import { plain_value, words } from './format';
import type { Outcome, Reason } from './wire';

interface Meaning {
  label: string;
  sentence: string;
}

const MEANINGS: Record<string, Meaning> = {
  no_consent: {
    label: 'No consent',
    sentence: 'This customer has not allowed us to contact them for this purpose.',
  },
  opted_out: {
    label: 'Opted out',
    sentence: 'This customer asked not to be offered help, and that holds until they undo it.',
  },
  identity_too_weak: {
    label: 'Identity too weak',
    sentence: 'The signals behind this rule need a more certain identity than this visit has.',
  },
  authorization_denied: {
    label: 'Not authorized',
    sentence: 'There was no usable contact authorization for reaching an agent.',
  },
  quiet_hours: { label: 'Quiet hours', sentence: 'It is quiet hours where this customer is, or may be.' },
  frequency_cap: {
    label: 'Contact limit',
    sentence: 'This customer has already been contacted as often as the policy allows for now.',
  },
  cooling_down: {
    label: 'Cooling down',
    sentence: 'The last offer was too recent; the rule waits before it may offer again.',
  },
  declined_recently: {
    label: 'Declined recently',
    sentence: 'This customer said no a short while ago, and that is respected.',
  },
  live_offer: {
    label: 'Offer already open',
    sentence: 'Another offer is still open for this customer, and only one may be at a time.',
  },
  already_in_contact: {
    label: 'Already in contact',
    sentence: 'This customer is already talking to us, so nothing more was offered.',
  },
  holdout: {
    label: 'Comparison group',
    sentence: 'This customer is in the comparison group that is not offered help proactively.',
  },
  paced: {
    label: 'Paced',
    sentence: 'Offering now would have made people wait too long, or no seat was free.',
  },
  stale_signals: { label: 'Signals too old', sentence: 'What we knew was too old to act on.' },
  shadow_mode: {
    label: 'Shadow mode',
    sentence: 'Overture is in shadow mode: it decides and records, but reaches nobody.',
  },
};

export const REASON_ORDER = Object.keys(MEANINGS);

export function reason_label(code: string): string {
  return MEANINGS[normal(code)]?.label ?? words(normal(code));
}

export function reason_sentence(reason: Reason): string {
  const sentence =
    MEANINGS[normal(reason.code)]?.sentence ?? `Withheld: ${words(normal(reason.code)).toLowerCase()}.`;
  const detail =
    reason.detail === undefined || reason.detail === null
      ? ''
      : plain_value(reason.detail).replace(/_/g, ' ');
  return detail ? `${sentence} (${detail})` : sentence;
}

/** Reasons arrive as codes or objects; both become objects, in the given order. */
export function as_reasons(reasons: (string | Reason)[] | undefined): Reason[] {
  return (reasons ?? []).map((reason) => (typeof reason === 'string' ? { code: reason } : reason));
}

const OUTCOMES: Record<Outcome, string> = {
  prompt: 'Prompted',
  offer: 'Offered help',
  notify: 'Notified',
  escalate: 'Escalated',
  grant: 'Authorized',
  boost: 'Authorized more',
  withhold: 'Withheld',
};
export const OUTCOME_ORDER = Object.keys(OUTCOMES) as Outcome[];

export function outcome_label(outcome: string): string {
  return OUTCOMES[outcome as Outcome] ?? words(outcome);
}

/** Accepts the engine's own spelling too: "NoConsent" reads as "no_consent". */
function normal(code: string): string {
  return code.replace(/([a-z])([A-Z])/g, '$1_$2').toLowerCase();
}
