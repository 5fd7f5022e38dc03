// Timeline items as plain sentences.

import { via_text, why_not } from './calls';
import { clock, duration, full_time, percent, plain_value, plural, time_of_day, words } from './format';
import { feeling, is_unsure } from './mood';
import { as_reasons, outcome_label, reason_label } from './reasons';
import { without_markers } from './redacted';
import type { IconName } from '../components/Icon.svelte';
import type {
  ArticleItem,
  CallbackItem,
  CallItem,
  ConversationItem,
  DecisionItem,
  MoodItem,
  OfferItem,
  OfferState,
  PauseItem,
  TimelineItem,
} from './wire';

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
  reached: 'Reached by phone',
  voicemail: 'Reached a voicemail',
  wrong_person: 'Reached somebody who had not asked',
};

const CONSENT_BY: Record<string, string> = {
  api: 'Told by the site',
  gpc: 'Told by Global Privacy Control',
  tcf: 'Told by a consent platform (IAB TCF)',
  gcm: 'Told by Google Consent Mode',
  segment: 'Told by Segment’s consent categories',
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
    case 'consent':
      return {
        icon: 'shield',
        text: `${item.granted ? 'Allowed' : 'Refused'} ${item.purpose === 'contact' ? 'offers of help' : 'analysis of behaviour'}`,
        detail: CONSENT_BY[item.by] ?? words(item.by),
      };
    case 'offer':
      return { icon: 'sparkle', text: tell_offer(item) };
    case 'decision':
      return tell_decision(item);
    case 'conversation':
      return { icon: item.channel === 'callback' ? 'phone' : 'chat', text: tell_conversation(item) };
    case 'message':
      return { icon: 'chat', text: without_markers(item.text) };
    case 'revealed':
      return {
        icon: 'shield',
        text: `${item.agent_name ?? 'Somebody'} looked at what was hidden in a message`,
        detail: item.reason,
      };
    case 'labelled':
      return {
        icon: 'check',
        text: `${item.agent_name ?? 'Somebody'} said that a message is ${item.sentiment}`,
      };
    case 'labelled_issue':
      return {
        icon: 'check',
        text: `${item.agent_name ?? 'Somebody'} said that a message is about ${item.label ?? 'none of your issues'}`,
      };
    case 'issue':
      return {
        icon: 'flag',
        text: `${item.event ? words(item.event) : 'Message'}: about ${item.label ?? 'none of your issues'}, ${percent(item.p)}`,
      };
    case 'mood':
      return tell_mood(item);
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
    case 'mail_failed':
      return {
        icon: 'info',
        text:
          item.failure === 'refused'
            ? 'An e-mail to the customer was refused'
            : 'An e-mail to the customer could not be delivered',
        detail: item.detail ? `the mail server: ${item.detail}` : 'no more is sent to this address',
      };
    case 'callback':
      return tell_callback(item);
    case 'call':
      return tell_call(item);
    case 'utterance':
      return { icon: 'phone', text: item.text ? `Said “${without_markers(item.text)}”` : 'Said something' };
    case 'merge':
      return { icon: 'merge', text: 'Joined with an earlier profile of the same customer' };
    case 'pause':
      return tell_pause(item);
    case 'article':
      return tell_article(item);
    case 'custom':
      return { icon: 'flag', text: words(item.name) };
    default:
      return { icon: 'info', text: words((item as { kind: string }).kind) };
  }
}

function tell_mood(item: MoodItem): Told {
  return {
    icon: 'face',
    text: `${item.event ? words(item.event) : 'Message'}: ${feeling(item.sentiment)}`,
    ...(is_unsure(item.sentiment) ? { detail: 'unsure' } : {}),
  };
}

