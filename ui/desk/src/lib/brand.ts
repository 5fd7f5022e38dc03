// What the brand editor computes: contrast, opening hours as people write them, and a new brand to start from.

import type { BrandFields, Language } from './wire';

export const DAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];
export const LANGUAGE_NAMES: Record<Language, string> = {
  en: 'English',
  de: 'German',
  es: 'Spanish',
  ar: 'Arabic',
};

/** What each text a brand can word is, for people. */
export const TEXT_LABELS: Record<string, string> = {
  banner_title: 'Banner: title',
  banner_text: 'Banner: sentence, an agent can be reached',
  banner_text_alone: 'Banner: sentence, nobody is there',
  prompt_title: 'Small prompt: title',
  prompt_text: 'Small prompt: sentence',
  option_callback: 'Option: callback',
  option_chat: 'Option: chat',
  option_faq: 'Option: FAQs',
  option_smart_pause: 'Option: Smart Pause',
  help: 'Help button',
  panel_title: 'Panel: title',
  chat_intro: 'Chat: first line',
  chat_consent: 'Chat: consent line',
  no_agent: 'Chat: nobody is there',
  callback_intro: 'Callback: first line',
  callback_consent: 'Callback: consent line',
  faq_title: 'FAQs: title',
};

export const TEXT_LETTERS_MAX = 400;

function channels(colour: string): number[] | null {
  const digits = /^#([0-9a-f]{3}|[0-9a-f]{6})$/i.exec(colour.trim())?.[1];
  if (!digits) return null;
  const long = digits.length === 3 ? [...digits].map((it) => it + it).join('') : digits;
  return [0, 2, 4].map((at) => parseInt(long.slice(at, at + 2), 16) / 255);
}

/** The contrast ratio of WCAG 2.2, or null when one is no colour. */
export function contrast(one: string, other: string): number | null {
  const light = (colour: string): number | null => {
    const parts = channels(colour)?.map((it) => (it <= 0.04045 ? it / 12.92 : ((it + 0.055) / 1.055) ** 2.4));
    return parts ? 0.2126 * parts[0]! + 0.7152 * parts[1]! + 0.0722 * parts[2]! : null;
  };
  const [a, b] = [light(one), light(other)];
  return a === null || b === null ? null : (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

const two = (number: number): string => String(number).padStart(2, '0');

/** `540` is `09:00`; the end of the day is `24:00`. */
export const clock = (minutes: number): string => `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;

/** `09:00-12:00, 13:00-17:30` of one day; empty is closed. */
export const write_day = (day: [number, number][]): string =>
  day.map(([from, to]) => `${clock(from)}-${clock(to)}`).join(', ');

/** Reads a day back; what cannot be read is returned. */
export function read_day(text: string): { day: [number, number][] } | { wrong: string } {
  const day: [number, number][] = [];
  for (const part of text.split(/[,;]+/).map((it) => it.trim())) {
    if (!part) continue;
    const found = /^(\d{1,2})(?::(\d{2}))?\s*[-–]\s*(\d{1,2})(?::(\d{2}))?$/.exec(part);
    if (!found) return { wrong: part };
    const [from, to] = [1, 3].map((at) => Number(found[at]) * 60 + Number(found[at + 1] ?? 0)) as [
      number,
      number,
    ];
    if (Number(found[2] ?? 0) > 59 || Number(found[4] ?? 0) > 59 || from >= to || to > 1440)
      return { wrong: part };
    day.push([from, to]);
  }
  day.sort((a, b) => a[0] - b[0]);
  const overlap = day.findIndex((it, at) => at > 0 && it[0] < day[at - 1]![1]);
  return overlap > 0 ? { wrong: `${write_day([day[overlap]!])} overlaps` } : { day };
}

/** A brand to start from: the default one without its words. */
export function new_brand(from: BrandFields): BrandFields {
  const { look, hours, time_zone, chat, callback } = structuredClone(from);
  return { name: '', look, hours, time_zone, texts: {}, phone: '', privacy_url: '', chat, callback };
}
