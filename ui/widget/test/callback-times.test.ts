import { expect, test } from 'vitest';
import { guessCountry } from '../src/panel/callback/number';
import { timeLabels, whenText } from '../src/panel/callback/times';

const slot = (from: string, offset: string) => ({ from, to: from, local: '', offset });

test('an hour that comes twice is told apart by its distance from UTC', () => {
  const day = {
    date: '2026-10-25',
    slots: [
      slot('2026-10-25T00:30:00Z', '+02:00'),
      slot('2026-10-25T01:30:00Z', '+01:00'),
      slot('2026-10-25T02:30:00Z', '+01:00'),
    ],
  };
  expect(timeLabels('de', day, 'Europe/Berlin')).toEqual(['2:30 (UTC+02:00)', '2:30 (UTC+01:00)', '3:30']);
});

test('a longer time is said from when to when', () => {
  const day = {
    date: '2026-11-24',
    slots: [{ from: '2026-11-24T14:00:00Z', to: '2026-11-24T15:00:00Z', local: '15:00', offset: '+01:00' }],
  };
  const said = timeLabels('de', day, 'Europe/Berlin')[0] ?? '';
  expect(said.match(/\d+:\d+/g)).toEqual(['15:00', '16:00']);
});

test('a promise names the whole slot, once with its day', () => {
  const [from, to] = ['2026-11-24T14:00:00Z', '2026-11-24T15:00:00Z'];
  const said = whenText('de', from, to, 'Europe/Berlin');
  expect(said.match(/\d+:\d+/g)).toEqual(['15:00', '16:00']);
  expect(said.match(/November/g)).toHaveLength(1);
  expect(whenText('de', from, null, 'Europe/Berlin').match(/\d+:\d+/g)).toEqual(['15:00']);
});

test.each([
  ['de-AT', 'UTC', 'AT'],
  ['en', 'UTC', 'GB'],
  ['xx-bad-locale-tag', 'UTC', 'GB'],
  ['fr-FR', 'UTC', 'FR'],
])('%s in %s is guessed to be %s', (locale, zone, country) => {
  expect(guessCountry(['AT', 'DE', 'FR', 'GB'], locale, zone, 'GB')).toBe(country);
});

test('without any hint the first country is taken, and none from nothing', () => {
  expect(guessCountry(['AT', 'DE'], 'en', 'UTC')).toBe('AT');
  expect(guessCountry([], 'en', 'UTC')).toBe('');
});