function tell_article(item: ArticleItem): Told {
  const title = `“${item.title ?? ''}”`;
  switch (item.what) {
    case 'opened':
      return { icon: 'page', text: `Opened the answer ${title}` };
    case 'read':
      return { icon: 'page', text: `Read ${title}`, detail: duration(item.seconds ?? 0) };
    case 'rated':
      return {
        icon: item.helpful ? 'check' : 'cross',
        text: `Said that ${title} ${item.helpful ? 'helped' : 'did not help'}`,
        ...(item.reason ? { detail: item.reason } : {}),
      };
    case 'still_needed':
      return { icon: 'chat', text: item.title ? `Still needed help after ${title}` : 'Still needed help' };
    case 'searched':
      return {
        icon: 'search',
        text: `Searched the answers for “${item.words ?? ''}”`,
        detail: item.found ? plural(item.found, 'answer') : 'nothing found',
      };
  }
}

const CALLBACK_NOTICE: Record<string, string> = {
  confirmed: 'Callback promised for {when}',
  reminder: 'Reminded of the callback at {when}',
  moved: 'Callback moved to {when}',
  late: 'Told that the callback is late',
  cancelled: 'Callback called off',
  retry: 'Callback tried; again at {when}',
  gave_up: 'Callback given up after the last try',
  done: 'Callback over',
};

/** The whole slot, as the customer was told; a time without one is a beginning only. */
function promised_time({ slot_at, slot_end_at, due_at }: CallbackItem): string {
  if (!slot_at || !slot_end_at) return full_time(due_at);
  return `${full_time(slot_at)}–${time_of_day(slot_end_at)}`;
}

function tell_callback(item: CallbackItem): Told {
  const text = CALLBACK_NOTICE[item.notice] ?? `Callback ${words(item.notice).toLowerCase()}`;
  return {
    icon: 'phone',
    text: text.replace('{when}', promised_time(item)),
    ...(item.agent_name ? { detail: `by ${item.agent_name}` } : {}),
  };
}

function tell_call(item: CallItem): Told {
  const link = { parts: ['calls', item.call], label: 'Open' };
  switch (item.change) {
    case 'began':
      return {
        icon: 'phone',
        text: 'Call began',
        detail: item.not_analysed ? `Not analysed: ${why_not(item.not_analysed)}` : via_text(item.via),
        link,
      };
    case 'analysed':
      return { icon: 'pulse', text: 'Call analysed', link };
    case 'alert':
      return { icon: 'warn', text: 'Sounded upset on the phone', link };
    case 'calmed':
      return { icon: 'phone', text: 'Sounded calmer again on the phone', link };
    case 'ended':
      return {
        icon: 'phone',
        text: `Call ended${typeof item.seconds === 'number' ? ` after ${clock(item.seconds)}` : ''}`,
        link,
      };
    default:
      return { icon: 'phone', text: `Call ${words(item.change).toLowerCase()}`, link };
  }
}

const PAUSE_END: Record<string, string> = {
  button: 'by the Resume button',
  escape: 'by Escape',
  finished: 'after the last step',
  reloaded: 'after the page was loaded again',
};

const PAUSE_FAILURE: Record<string, string> = {
  refused: 'the page said no',
  no_answer: 'the page did not answer in time',
  not_storable: 'the page’s draft is not plain data',
  too_large: 'the page’s draft is too large',
  pause_failed: 'the page failed to pause',
  resume_failed: 'the page failed to go on',
};

function tell_pause(item: PauseItem): Told {
  if (item.state === 'started') return { icon: 'half', text: `Smart Pause on ${item.path}` };
  if (item.state === 'failed') {
    const why = PAUSE_FAILURE[item.why ?? ''] ?? words(item.why ?? '');
    return { icon: 'half', text: `Smart Pause on ${item.path} failed`, detail: why };
  }
  const lasted = item.lasted_s === undefined ? '' : ` after ${item.lasted_s} s`;
  return {
    icon: 'half',
    text: `Went on${lasted} ${item.exact ? 'exactly where they were' : 'with a changed page'}`,
    detail: PAUSE_END[item.how ?? ''] ?? words(item.how ?? ''),
  };
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
    case 'scheduled':
      return `${what} promised`;
    case 'no_agent':
      return `${what} requested while no agent was there`;
    default:
      return `${what} ${item.status}`;
  }
}

function identifier(value: string | { kind: string; value: string }): string {
  return typeof value === 'string' ? value : `${value.kind.replace(/_/g, ' ')} ${value.value}`;
}
