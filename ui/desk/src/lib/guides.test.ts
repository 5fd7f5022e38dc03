import { describe, expect, test } from 'vitest';
import { anchor_name, completion, strength, word_before, type Anchor } from './guides';

const anchor = (...by: string[]): Anchor => ({
  tag: 'input',
  hosts: [],
  candidates: by.map((it) => ({ by: it, value: it === 'test' ? 'data-testid=mail' : 'email' })),
});

describe('guides', () => {
  test.each([
    [{ shown: 0, completed: 0 }, null],
    [{ shown: 4, completed: 1 }, 25],
    [{ shown: 1, completed: 2 }, 100],
  ])('completion of %j', (counts, expected) => {
    expect(completion({ counts: { ...counts, closed: 0, anchor_missing: 0, steps: [] } })).toBe(expected);
  });

  test.each([
    ['session.pa', 10, 'session.pa'],
    ['a == 1 && sig', 13, 'sig'],
    ['a == ', 5, ''],
  ])('the word before the caret in %j', (text, caret, expected) =>
    expect(word_before(text, caret)).toBe(expected),
  );

  test('an anchor is called by what its makers named it', () => {
    expect(anchor_name(null)).toContain('corner');
    expect(anchor_name(anchor('css', 'id'))).toBe('<input> id=email');
    expect(anchor_name(anchor('test'))).toBe('<input> data-testid=mail');
    expect(anchor_name(anchor('css'))).toBe('<input>');
  });

  test.each([
    [['test'], 'strong'],
    [['name', 'label'], 'strong'],
    [['label'], 'fair'],
    [['css', 'nth'], 'weak'],
  ])('%j is %s', (by, expected) => expect(strength(anchor(...by))).toBe(expected));
});
