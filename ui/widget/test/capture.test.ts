import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { captureActive } from '../src/capture/active';
import { captureClicks } from '../src/capture/clicks';
import { captureDeadClicks, DEAD_MS, SLOW_MS } from '../src/capture/dead';
import { captureForms, OUTCOME_MS } from '../src/capture/forms';
import { captureHesitation, HESITATION_MS } from '../src/capture/hesitation';
import { pagePath } from '../src/capture/pages';
import { captureThrash } from '../src/capture/thrash';
import { safeName } from '../src/capture/target';
import type { Stop } from '../src/capture/recorder';
import { click, recorder } from './helpers';

let stop: Stop = () => {};

beforeEach(() => {
  vi.useFakeTimers();
  document.body.innerHTML = '';
});
afterEach(() => {
  stop();
  vi.useRealTimers();
});

const $ = <T extends Element = HTMLElement>(selector: string): T => {
  const found = document.querySelector<T>(selector);
  if (!found) throw new Error(`no ${selector}`);
  return found;
};

describe('clicks', () => {
  test.each([
    ['<button id="t">Buy</button>', true, false],
    ['<p id="t">text</p>', false, false],
    ['<input id="t">', true, true],
    ['<textarea id="t"></textarea>', true, true],
    ['<input id="t" type="checkbox">', true, false],
    ['<button id="t"> + </button>', true, true],
    ['<button id="t">−</button>', true, true],
    ['<div id="t" role="button"></div>', true, false],
    ['<div id="t" style="cursor:pointer"></div>', true, false],
  ])('%s: interactive %s, text field or stepper %s', (html, interactive, text_field) => {
    document.body.innerHTML = html;
    const { facts, record } = recorder();
    stop = captureClicks(record);
    click($('#t'), { clientX: 10.4, clientY: 20.6 });
    expect(facts).toEqual([
      {
        name: 'overture:click',
        properties: {
          x: 10,
          y: 21,
          target: expect.stringMatching(/^[0-9a-f]{8}$/) as string,
          interactive,
          text_field,
        },
      },
    ]);
  });

  test('a click on a label is one click, although the browser clicks its field as well', () => {
    document.body.innerHTML = '<label for="c">Yes</label><input id="c" type="checkbox">';
    const { facts, record } = recorder();
    stop = captureClicks(record);
    $('label').click();
    expect(facts).toHaveLength(1);
  });

  test('what the host marks to be ignored is ignored', () => {
    document.body.innerHTML = '<div data-overture-ignore><button id="t">x</button></div>';
    const { facts, record } = recorder();
    stop = captureClicks(record);
    click($('#t'));
    expect(facts).toEqual([]);
  });
});

