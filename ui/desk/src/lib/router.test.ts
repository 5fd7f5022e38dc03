import { expect, test } from 'vitest';
import { href, parse_hash, safe_href } from './router.svelte';

test.each([
  ['#/inbox/int_1', ['inbox', 'int_1'], {}],
  ['', [], {}],
  ['#/decisions?rule=help_offer&reason=paced', ['decisions'], { rule: 'help_offer', reason: 'paced' }],
  ['#/customers/%E2%82%AC', ['customers', '€'], {}],
  ['#/customers/%', ['customers', '%'], {}],
])('%s is read', (hash, parts, query) => expect(parse_hash(hash)).toEqual({ parts, query }));

test('what is written is read back', () => {
  const link = href(['decisions', 'a/b'], { rule: 'x&y', reason: '' });
  expect(parse_hash(link)).toEqual({ parts: ['decisions', 'a/b'], query: { rule: 'x&y' } });
});

test.each([
  ['#/admin/sources', '#/admin/sources'],
  ['/desk/#/inbox', '#/inbox'],
  ['/docs', '/docs'],
  ['//evil.example', undefined],
  ['/\\evil.example', undefined],
  ['https://evil.example', undefined],
  ['javascript:alert(1)', undefined],
  [undefined, undefined],
])('a link %s from data is followed as %s', (link, expected) => expect(safe_href(link)).toBe(expected));
