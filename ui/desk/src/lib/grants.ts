// Contact authorizations as people read them.

import { words } from './format';
import type { Grant, GrantState, GrantStep } from './wire_grants';

export const STATE_LABEL: Record<GrantState, string> = {
  active: 'Active',
  exhausted: 'Used up',
  expired: 'Expired',
  revoked: 'Revoked',
};

export const STATE_TONE: Record<GrantState, string> = {
  active: 'ok',
  exhausted: '',
  expired: '',
  revoked: 'bad',
};

const DENIED: Record<string, string> = {
  no_grant: 'there was no such authorization',
  exhausted: 'every contact was used already',
  expired: 'it had expired',
  revoked: 'it had been revoked',
  old_token: 'its link was of an earlier generation',
  wrong_channel: 'it is not for that channel',
};

/** "2 of 3 used, 1 under way". */
export function uses(grant: Pick<Grant, 'used' | 'held' | 'limit'>): string {
  return `${grant.used} of ${grant.limit} used${grant.held ? `, ${grant.held} under way` : ''}`;
}

/** "Chat", "Chat, callback" or, without any, "Every channel". */
export function channels(grant: Pick<Grant, 'channels'>): string {
  const named = grant.channels.map((it, at) => (at === 0 ? words(it) : it));
  return named.length > 0 ? named.join(', ') : 'Every channel';
}

/** One step of a story as a sentence, and where to read more. */
export function tell_step(step: GrantStep): { text: string; link?: { parts: string[]; label: string } } {
  switch (step.kind) {
    case 'decision':
      return {
        text: `The rule “${words(step.rule)}” decided to offer contact`,
        link: { parts: ['decisions', step.decision], label: 'Why' },
      };
    case 'offer':
      return { text: `The offer that carried it was ${offer_state(step.state, step.option)}` };
    case 'conversation': {
      const by = step.agent_name ? ` with ${step.agent_name}` : '';
      const end = step.code ? `, ended: ${words(step.code).toLowerCase()}` : '';
      return {
        text: `It led to a ${step.channel}${by} (${words(step.status).toLowerCase()}${end})`,
        ...(step.status === 'ended'
          ? {}
          : { link: { parts: ['inbox', step.conversation], label: 'Open it' } }),
      };
    }
    case 'change':
      return { text: change(step) };
  }
}

function offer_state(state: string, option?: string | null): string {
  if (state === 'accepted' && option) return `accepted: ${words(option).toLowerCase()}`;
  return state === 'reserved' ? 'prepared' : words(state).toLowerCase();
}

function change(step: Extract<GrantStep, { kind: 'change' }>): string {
  switch (step.change) {
    case 'issued':
      return `Issued for ${step.limit === 1 ? 'one contact' : `${step.limit} contacts`}`;
    case 'held':
      return 'A contact began: one use is held';
    case 'connected':
      return 'An agent took it: the use is counted';
    case 'released':
      return 'No agent came, or the customer left first: the use was given back';
    case 'denied':
      return `A use was refused: ${DENIED[step.detail ?? ''] ?? words(step.detail ?? 'unknown')}`;
    case 'expired':
      return 'Its time ran out';
    case 'revoked':
      return 'Revoked: its link and token are no longer valid';
    case 'boosted':
      return `A rule raised it: ${more(step.boost)} than it was issued for`;
    case 'decayed':
      return step.boost
        ? `What was added is wearing off: now ${more(step.boost)} than it was issued for`
        : 'What was added has worn off';
    case 'carried':
      return 'Came along when two customers turned out to be one';
    default:
      return words(step.change);
  }
}

function more(boost = 0): string {
  return boost === 1 ? 'one contact more' : `${boost} contacts more`;
}
