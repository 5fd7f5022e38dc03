// Calls, as the server tells of them.
import type { Evidence, ItemBase } from './wire';

/** Why a call is not analysed. */
export type NotAnalysed = 'not_enabled' | 'not_disclosed' | 'opted_out' | 'no_model';
export type CallVia = 'twilio' | 'stream' | 'recording';

/** Who talked how much and when, of the call so far. */
export interface CallDynamics {
  seconds: number;
  /** The customer's share of all talk. */
  customer_share: number;
  /** Of the whole time. */
  overlap_share: number;
  silence_share: number;
  dead_air_s: number;
  interruptions_by_customer: number;
  interruptions_by_agent: number;
  interruptions_per_min: number;
  customer_latency_ms: number | null;
  agent_latency_ms: number | null;
}
export interface CallSummary {
  id: string;
  customer: string;
  customer_name: string | null;
  via: CallVia;
  external_id: string;
  direction: 'inbound' | 'outbound';
  started_at: string;
  ended_at: string | null;
  status: 'live' | 'ended';
  agent: string | null;
  agent_name: string | null;
  /** The voices are made by the demo's synthesiser. */
  synthetic: boolean;
  analysed: boolean;
  not_analysed: NotAnalysed | null;
  /** Which transcriber the words are from; none: the voice alone is read. */
  words_from: string | null;
  /** What staff should know about this call. */
  trouble: string | null;
  seconds: number;
  /** The last reading of the voice; 0..1 each. */
  anger: number | null;
  arousal: number | null;
  quality: number | null;
  /** How upset the customer sounds, voice and words together and smoothed; its highest; its change over half a minute. */
  fused: number | null;
  fused_max: number | null;
  trend: number | null;
  alert: boolean;
  dynamics: CallDynamics | null;
  recording: { seconds: number; bytes: number } | null;
}
/** What a second of the customer's voice sounds like; pitch, loudness and pace as changes since the call began. */
export interface CallPoint {
  at_s: number;
  anger: number;
  sadness: number;
  joy: number;
  neutral: number;
  arousal: number;
  quality: number;
  pitch_semitones: number | null;
  loudness_db: number | null;
  pace: number | null;
}
export type CallParty = 'customer' | 'agent';
export interface CallTurn {
  party: CallParty;
  start_ms: number;
  end_ms: number;
}
export interface CallTrace {
  /** Loudness, 0..100, one number a quarter of a second; nobody's where there is no such party. */
  levels: Record<CallParty, number[]>;
  points: CallPoint[];
  turns: CallTurn[];
}
/** One thing that the customer said; what is not known is left out. */
export interface Utterance {
  start_ms: number;
  end_ms: number;
  text?: string | null;
  evidence: Evidence[];
  sentiment?: number | null;
  voice_anger?: number | null;
  quality: number;
  fused?: number | null;
  confidence?: number | null;
  /** The call's smoothed score after it. */
  score?: number | null;
  /** The voice and the words say different things. */
  disagree: boolean;
  sarcasm?: number | null;
}
export interface CallDetail {
  call: CallSummary;
  trace: CallTrace;
  utterances: Utterance[];
  /** Words that may still change. */
  partial: string | null;
}
/** What is new of a call: each list from its number on. */
export interface CallPush extends CallDetail {
  from: { levels: number; points: number; turns: number; utterances: number };
}
export interface CallPage {
  calls: CallSummary[];
  more: boolean;
}
export interface CallTerms {
  enabled: boolean;
  recording_days: number;
  model: string | null;
  words_from: string | null;
  /** The score at which a call needs attention, and below which it no longer does. */
  alert_on: number;
  alert_off: number;
}
export interface CallItem extends ItemBase {
  kind: 'call';
  call: string;
  change: 'began' | 'analysed' | 'alert' | 'calmed' | 'ended';
  via: CallVia;
  not_analysed?: NotAnalysed | null;
  seconds?: number | null;
}
export interface UtteranceItem extends ItemBase, Utterance {
  kind: 'utterance';
  call: string;
}
