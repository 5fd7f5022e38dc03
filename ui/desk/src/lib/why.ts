// Why a rule asks or does not, in plain words: verdicts, missing values, stages, and reasons with their ends.

import { duration, full_time, until, words } from './format';
import { reason_sentence } from './reasons';
import type { RuleExplanation, RuleLine, RulePart, RuleReason, RuleSignal } from './wire_why';

export interface Line {
  part: RulePart;
  depth: number;
}

/** The condition's tree as lines, each with how deep it lies. */
export function lines(part: RulePart, depth = 0): Line[] {
  return [{ part, depth }, ...(part.parts ?? []).flatMap((inner) => lines(inner, depth + 1))];
}

const JOINS: Record<string, string> = { all: 'All of these', any: 'Any of these', not: 'Not this' };

export function part_text(part: RulePart): string {
  return JOINS[part.join] ?? part.text;
}

export type Verdict = 'true' | 'false' | 'unknown';

export function verdict(holds: boolean | null): Verdict {
  return holds === null ? 'unknown' : holds ? 'true' : 'false';
}

const NOTES: Record<string, string> = {
  not_computed: 'nothing computes this yet',
  no_visit: 'not on the site now',
  never_wrote: 'nothing written yet that was read',
  never_called: 'not heard in a call yet',
  not_permitted: 'the customer did not allow analysing it',
  unverified: 'hidden until the identity is verified',
  one_event_only: 'true only while that event is looked at',
  tone_alone: 'tone without words reaches nobody',
  unknown: 'not known',
};

/** A signal's value, or why there is none. */
export function reading(signal: RuleSignal): string {
  const note =
    signal.note === 'too_old'
      ? `too old: from ${full_time(signal.since)}`
      : signal.note
        ? (NOTES[signal.note] ?? words(signal.note).toLowerCase())
        : '';
  if (signal.value === undefined || signal.value === '') return note ? `absent, ${note}` : 'empty';
  return note ? `${signal.value} (${note})` : signal.value;
}

const ACTIONS: Record<string, string> = {
  prompt: 'show a prompt',
  offer: 'offer help',
  notify: 'alert the team',
  escalate: 'escalate to senior staff',
};

/** One sentence: what would come of the rule now. */
export function outcome(rule: RuleLine & { dwell_left_s?: number }): string {
  const act = ACTIONS[rule.action] ?? rule.action;
  switch (rule.stage) {
    case 'not_met':
      return `Its condition does not hold, so it does not ${act}.`;
    case 'dwelling':
      return rule.dwell_left_s
        ? `Its condition holds; it waits ${duration(rule.dwell_left_s)} more before it may ${act}.`
        : `Its condition holds; it waits a while before it may ${act}.`;
    case 'done':
      return 'It has acted since its condition became true, and asks again after that was false.';
    case 'watched':
      return 'Its condition became true while it was only watched; it asks again after that was false.';
    case 'spent':
      return 'It was shown as often as it is to be shown.';
    default:
      return rule.would_act
        ? `Its condition holds and nothing stands against it: it would ${act} on the next event.`
        : `Its condition holds, and it would ${act}, were there nothing against it.`;
  }
}

/** A reason's sentence with what is needed, and until when it holds. */
export function reason_now(reason: RuleReason, now_ms: number): string {
  const parts = [reason_sentence({ code: reason.code, detail: reason.detail })];
  if (reason.needed) parts.push(`Needed: ${reason.needed}. There is: ${reason.had}.`);
  if (reason.until) {
    const left = until(reason.until, now_ms);
    parts.push(left === 'expired' ? 'This ends now.' : `Until ${full_time(reason.until)}, ${left} from now.`);
  }
  return parts.join(' ');
}

/** Signals of one comparison, in the order it names them. */
export function signals_of(part: RulePart, explanation: RuleExplanation): RuleSignal[] {
  return (part.signals ?? []).flatMap((name) => explanation.signals.filter((it) => it.signal === name));
}
