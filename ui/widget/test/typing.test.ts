/** When the customer counts as typing, also where no key is heard. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { watchTyping } from '../src/panel/offers/typing';

beforeEach(() => {
  vi.useFakeTimers();
  document.body.innerHTML = `
    <div><input id="field"><button type="button" id="go">Go</button></div>
    <iframe id="number" tabindex="0"></iframe><iframe id="code" tabindex="0"></iframe><p id="text" tabindex="0"></p>`;
});
afterEach(() => vi.useRealTimers());

const focus = (id: string): void => {
  (document.activeElement as HTMLElement | null)?.blur();
  document.getElementById(id)?.focus();
  window.dispatchEvent(new Event(document.activeElement?.localName === 'iframe' ? 'blur' : 'focus'));
  vi.advanceTimersByTime(1);
};

test('in a field it is quiet two seconds after the last key', () => {
  const typing = watchTyping();
  focus('field');
  document.getElementById('field')?.dispatchEvent(new KeyboardEvent('keydown', { bubbles: true }));
  expect(typing.quietInMs()).toBe(2_000);
  vi.advanceTimersByTime(2_000);
  expect(typing.quietInMs()).toBeLessThanOrEqual(0);
});

test('in a frame it is quiet after a minute, or once the focus leaves it', () => {
  const typing = watchTyping();
  focus('number');
  vi.advanceTimersByTime(30_000);
  expect(typing.quietInMs()).toBeGreaterThan(29_000);
  focus('code');
  vi.advanceTimersByTime(40_000);
  expect(typing.quietInMs(), 'each frame of a form has its own minute').toBeGreaterThan(19_000);
  vi.advanceTimersByTime(20_000);
  expect(typing.quietInMs()).toBeLessThanOrEqual(0);
  focus('number');
  expect(typing.quietInMs()).toBeGreaterThan(59_000);
  focus('text');
  expect(typing.quietInMs()).toBeLessThanOrEqual(0);
  focus('field');
  expect(typing.quietInMs(), 'what was typed in the frame is over').toBeLessThanOrEqual(0);
});

test('without a form, what goes with the field is the button beside it', () => {
  const box = { width: 100, height: 40 } as DOMRect;
  vi.spyOn(Element.prototype, 'getBoundingClientRect').mockReturnValue(box);
  const typing = watchTyping();
  focus('field');
  expect(typing.button()?.id).toBe('go');
});
