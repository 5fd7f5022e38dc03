import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { captureActive } from '../src/capture/active';
import { captureClicks } from '../src/capture/clicks';
import { captureDeadClicks } from '../src/capture/dead';
import { openFormDoor } from '../src/capture/form-door';
import { ANSWER_MS, createForms, OUTCOME_MS } from '../src/capture/forms';
import { capturePages, pagePath } from '../src/capture/pages';
import { captureThrash } from '../src/capture/thrash';
import { safeName } from '../src/capture/target';
import { captureVisitor, type Recorder, type Stop } from '../src/capture/recorder';
import { scriptLoader } from '../src/ui/lazy';
import { click, recorder, THRESHOLDS } from './helpers';

const { slow_click_ms: SLOW_MS, dead_click_ms: DEAD_MS, hesitation_ms: HESITATION_MS } = THRESHOLDS;
let stop: Stop = () => {};
let leave: Stop = () => {};

beforeEach(() => {
  vi.useFakeTimers();
  document.body.innerHTML = '';
  leave = captureVisitor();
});
afterEach(() => {
  stop();
  leave();
  vi.useRealTimers();
});

const $ = <T extends Element = HTMLElement>(selector: string): T => {
  const found = document.querySelector<T>(selector);
  if (!found) throw new Error(`no ${selector}`);
  return found;
};

/** Forms with their script there from the start. */
function captureForms(record: Recorder, thresholds = THRESHOLDS): Stop {
  const door = openFormDoor(record, thresholds, () => {});
  door.arrived(createForms);
  return door.stop;
}

