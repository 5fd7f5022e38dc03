import { expect, test } from 'vitest';
import { areas_of, may_administer } from './session.svelte';
import type { Role } from './wire';

test.each<[Role, string[], boolean]>([
  ['admin', ['inbox', 'customers', 'calls', 'decisions', 'admin'], true],
  ['supervisor', ['inbox', 'customers', 'calls', 'decisions', 'admin'], false],
  ['agent', ['inbox', 'customers', 'calls', 'decisions'], false],
  ['analyst', ['decisions', 'customers', 'calls'], false],
])('a %s sees %j', (role, areas, administers) => {
  expect(areas_of(role)).toEqual(areas);
  expect(may_administer(role)).toBe(administers);
});

test('a role from a newer server opens nothing', () => expect(areas_of('guest' as Role)).toEqual([]));