describe('dead clicks', () => {
  function start() {
    const it = recorder();
    stop = captureDeadClicks(it.record);
    return it;
  }

  test('a button that does nothing is dead after 7 s, once', async () => {
    document.body.innerHTML = '<button id="t">Apply</button>';
    const { facts } = start();
    click($('#t'));
    await vi.advanceTimersByTimeAsync(DEAD_MS - 1);
    expect(facts).toEqual([]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(facts.map((it) => it.name)).toEqual(['overture:dead_click']);
  });

  test.each([
    ['at once', 0, []],
    ['within 3 s', SLOW_MS - 100, []],
    ['after 3 s', SLOW_MS + 100, ['overture:slow_click']],
  ])('a button that answers %s', async (_, afterMs, expected) => {
    document.body.innerHTML = '<button id="t">Go</button><p></p>';
    $('#t').addEventListener('click', () => setTimeout(() => ($('p').textContent = 'done'), afterMs));
    const { facts } = start();
    click($('#t'));
    await vi.advanceTimersByTimeAsync(30_000);
    expect(facts.map((it) => it.name)).toEqual(expected);
  });

  test('an answer to the press, before the click, counts', async () => {
    document.body.innerHTML = '<button id="t">Menu</button><p></p>';
    const { facts } = start();
    $('#t').dispatchEvent(new MouseEvent('pointerdown', { bubbles: true }));
    $('p').textContent = 'open';
    await vi.advanceTimersByTimeAsync(50);
    $('#t').dispatchEvent(new MouseEvent('click', { bubbles: true, detail: 1 }));
    await vi.advanceTimersByTimeAsync(30_000);
    expect(facts).toEqual([]);
  });

  test.each([
    ['a new tab', '<a id="t" href="/other" target="_blank">x</a>', {}],
    ['a download', '<a id="t" href="/file.pdf" download>x</a>', {}],
    ['a mail link', '<a id="t" href="mailto:a@b.c">x</a>', {}],
    ['a modified click', '<a id="t" href="#">x</a>', { ctrlKey: true }],
    ['a text field', '<input id="t">', {}],
    ['a checkbox', '<input id="t" type="checkbox">', {}],
    ['plain text', '<p id="t">words</p>', {}],
    ['an ignored part', '<div data-overture-ignore><button id="t">x</button></div>', {}],
  ])('%s is never dead', async (_, html, init) => {
    document.body.innerHTML = html;
    const { facts } = start();
    click($('#t'), init);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(facts).toEqual([]);
  });

  test('selecting text is no click', async () => {
    document.body.innerHTML = '<button id="t">some words</button>';
    const { facts } = start();
    getSelection()?.selectAllChildren($('#t'));
    click($('#t'));
    await vi.advanceTimersByTimeAsync(30_000);
    getSelection()?.removeAllRanges();
    expect(facts).toEqual([]);
  });
});

describe('forms', () => {
  function start(html: string) {
    document.body.innerHTML = html;
    const it = recorder();
    stop = captureForms(it.record);
    return it;
  }
  const submit = (): void => {
    $('form').dispatchEvent(new Event('submit', { bubbles: true, cancelable: true }));
  };

  test('a submit without an error has an unknown outcome', async () => {
    const { facts } = start('<form id="f"><input name="a"></form>');
    submit();
    await vi.advanceTimersByTimeAsync(OUTCOME_MS);
    expect(facts).toEqual([{ name: 'overture:form_submit', properties: { form: 'f', outcome: 'unknown' } }]);
  });

  test('a field marked invalid within a second fails the submit', async () => {
    const { facts } = start('<form id="f" novalidate><input name="card"></form>');
    submit();
    await vi.advanceTimersByTimeAsync(400);
    $('input').setAttribute('aria-invalid', 'true');
    await vi.advanceTimersByTimeAsync(OUTCOME_MS);
    expect(facts).toEqual([
      { name: 'overture:form_error', properties: { form: 'f', field: 'card', code: 'aria_invalid' } },
      { name: 'overture:form_submit', properties: { form: 'f', outcome: 'failed' } },
    ]);
  });

  test('a field that stays invalid fails the next submit too', async () => {
    const { named } = start('<form id="f"><input name="card" aria-invalid="true"></form>');
    for (let i = 0; i < 2; i += 1) {
      submit();
      await vi.advanceTimersByTimeAsync(5_000);
    }
    expect(named('overture:form_error')).toHaveLength(2);
    expect(named('overture:form_submit').map((it) => it.properties.outcome)).toEqual(['failed', 'failed']);
  });

  test('an alert inside the form is an error, of the field it describes where it says so', async () => {
    const { named } = start(
      '<form id="f"><input name="card" aria-describedby="e"><p id="e" role="alert"></p><p id="g" role="alert"></p></form>',
    );
    submit();
    $('#e').textContent = 'secret words';
    $('#g').append(document.createElement('b'), 'more secret words');
    await vi.advanceTimersByTimeAsync(OUTCOME_MS);
    expect(named('overture:form_error').map((it) => it.properties)).toEqual([
      { form: 'f', field: 'card', code: 'alert' },
      { form: 'f', field: '', code: 'alert' },
    ]);
    expect(named('overture:form_submit')[0]?.properties.outcome).toBe('failed');
  });

  test('the browser refusing a submit is one failed submit with an error for each field', async () => {
    const { facts } = start(
      '<form id="f"><input name="a" required><input name="b" type="email" value="x"><button>Go</button></form>',
    );
    $('button').click();
    await vi.advanceTimersByTimeAsync(OUTCOME_MS);
    expect(
      facts.map((it) => [it.name, it.properties.field ?? it.properties.outcome, it.properties.code]),
    ).toEqual([
      ['overture:form_error', 'a', 'valueMissing'],
      ['overture:form_error', 'b', 'typeMismatch'],
      ['overture:form_submit', 'failed', undefined],
    ]);
  });

  test('validating while typing is no submit', async () => {
    const { named } = start('<form id="f"><input name="a" required></form>');
    $<HTMLInputElement>('input').checkValidity();
    await vi.advanceTimersByTimeAsync(OUTCOME_MS);
    expect(named('overture:form_submit')).toEqual([]);
    expect(named('overture:form_error')).toHaveLength(1);
  });

  test('one failure told in two ways is one error', async () => {
    const { named } = start('<form id="f"><input name="a" required><button>Go</button></form>');
    $('input').addEventListener('invalid', () => $('input').setAttribute('aria-invalid', 'true'));
    $('button').click();
    await vi.advanceTimersByTimeAsync(OUTCOME_MS);
    expect(named('overture:form_error')).toHaveLength(1);
  });

  test('an ignored field stays unseen', async () => {
    const { facts } = start('<form id="f"><input name="a" data-overture-ignore></form>');
    submit();
    $('input').setAttribute('aria-invalid', 'true');
    await vi.advanceTimersByTimeAsync(OUTCOME_MS);
    expect(facts.map((it) => it.properties)).toEqual([{ form: 'f', outcome: 'unknown' }]);
  });
});

describe('hesitation', () => {
  test.each([
    ['half a minute without input', false, 1],
    ['with input', true, 0],
  ])('%s', async (_, types, count) => {
    document.body.innerHTML = '<form name="pay"><input name="iban"></form>';
    const { facts, record } = recorder();
    stop = captureHesitation(record);
    $('input').focus();
    await vi.advanceTimersByTimeAsync(HESITATION_MS / 2);
    if (types) $('input').dispatchEvent(new Event('input', { bubbles: true }));
    await vi.advanceTimersByTimeAsync(HESITATION_MS);
    expect(facts).toHaveLength(count);
    if (count) expect(facts[0]?.properties).toEqual({ form: 'pay', field: 'iban' });
  });
});

describe('thrash', () => {
  function move(xs: number[], stepMs: number) {
    const { facts, record } = recorder();
    stop = captureThrash(record);
    for (const clientX of xs) {
      document.body.dispatchEvent(new MouseEvent('pointermove', { bubbles: true, clientX, clientY: 0 }));
      vi.advanceTimersByTime(stepMs);
    }
    return facts;
  }

  test.each([
    ['four reversals in two seconds', [0, 100, 0, 100, 0, 100], 100, 1],
    ['three reversals', [0, 100, 0, 100, 0], 100, 0],
    ['four slow reversals', [0, 100, 0, 100, 0, 100], 900, 0],
    ['a trembling hand', [0, 10, 0, 10, 0, 10, 0, 10], 50, 0],
    ['one long way', [0, 100, 200, 300, 400, 500], 50, 0],
  ])('%s', (_, xs, stepMs, count) => {
    expect(move(xs, stepMs)).toHaveLength(count);
  });
});

describe('active time', () => {
  test('stops 30 s after the last input', async () => {
    const { facts, record } = recorder();
    stop = captureActive(record);
    await vi.advanceTimersByTimeAsync(120_000);
    window.dispatchEvent(new Event('pagehide'));
    const total = facts.reduce((sum, it) => sum + Number(it.properties.ms), 0);
    expect(total).toBeGreaterThan(28_000);
    expect(total).toBeLessThanOrEqual(31_000);
  });
});

describe('names', () => {
  test.each([
    ['/orders/jane@example.org/edit', '/orders/:redacted/edit'],
    ['/orders/jane%40example.org', '/orders/:redacted'],
    ['/checkout?card=4111#x', '/checkout'],
  ])('the path %s is told as %s', (path, told) => {
    history.replaceState(null, '', path);
    expect(pagePath()).toBe(told);
    history.replaceState(null, '', '/');
  });

  test.each([
    ['card', true],
    ['billing[street]', true],
    ['jane@example.org', false],
    ['order-4815162342', false],
    ['two words', false],
  ])('the field name %s is told as it is: %s', (name, plain) => {
    if (plain) expect(safeName(name)).toBe(name);
    else expect(safeName(name)).toMatch(/^#[0-9a-f]{8}$/);
  });
});
