/** The number to call: its country by name, guessed from the page's language and the clock's zone. */
import type { PanelContext } from '../texts';
import { h, setChildren } from '../../ui/dom';
import { browserZone } from './times';

interface LocaleOfRegion extends Intl.Locale {
  getTimeZones?(): string[] | undefined;
}

/** The likeliest country of whoever reads `locale` in `zone`, among those that are called. */
export function guessCountry(countries: string[], locale: string, zone: string, ours?: string): string {
  const byZone = countries.filter((country) => {
    try {
      return (new Intl.Locale(`und-${country}`) as LocaleOfRegion).getTimeZones?.()?.includes(zone);
    } catch {
      return false;
    }
  });
  let region: string | undefined;
  try {
    region = new Intl.Locale(locale).region;
  } catch {
    region = undefined;
  }
  const wanted = [byZone.find((country) => country === region) ?? byZone[0], region, ours];
  return wanted.find((country) => country && countries.includes(country)) ?? countries[0] ?? '';
}

export function createNumber({ t, locale }: PanelContext, edited: () => void) {
  const select = h('select', { id: 'country', autocomplete: 'country', onchange: edited });
  const input = h('input', {
    id: 'phone',
    type: 'tel',
    autocomplete: 'tel-national',
    inputmode: 'tel',
    dir: 'ltr',
    maxlength: 40,
    'aria-describedby': 'phone-error',
    oninput: edited,
  });
  const element = h(
    'div',
    { class: 'stack' },
    h('label', { for: 'country' }, t('callback_country')),
    select,
    h('label', { for: 'phone' }, t('phone_label')),
    input,
  );

  return {
    element,
    input,
    phone: () => input.value.trim(),
    country: () => select.value,
    show(codes: Record<string, number>, ours?: string): void {
      const kept = select.value;
      let names: Intl.DisplayNames | undefined;
      try {
        names = new Intl.DisplayNames(locale, { type: 'region' });
      } catch {
        names = undefined;
      }
      const collator = new Intl.Collator(locale);
      const countries = Object.keys(codes)
        .map((country) => ({ country, name: names?.of(country) ?? country }))
        .sort((a, b) => collator.compare(a.name, b.name));
      setChildren(
        select,
        ...countries.map(({ country, name }) =>
          // The code keeps its own direction inside words of any script.
          h('option', { value: country }, `${name} (\u2066+${codes[country]}\u2069)`),
        ),
      );
      const list = countries.map((it) => it.country);
      select.value = list.includes(kept) ? kept : guessCountry(list, locale, browserZone(), ours);
    },
  };
}
