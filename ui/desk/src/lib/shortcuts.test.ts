import { expect, test } from 'vitest';
import { key_name } from './shortcuts';
import { message_chars } from './drafts';

const press = (key: string, rest: object = {}) => ({
  key,
  code: `Key${key.toUpperCase()}`,
  altKey: false,
  ctrlKey: false,
  metaKey: false,
  defaultPrevented: false,
  ...rest,
});

test.each([
  ['a letter', press('a'), false, 'a'],
  ['a letter while typing', press('a'), true, ''],
  ['Alt with a letter while typing', press('å', { altKey: true, code: 'KeyA' }), true, 'alt+a'],
  ['Ctrl with a letter', press('a', { ctrlKey: true }), false, ''],
  ['a question mark', press('?', { code: 'Slash' }), false, '?'],
  ['a named key', press('Escape', { code: 'Escape' }), false, ''],
  ['a key somebody handled', press('a', { defaultPrevented: true }), false, ''],
])('%s', (_, event, typing, expected) => expect(key_name(event, typing, 0)).toBe(expected));

test('G then a letter is one chord, for a moment', () => {
  expect(key_name(press('g'), false, 1000)).toBe('');
  expect(key_name(press('d'), false, 1500)).toBe('g d');
  expect(key_name(press('d'), false, 1600)).toBe('d');
  key_name(press('g'), false, 2000);
  expect(key_name(press('d'), false, 9000)).toBe('d');
});

test('a message is measured in characters, as the server does', () => {
  expect(message_chars('é👍')).toBe(2);
});
