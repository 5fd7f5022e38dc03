/** Whatever is typed, chosen or shown, none of it is in any byte that leaves the browser. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createCapture } from '../src/capture';
import { pagePath } from '../src/capture/pages';
import { createForms } from '../src/capture/forms';
import { click, recordingQueue, THRESHOLDS } from './helpers';

const FIELDS = [
  ...[
    'text',
    'password',
    'email',
    'tel',
    'url',
    'search',
    'number',
    'date',
    'hidden',
    'color',
    'range',
    'time',
  ].map((type) => `<input type="${type}" name="f_${type}" aria-describedby="problem">`),
  '<textarea name="f_area"></textarea>',
  '<select name="f_select"><option value="SECRET">SECRET</option></select>',
  '<input type="checkbox" name="f_check" value="SECRET">',
  '<input type="radio" name="f_radio" value="SECRET">',
  '<div contenteditable="true" id="f_edit">SECRET</div>',
  '<button type="submit" name="f_button" value="SECRET" title="SECRET">SECRET</button>',
];

/** A small seeded generator: a failure names its seed. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function secrets(next: () => number): string[] {
  const digits = Array.from({ length: 16 }, () => Math.floor(next() * 10)).join('');
  const word = `s${Math.floor(next() * 2 ** 32).toString(36)}zq`;
  return [
    digits,
    digits.replace(/(.{4})/g, '$1 ').trim(),
    `${word}@example.org`,
    `pass-${word}!`,
    `Ü${word}ß`,
  ];
}

let stop = (): void => {};
beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  stop();
  vi.useRealTimers();
});

test.each(Array.from({ length: 25 }, (_, seed) => seed))(
  'no field value leaves the browser (seed %i)',
  async (seed) => {
    const next = random(seed + 1);
    const typed = secrets(next);
    document.body.innerHTML =
      `<h1>${typed[0]}</h1><a href="/x?token=${typed[0]}" id="link">${typed[1]}</a>` +
      `<form id="form">${FIELDS.join('').replaceAll('SECRET', typed[3] ?? '')}<p id="problem" role="alert"></p></form>`;
    history.replaceState(null, '', `/pay?card=${typed[0]}#${typed[3]}`);
    document.title = typed.join(' ');

    const { queue, sent, beacons, events } = recordingQueue();
    const capture = createCapture(
      queue,
      pagePath,
      () => THRESHOLDS,
      () => {},
    );
    stop = capture.stop;
    capture.start();
    capture.arrived(createForms);
    queue.identify({ anonymousId: 'anon', session: 'int_1' });

    for (const field of document.querySelectorAll<HTMLInputElement>(
      'input,textarea,select,[contenteditable],button,a',
    )) {
      const secret = typed[Math.floor(next() * typed.length)] ?? '';
      click(field, { clientX: next() * 1000, clientY: next() * 1000 });
      field.focus();
      if ('value' in field) field.value = secret;
      else (field as HTMLElement).textContent = secret;
      field.setAttribute('data-value', secret);
      for (const type of ['keydown', 'input', 'change', 'paste', 'blur']) {
        field.dispatchEvent(new KeyboardEvent(type, { bubbles: true, key: secret[0] ?? 'a' }));
      }
      field.dispatchEvent(new Event('invalid', { bubbles: false }));
      if (next() < 0.5) field.setAttribute('aria-invalid', 'true');
      if (next() < 0.2) await vi.advanceTimersByTimeAsync(31_000);
    }
    document.querySelector('form')?.dispatchEvent(new Event('submit', { bubbles: true, cancelable: true }));
    const problem = document.querySelector('#problem');
    if (problem) problem.textContent = `"${typed[0]}" is not a card`;
    await vi.advanceTimersByTimeAsync(10_000);
    window.dispatchEvent(new Event('pagehide'));
    await vi.advanceTimersByTimeAsync(10_000);

    const bytes = [...sent, ...beacons].join('\n');
    const names = new Set(events().map((it) => it.event ?? it.type));
    for (const name of [
      'page',
      'overture:click',
      'overture:form_error',
      'overture:form_submit',
      'overture:page_leave',
    ]) {
      expect(names).toContain(name);
    }
    for (const secret of typed) {
      expect(bytes).not.toContain(secret);
      expect(bytes).not.toContain(JSON.stringify(secret).slice(1, -1));
      expect(bytes).not.toContain(encodeURIComponent(secret));
    }
  },
);