describe('clicks', () => {
  test.each([
    ['<button id="t">Buy</button>', true, false],
    ['<p id="t">text</p>', false, false],
    ['<input id="t">', true, true],
    ['<textarea id="t"></textarea>', true, true],
    ['<input id="t" type="checkbox">', true, false],
    ['<button id="t"> + </button>', true, false, true],
    ['<button id="t">−</button>', true, false, true],
    ['<button id="t" aria-label="Next month"><svg></svg></button>', true, false, true],
    ['<button id="t" aria-label="Nächster Monat"><svg></svg></button>', true, false, true],
    ['<button id="t" aria-label="Volume up"><svg></svg></button>', true, false, true],
    ['<button id="t" aria-label="Upload photo"><svg></svg></button>', true, false],
    ['<button id="t" aria-label="Update cart"><svg></svg></button>', true, false],
    ['<button id="t" title="Download invoice"><svg></svg></button>', true, false],
    ['<button id="t" title="Upgrade"><svg></svg></button>', true, false],
    ['<button id="t" aria-label="More options"><svg></svg></button>', true, false],
    ['<div draggable="true"><button id="t">Open</button></div>', true, false],
    ['<div role="application"><button id="t">Open</button></div>', true, false],
    ['<div role="application"><p id="t">Land</p></div>', false, false, true],
    ['<div tabindex="0"><canvas id="t"></canvas></div>', true, false, true],
    ['<button id="t">Next</button>', true, false],
    ['<button id="t" aria-label="Next">Continue</button>', true, false],
    ['<canvas id="t"></canvas>', false, false, true],
    ['<div id="t" role="button"></div>', true, false],
    ['<div id="t" style="cursor:pointer"></div>', true, false],
  ])('%s: interactive %s, text field %s, stepper %s', (html, interactive, text_field, stepper = false) => {
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
          stepper,
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
    stop = captureDeadClicks(it.record, THRESHOLDS);
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

  test('what the widget does to the page is no answer', async () => {
    document.body.innerHTML = '<button id="t">Apply</button>';
    const { facts } = start();
    click($('#t'));
    await vi.advanceTimersByTimeAsync(SLOW_MS + 100);
    scriptLoader('https://help.example/widget', 'en', '')('panel', () => {});
    const ours = document.createElement('overture-widget');
    document.body.append(ours);
    await vi.advanceTimersByTimeAsync(100);
    ours.style.setProperty('--brand-offset-bottom', '80px');
    await vi.advanceTimersByTimeAsync(30_000);
    expect(facts.map((it) => it.name)).toEqual(['overture:dead_click']);
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

  test.each([
    ['a hero with copy', '<section class="hero-copy"><button id="t">x</button></section>'],
    ['a copyright', '<footer class="copyright"><a id="t" href="#">x</a></footer>'],
    ['the current step', '<ol><li aria-current="step"><h2>Two</h2><button id="t">x</button></li></ol>'],
    ['a selected row', '<table><tr aria-selected="true"><td><button id="t">x</button></td></tr></table>'],
    ['a card to drag', '<div draggable="true"><p>Card</p><button id="t">x</button></div>'],
    ['an application', '<div role="application"><button id="t">x</button></div>'],
    ['a page with a large canvas', '<canvas width="4000" height="4000"></canvas><button id="t">x</button>'],
  ])('a dead button in %s is dead', async (_, html) => {
    document.body.innerHTML = html;
    const { named } = start();
    click($('#t'));
    await vi.advanceTimersByTimeAsync(30_000);
    expect(named('overture:dead_click')).toHaveLength(1);
  });

  test.each([
    ['the tab that is shown', '<div role="tab" aria-selected="true" id="t">x</div>'],
    ['the page that is shown', '<ul><li aria-current="page"><button id="t">2</button></li></ul>'],
    [
      'a selected row',
      '<table><tr aria-selected="true" style="cursor:pointer"><td id="t" style="cursor:pointer">x</td></tr></table>',
    ],
    ['a slider', '<div role="slider" tabindex="0" id="t"></div>'],
  ])('%s is never dead', async (_, html) => {
    document.body.innerHTML = html;
    const { facts } = start();
    click($('#t'));
    await vi.advanceTimersByTimeAsync(30_000);
    expect(facts).toEqual([]);
  });

  test('a component that hides what is in it is never dead', async () => {
    customElements.define(
      'closed-part',
      class extends HTMLElement {
        #root = this.attachShadow({ mode: 'closed' });
        connectedCallback(): void {
          this.#root.innerHTML = '<button>x</button>';
        }
      },
    );
    document.body.innerHTML = '<closed-part id="t" style="cursor:pointer"></closed-part>';
    const { facts } = start();
    click($('#t'));
    await vi.advanceTimersByTimeAsync(30_000);
    expect(facts).toEqual([]);
  });

  test('what is written to the clipboard answers, and the page gets its own method back', async () => {
    const writeText = vi.fn(() => Promise.resolve());
    class Clipboard {}
    Object.assign(Clipboard.prototype, { writeText });
    vi.stubGlobal('Clipboard', Clipboard);
    const clipboard = new Clipboard() as unknown as { writeText(text: string): Promise<void> };
    document.body.innerHTML = '<button id="t">Take it</button>';
    const taken: unknown[] = [];
    $('#t').addEventListener('click', () => taken.push(clipboard.writeText('abc')));
    const { facts } = start();
    click($('#t'));
    await vi.advanceTimersByTimeAsync(30_000);
    expect(facts).toEqual([]);
    expect(writeText).toHaveBeenCalledExactlyOnceWith('abc');
    expect(taken[0]).toBe(writeText.mock.results[0]?.value);
    expect(clipboard.writeText).toBe(writeText);
    vi.unstubAllGlobals();
  });

  describe('on a page that changes by itself', () => {
    async function ticking(everyMs: number, tick: (count: number) => void) {
      let count = 0;
      const timer = setInterval(() => tick((count += 1)), everyMs);
      const it = start();
      const ends = stop;
      stop = () => {
        clearInterval(timer);
        ends();
      };
      await vi.advanceTimersByTimeAsync(6 * everyMs + 600);
      return it;
    }

    test.each([100, 1_000, 5_000])('every %d ms, a dead button is dead', async (everyMs) => {
      document.body.innerHTML = '<p id="clock"></p><button id="t">Apply</button>';
      const { facts } = await ticking(everyMs, (count) => ($('#clock').textContent = String(count)));
      click($('#t'));
      await vi.advanceTimersByTimeAsync(30_000);
      expect(facts.map(({ name }) => name)).toEqual(['overture:dead_click']);
    });

    test('on and off in turn, a dead button is dead', async () => {
      document.body.innerHTML = '<i></i><i></i><i></i><i></i><button id="t">Apply</button>';
      const slides = [...document.querySelectorAll('i')];
      const { facts } = await ticking(5_000, (count) =>
        slides.forEach(
          (it, index) => (index === count % 4) !== it.hidden || (it.hidden = index !== count % 4),
        ),
      );
      await vi.advanceTimersByTimeAsync(20_000);
      click($('#t'));
      await vi.advanceTimersByTimeAsync(30_000);
      expect(facts.map(({ name }) => name)).toEqual(['overture:dead_click']);
    });

    test('a strip that scrolls by itself is no answer', async () => {
      document.body.innerHTML = '<div id="strip"></div><button id="t">Apply</button>';
      const { facts } = await ticking(2_000, () => $('#strip').dispatchEvent(new Event('scroll')));
      click($('#t'));
      await vi.advanceTimersByTimeAsync(30_000);
      expect(facts.map(({ name }) => name)).toEqual(['overture:dead_click']);
    });

    test('an answer elsewhere is an answer', async () => {
      document.body.innerHTML = '<p id="clock"></p><p id="done"></p><button id="t">Apply</button>';
      $('#t').addEventListener('click', () => setTimeout(() => ($('#done').textContent = 'x'), 400));
      const { facts } = await ticking(1_000, (count) => ($('#clock').textContent = String(count)));
      click($('#t'));
      await vi.advanceTimersByTimeAsync(30_000);
      expect(facts).toEqual([]);
    });

    test('an answer off the beat in the same place is an answer', async () => {
      document.body.innerHTML = '<p id="clock"></p><button id="t">Now</button>';
      $('#t').addEventListener('click', () => ($('#clock').textContent = 'now'));
      const { facts } = await ticking(1_000, (count) => ($('#clock').textContent = String(count)));
      click($('#t'));
      await vi.advanceTimersByTimeAsync(30_000);
      expect(facts).toEqual([]);
    });
  });

  test('a button that answers each of many presses is alive', async () => {
    document.body.innerHTML = '<p id="count"></p><button id="t">More</button>';
    $('#t').addEventListener('click', () => ($('#count').textContent += 'x'));
    const { facts } = start();
    for (let press = 0; press < 12; press += 1) {
      click($('#t'));
      await vi.advanceTimersByTimeAsync(press % 2 ? 150 : 1_000);
    }
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
    await vi.advanceTimersByTimeAsync(ANSWER_MS);
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

  test.each([
    ['a message of plain thanks', '<p role="alert" id="m"></p>', 'Your address was saved.'],
    ['thanks in German', '<p role="alert" id="m"></p>', 'Gespeichert'],
    ['a message named after success', '<p role="alert" id="m" class="toast-success"></p>', 'Hello'],
    [
      'what holds it being named so',
      '<div class="toast--success"><div><p role="alert" id="m"></p></div></div>',
      'Hello',
    ],
  ])('%s is no error, and the submit succeeded', async (_, html, text) => {
    const { facts } = start(`<form id="f"><input name="a">${html}</form>`);
    submit();
    $('#m').textContent = text;
    await vi.advanceTimersByTimeAsync(ANSWER_MS);
    expect(facts).toEqual([
      { name: 'overture:form_submit', properties: { form: 'f', outcome: 'succeeded' } },
    ]);
  });

  test('a form that the page empties succeeded, whatever it says', async () => {
    const { facts } = start('<form id="f"><input name="a"><p role="alert"></p></form>');
    submit();
    $<HTMLFormElement>('form').reset();
    $('p').textContent = 'Hello';
    await vi.advanceTimersByTimeAsync(ANSWER_MS);
    expect(facts.map((it) => it.properties)).toEqual([{ form: 'f', outcome: 'succeeded' }]);
  });

  test.each([
    ['Not saved.', ''],
    ['We couldn’t save it: thank you for trying again.', ''],
    ['Saved, but one field is wrong.', ' aria-invalid="true"'],
  ])('"%s" fails the submit', async (text, attribute) => {
    const { named } = start(`<form id="f"><input name="a"${attribute}><p role="alert"></p></form>`);
    submit();
    $('p').textContent = text;
    await vi.advanceTimersByTimeAsync(ANSWER_MS);
    expect(named('overture:form_submit')[0]?.properties.outcome).toBe('failed');
  });

  test('an ignored field stays unseen when its alert is outside', async () => {
    const { facts } = start(
      '<form id="f"><input name="secret" aria-describedby="e" data-overture-ignore></form><p id="e" role="alert"></p>',
    );
    submit();
    $('#e').textContent = 'wrong';
    await vi.advanceTimersByTimeAsync(ANSWER_MS);
    expect(JSON.stringify(facts)).not.toContain('secret');
  });

  test('an ignored field stays unseen', async () => {
    const { facts } = start('<form id="f"><input name="a" data-overture-ignore></form>');
    submit();
    $('input').setAttribute('aria-invalid', 'true');
    await vi.advanceTimersByTimeAsync(ANSWER_MS);
    expect(facts.map((it) => it.properties)).toEqual([{ form: 'f', outcome: 'unknown' }]);
  });
});

describe('the script that understands forms', () => {
  function start(html: string) {
    document.body.innerHTML = html;
    const it = recorder();
    const load = vi.fn<(failed: () => void) => void>();
    const door = openFormDoor(it.record, THRESHOLDS, load);
    ({ stop } = door);
    return { ...it, door, load };
  }

  test.each([
    ['a page without fields', '<button id="t">Menu</button>', 0],
    ['a button beside a field', '<button id="t">Go</button><input>', 1],
    ['a field', '<input id="t">', 1],
    ['an editor', '<div id="t" contenteditable="true"></div>', 1],
    ['a text beside a field', '<p id="t">text</p><input>', 0],
  ])('%s asks for it once when it is used', (_, html, count) => {
    const { load } = start(html);
    // jsdom knows no editors.
    Object.defineProperty($('#t'), 'isContentEditable', { value: $('#t').matches('[contenteditable]') });
    expect(load).not.toHaveBeenCalled();
    click($('#t'));
    click($('#t'));
    expect(load).toHaveBeenCalledTimes(count);
  });

  test('comes late, and misses nothing', async () => {
    const { facts, door } = start(
      '<form id="f" novalidate><input name="a"><p role="alert"></p><button>Go</button></form>',
    );
    $('form').addEventListener('submit', (event) => event.preventDefault());
    $('button').click();
    $('p').textContent = 'This is wrong';
    await vi.advanceTimersByTimeAsync(300);
    expect(facts).toEqual([]);
    door.arrived(createForms);
    await vi.advanceTimersByTimeAsync(OUTCOME_MS);
    expect(facts).toEqual([
      { name: 'overture:form_error', properties: { form: 'f', field: '', code: 'alert' } },
      { name: 'overture:form_submit', properties: { form: 'f', outcome: 'failed' } },
    ]);
  });

  test('is not asked for again where it is there', () => {
    const { door, load } = start('<input id="t">');
    door.arrived(createForms);
    click($('#t'));
    expect(load).not.toHaveBeenCalled();
  });

  test('cannot be had: the site’s own word on a field is told all the same', () => {
    const { facts, door, load } = start('<input id="t">');
    click($('#t'));
    load.mock.calls[0]?.[0]();
    click($('#t'));
    door.error('card', 'refused');
    expect(load).toHaveBeenCalledTimes(1);
    expect(facts.map((it) => it.properties)).toEqual([{ form: '', field: 'card', code: 'refused' }]);
  });
});

describe('hesitation', () => {
  test.each([
    ['half a minute without input', false, 1],
    ['with input', true, 0],
  ])('%s', async (_, types, count) => {
    document.body.innerHTML = '<form name="pay"><input name="iban"></form>';
    const { facts, record } = recorder();
    stop = captureForms(record);
    click($('input'));
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
    stop = captureThrash(record, THRESHOLDS);
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

test.each([
  [{ slow_click_ms: 1_000 }, 'overture:slow_click', 1_500],
  [{ dead_click_ms: 2_000 }, 'overture:dead_click', 2_500],
])('a late answer with %o is a %s', async (own, name, answerMs) => {
  document.body.innerHTML = '<button id="t">Go</button><p></p>';
  $('#t').addEventListener('click', () => setTimeout(() => ($('p').textContent = 'x'), answerMs));
  const { facts, record } = recorder();
  stop = captureDeadClicks(record, { ...THRESHOLDS, ...own });
  click($('#t'));
  await vi.advanceTimersByTimeAsync(30_000);
  expect(facts.map((it) => it.name)).toEqual([name]);
});

test('what counts as hesitation, thrash and being there is the policy’s to say', async () => {
  document.body.innerHTML = '<input>';
  const { named, record } = recorder();
  const own = {
    ...THRESHOLDS,
    hesitation_ms: 5_000,
    thrash_reversals: 2,
    thrash_window_ms: 500,
    idle_ms: 4_000,
  };
  const active = captureActive(record, own);
  const stops = [active.stop, captureForms(record, own), captureThrash(record, own)];
  stop = () => stops.forEach((it) => it());
  click($('input'));
  $('input').focus();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(named('overture:hesitation')).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(20_000);
  active.leave();
  const total = named('overture:active').reduce((sum, it) => sum + Number(it.properties.ms), 0);
  expect(total).toBeGreaterThan(2_000);
  expect(total).toBeLessThanOrEqual(5_000);
  const move = (clientX: number): unknown =>
    document.body.dispatchEvent(new MouseEvent('pointermove', { bubbles: true, clientX, clientY: 0 }));
  for (const x of [0, 100, 0]) move(x);
  await vi.advanceTimersByTimeAsync(600);
  for (const x of [100, 0]) move(x);
  expect(named('overture:thrash')).toHaveLength(1);
});

describe('active time', () => {
  test('goes to the page it was spent on, and a page that scrolls by itself adds nothing', async () => {
    const { facts, record } = recorder();
    const active = captureActive(record, THRESHOLDS);
    ({ stop } = active);
    await vi.advanceTimersByTimeAsync(4_000);
    active.leave();
    expect(facts.map((it) => it.properties)).toEqual([{ ms: 4_000 }]);
    const timer = setInterval(() => document.dispatchEvent(new Event('scroll')), 1_000);
    await vi.advanceTimersByTimeAsync(120_000);
    clearInterval(timer);
    active.leave();
    const total = facts.reduce((sum, it) => sum + Number(it.properties.ms), 0);
    expect(total).toBeLessThanOrEqual(31_000);
  });

  test('is never less than nothing when the clock is set back', async () => {
    const { facts, record } = recorder();
    const active = captureActive(record, THRESHOLDS);
    ({ stop } = active);
    await vi.advanceTimersByTimeAsync(2_000);
    vi.setSystemTime(Date.now() - 3_600_000);
    await vi.advanceTimersByTimeAsync(2_000);
    active.leave();
    expect(facts.map((it) => it.properties)).toEqual([{ ms: 4_000 }]);
  });

  test('stops 30 s after the last input', async () => {
    const { facts, record } = recorder();
    const active = captureActive(record, THRESHOLDS);
    ({ stop } = active);
    await vi.advanceTimersByTimeAsync(120_000);
    active.leave();
    const total = facts.reduce((sum, it) => sum + Number(it.properties.ms), 0);
    expect(total).toBeGreaterThan(28_000);
    expect(total).toBeLessThanOrEqual(31_000);
  });
});

describe('pages', () => {
  const pages: string[] = [];
  function start(): void {
    pages.length = 0;
    stop = capturePages({ page: (navigation) => pages.push(navigation), leave: () => {} });
  }
  afterEach(() => {
    vi.unstubAllGlobals();
    history.replaceState(null, '', '/');
  });

  test('without the Navigation API a link to a route in the fragment is no way back', async () => {
    history.replaceState(null, '', '#/home');
    start();
    const link = document.body.appendChild(document.createElement('a'));
    for (const route of ['#/items', '#/home']) {
      link.href = route;
      link.click();
      await vi.advanceTimersByTimeAsync(0);
      await vi.advanceTimersByTimeAsync(2_000);
    }
    expect(pages).toEqual(['navigate', 'navigate', 'navigate']);
  });

  test('without the Navigation API only the way back is back, not forward', async () => {
    history.replaceState(null, '', '/one');
    start();
    history.pushState(null, '', '/two');
    await vi.advanceTimersByTimeAsync(2_000);
    const travel = async (steps: number): Promise<void> => {
      vi.useRealTimers();
      const arrived = new Promise((resolve) => addEventListener('popstate', resolve, { once: true }));
      history.go(steps);
      await arrived;
    };
    await travel(-1);
    await travel(1);
    expect(pages).toEqual(['navigate', 'navigate', 'back_forward', 'navigate']);
  });

  test.each([
    [0, 1, 'back_forward'],
    [1, 0, 'navigate'],
  ])('a page kept by the browser, at %d after %d: %s', (index, before, expected) => {
    vi.stubGlobal(
      'navigation',
      Object.assign(new EventTarget(), {
        currentEntry: { index },
        activation: { navigationType: 'traverse', entry: { index }, from: { index: before } },
      }),
    );
    start();
    window.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: true }));
    expect(pages[1]).toBe(expected);
  });
});

test('the pointer thrashes unseen where nothing is to be captured', () => {
  document.body.innerHTML = '<div data-overture-ignore><p></p></div>';
  const { facts, record } = recorder();
  stop = captureThrash(record, THRESHOLDS);
  for (const clientX of [0, 100, 0, 100, 0, 100])
    $('p').dispatchEvent(new MouseEvent('pointermove', { bubbles: true, clientX, clientY: 0 }));
  document.dispatchEvent(new Event('wheel'));
  for (const scrollTop of [0, 200, 0, 200, 0, 200]) {
    Object.defineProperty($('div'), 'scrollTop', { value: scrollTop, configurable: true });
    $('div').dispatchEvent(new Event('scroll'));
  }
  expect(facts).toEqual([]);
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
