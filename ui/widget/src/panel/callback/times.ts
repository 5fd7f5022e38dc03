/** When to be called: now, or one of the days and times that have room. Radio buttons, so that arrow keys choose. */
import { timeZone } from '../../time-zone';
import type { PanelContext } from '../texts';
import { waitText } from '../wait';
import { h, setChildren } from '../../ui/dom';

export interface SlotBody {
  from: string;
  to: string;
  local: string;
  offset: string;
}

export interface SlotDay {
  date: string;
  slots: SlotBody[];
}

export interface Times {
  now: { open: boolean; wait_s?: number | null };
  days: SlotDay[];
  zone: string;
  countries: Record<string, number>;
  country?: string;
  our_number?: string;
  texts: boolean;
  verify: boolean;
}

/** What is chosen: `null` for nothing yet, `'now'`, or a time. */
export type Choice = null | 'now' | { from: string; to: string };

export const browserZone = (): string => {
  try {
    return timeZone() || 'UTC';
  } catch {
    return 'UTC';
  }
};

/** A moment, or the span from it to another, as the customer's own clock and calendar say it. */
export function whenText(locale: string, from: string, to?: string | null, zone?: string): string {
  const format = new Intl.DateTimeFormat(locale, {
    weekday: 'long',
    day: 'numeric',
    month: 'long',
    hour: 'numeric',
    minute: '2-digit',
    ...(zone ? { timeZone: zone } : {}),
  });
  return to ? format.formatRange(new Date(from), new Date(to)) : format.format(new Date(from));
}

/** A quarter of an hour is said by its beginning; anything longer, from when to when. */
const QUARTER_MS = 15 * 60_000;

/** Labels of one day's times; where an hour comes twice, its distance from UTC tells them apart. */
export function timeLabels(locale: string, day: SlotDay, zone: string): string[] {
  const format = new Intl.DateTimeFormat(locale, { hour: 'numeric', minute: '2-digit', timeZone: zone });
  const labels = day.slots.map((slot) => {
    const [from, to] = [new Date(slot.from), new Date(slot.to)];
    return to.getTime() - from.getTime() > QUARTER_MS ? format.formatRange(from, to) : format.format(from);
  });
  return labels.map((label, at) => {
    const twice = labels.some((other, place) => place !== at && other === label);
    return twice ? `${label} (UTC${day.slots[at]?.offset})` : label;
  });
}

let groups = 0;

export function createTimes({ t, locale }: PanelContext, changed: () => void) {
  const name = `when-${(groups += 1)}`;
  let choice: Choice = null;

  const dayList = h('div', { class: 'pills' });
  const timeList = h('div', { class: 'pills' });
  const zoneHint = h('p', { class: 'hint' });
  const days = h('fieldset', {}, h('legend', {}, t('callback_day')), dayList);
  const times = h('fieldset', {}, h('legend', {}, t('callback_time')), timeList);
  const nowList = h('div', { class: 'stack' });
  const element = h('div', { class: 'stack' }, nowList, days, times, zoneHint);

  function choose(next: Choice): void {
    choice = next;
    changed();
  }

  function radio(group: string, label: string, checked: boolean, chosen: () => void): HTMLElement {
    const input = h('input', { type: 'radio', name: `${name}-${group}`, onchange: chosen });
    input.checked = checked;
    return h('label', { class: 'pill' }, input, h('span', {}, label));
  }

  function showDay(day: SlotDay, zone: string, keep: boolean): void {
    const labels = timeLabels(locale, day, zone);
    setChildren(
      timeList,
      ...day.slots.map((slot, at) => {
        const is = typeof choice === 'object' && choice?.from === slot.from;
        return radio('time', labels[at] ?? slot.local, keep && is, () => {
          clearNow();
          choose({ from: slot.from, to: slot.to });
        });
      }),
    );
    times.hidden = false;
  }

  function clearNow(): void {
    for (const input of nowList.querySelectorAll('input')) input.checked = false;
  }

  return {
    element,
    value: (): Choice => choice,

    /** Shows what is free; `now` is left out where a call is moved, or a chat is open. */
    show(list: Times, withNow: boolean): void {
      choice = null;
      const dayLabel = new Intl.DateTimeFormat(locale, {
        weekday: 'short',
        day: 'numeric',
        month: 'short',
        timeZone: 'UTC',
      });
      const canNow = withNow && list.now.open;
      const wait = list.now.wait_s;
      const nowLabel =
        typeof wait === 'number' ? t('callback_now_wait', { wait: waitText(t, wait) }) : t('callback_now');
      setChildren(
        nowList,
        canNow &&
          radio('now', nowLabel, true, () => {
            for (const input of timeList.querySelectorAll('input')) input.checked = false;
            choose('now');
          }),
        list.days.length === 0 && h('p', { class: 'hint' }, t(canNow ? 'callback_none' : 'callback_closed')),
      );
      if (canNow) choice = 'now';
      setChildren(
        dayList,
        ...list.days.map((day, at) =>
          radio('day', dayLabel.format(new Date(`${day.date}T00:00:00Z`)), at === 0, () => {
            if (choice !== 'now') choose(null);
            showDay(day, list.zone, false);
          }),
        ),
      );
      const first = list.days[0];
      days.hidden = times.hidden = zoneHint.hidden = !first;
      if (first) showDay(first, list.zone, false);
      zoneHint.textContent = t('callback_zone', { zone: list.zone.replace(/_/g, ' ') });
    },
    focus(): void {
      element.querySelector('input')?.focus();
    },
  };
}
