import { expect, test } from 'vitest';
import { parse_origins, snippet } from './snippet';

test('the snippet names the host and the key', () => {
  const text = snippet('https://help.example:8443', 'wk_abc');
  expect(text).toContain('src="https://help.example:8443/widget.js"');
  expect(text).toContain('data-write-key="wk_abc"');
});

test('nothing that could leave the attribute gets into it', () => {
  expect(snippet('https://help.example', 'wk"><img src=x>')).toBe('');
  expect(snippet('https://help.example/" onload="x', 'wk_1')).toBe('');
});

test.each([
  ['https://a.example\nhttp://b.example:8080', { origins: ['https://a.example', 'http://b.example:8080'] }],
  ['https://A.example/', { origins: ['https://a.example'] }],
  ['https://a.example https://a.example', { origins: ['https://a.example'] }],
  ['', { origins: [] }],
  ['a.example', { wrong: 'a.example' }],
  ['https://a.example/shop', { wrong: 'https://a.example/shop' }],
  ['ftp://a.example', { wrong: 'ftp://a.example' }],
])('%j', (text, expected) => expect(parse_origins(text)).toEqual(expected));
