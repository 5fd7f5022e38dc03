// Timeline items as plain sentences.

import { plain_value, words } from './format';
import { as_reasons, outcome_label, reason_label } from './reasons';
import type { IconName } from '../components/Icon.svelte';
import type { ConversationItem, DecisionItem, OfferItem, OfferState, TimelineItem } from './wire';

export interface Told {
  icon: IconName;
  text: string;
  detail?: string;
  link?: { parts: string[]; label: string };
}

export const RESOLUTION_LABEL: Record<string, string> = {
  solved: 'Solved',
  workaround: 'Workaround given',
  no_fix: 'Could not be fixed',
  spam: 'Spam or abuse',
  callback_no_answer: 'Customer did not answer the call',
  other: 'Other',
};

export function tell(item: TimelineItem): Told {
  switch (item.kind) {
    case 'page':
      return { icon: 'page', text: `Viewed ${item.path}`, ...(item.title ? { detail: item.title } : {}) };
    case 'behaviour':
      return {
        icon: 'pulse',
        text: words(item.name),
        ...(item.detail ? { detail: plain_value(item.detail) } : {}),
      };
    case 'identified':
      return {
        icon: 'key',
        text: `Identified: ${item.identifiers.map(identifier).join(', ') || 'a known identifier'}`,
      };
    case 'offer':
      return { icon: 'sparkle', text: tell_offer(item) };
    case 'decision':
      return tell_decision(item);
    case 'conversation':
      return { icon: item.channel === 'callback' ? 'phone' : 'chat', text: tell_conversation(item) };
    case 'message':
      return { icon: 'chat', text: item.text };
    case 'resolution':
      return {
        icon: 'check',
        text: `${RESOLUTION_LABEL[item.code] ?? words(item.code)}${item.agent_name ? `, by ${item.agent_name}` : ''}`,
        ...(item.notes ? { detail: item.notes } : {}),
      };
    case 'grant':
      return {
        icon: 'shield',
        text: `Contact authorization ${words(item.state).toLowerCase()}`,
        ...(item.detail ? { detail: words(item.detail) } : {}),
      };
    case 'merge':
      return { icon: 'merge', text: 'Joined with an earlier profile of the same customer' };
    case 'custom':
      return { icon: 'flag', text: words(item.name) };
    default:
      return { icon: 'info', text: words((item as { kind: string }).kind) };
  }
}

const OFFER_STATE: Record<OfferState, string> = {
  eligible: 'prepared',
  shown: 'shown',
  accepted: 'accepted',
  dismissed: 'dismissed',
  ignored: 'ignored',
  withdrawn: 'withdrawn',
  expired: 'expired',
};

export function tell_offer(item: OfferItem): string {
  const what = item.style === 'banner' ? 'Help banner' : 'Help prompt';
  const option = item.option ? `: ${words(item.option).toLowerCase()}` : '';
  return `${what} ${OFFER_STATE[item.state] ?? item.state}${option}`;
}

function tell_decision(item: DecisionItem): Told {
  const reasons = as_reasons(item.reasons).map((reason) => reason_label(reason.code).toLowerCase());
  return {
    icon: 'branch',
    text: `${outcome_label(item.outcome)}${reasons.length ? `: ${reasons.join(', ')}` : ''}`,
    detail: words(item.rule),
    link: { parts: ['decisions', item.decision], label: 'Why' },
  };
}

function tell_conversation(item: ConversationItem): string {
  const what = item.channel === 'callback' ? 'Callback' : 'Chat';
  switch (item.status) {
    case 'queued':
      return `${what} requested, waiting for an agent`;
    case 'assigned':
      return item.agent_name ? `${item.agent_name} joined` : `${what} taken by an agent`;
    case 'ended':
      return `${what} ended`;
    case 'no_agent':
      return `${what} requested while no agent was there`;
    default:
      return `${what} ${item.status}`;
  }
}

function identifier(value: string | { kind: string; value: string }): string {
  return typeof value === 'string' ? value : `${value.kind.replace(/_/g, ' ')} ${value.value}`;
}
