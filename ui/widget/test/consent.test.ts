/** Whose word counts, and when it is heard. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createConsent, type Terms, type Verdict } from '../src/consent';
import { THRESHOLDS } from './helpers';

const TERMS: Terms = {
  consent: 'platform',
  unsaid: { analyse: true, contact: true },
  url_allow: [],
  consent_categories: {},
  thresholds: THRESHOLDS,
};
const REFUSED = 'overture.refused';
const page = window as unknown as Record<string, unknown>;

let verdicts: Verdict[];
const last = (): Verdict | undefined => verdicts.at(-1);

function begin(terms: Partial<Terms> = {}) {
  verdicts = [];
  const consent = createConsent((verdict) => verdicts.push(verdict));
  consent.begin({ ...TERMS, ...terms });
  return consent;
}

let warn: ReturnType<typeof vi.spyOn>;
beforeEach(() => {
  vi.useFakeTimers();
  warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
  localStorage.clear();
  delete page.dataLayer;
  document.head.replaceChildren();
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe('the site’s own word', () => {
  test.each([
    { analyse: 'false' },
    { analyse: 1 },
    { analyse: null },
    { contact: 'yes' },
    { everything: true },
    true,
    'granted',
    null,
  ])('%j allows nothing, and the console says so', (said) => {
    const consent = begin({ consent: 'required', unsaid: { analyse: false, contact: false } });
    consent.say(said);
    expect(last()).toEqual({ analyse: false, contact: false, said: {} });
    expect(warn).toHaveBeenCalled();
  });

  test('takes the purpose by its own name too, and what is right beside what is wrong', () => {
    const consent = begin({ consent: 'required', unsaid: { analyse: false, contact: false } });
    consent.say({ analyse_behaviour: true });
    expect(last()?.said).toEqual({ analyse: true, by: 'api' });
    expect(warn).not.toHaveBeenCalled();
    consent.say({ analyse: false, contact: 'true' });
    expect(last()?.said).toEqual({ analyse: false, by: 'api' });
    expect(warn).toHaveBeenCalledOnce();
  });
});

describe('a refusal', () => {
  test('holds on the next page, until the site says otherwise', () => {
    begin().say({ analyse: false, contact: false });
    expect(localStorage.getItem(REFUSED)).toBe('analyse,contact');
    const next = begin();
    expect(last()).toEqual({
      analyse: false,
      contact: false,
      said: { analyse: false, contact: false, by: 'api' },
    });
    next.say({ analyse: true });
    expect(localStorage.getItem(REFUSED)).toBe('contact');
    next.say({ contact: true });
    expect(localStorage.getItem(REFUSED)).toBeNull();
  });

  test('of another tab is heard here, and a grant there says nothing here', () => {
    begin({ consent: 'required', unsaid: { analyse: false, contact: false } }).say({
      analyse: true,
      contact: true,
    });
    const tell = (refused: string | null): void => {
      if (refused === null) localStorage.removeItem(REFUSED);
      else localStorage.setItem(REFUSED, refused);
      dispatchEvent(new StorageEvent('storage', { key: REFUSED, newValue: refused }));
    };
    tell('analyse');
    expect(last()?.said).toEqual({ analyse: false, contact: true, by: 'api' });
    tell(null);
    expect(last()).toEqual({ analyse: false, contact: true, said: { contact: true, by: 'api' } });
  });

  test('holds on its page where nothing can be stored', () => {
    vi.spyOn(Storage.prototype, 'setItem').mockImplementation(() => {
      throw new DOMException('full', 'QuotaExceededError');
    });
    begin().say({ analyse: false });
    expect(last()?.analyse).toBe(false);
  });
});

describe('Google Consent Mode', () => {
  const granted = ['consent', 'update', { analytics_storage: 'granted', functionality_storage: 'granted' }];
  const denied = ['consent', 'update', { analytics_storage: 'denied', functionality_storage: 'denied' }];

  test('is heard as it is pushed, without any timer', () => {
    const layer: unknown[] = (page.dataLayer = [{ event: 'gtm.js' }]);
    begin();
    expect(layer.push(granted)).toBe(2);
    expect(last()).toMatchObject({ analyse: true, said: { by: 'gcm' } });
    layer.push({ event: 'other' }, denied);
    expect(last()).toMatchObject({ analyse: false, contact: false });
    expect(layer).toHaveLength(4);
  });

  test('leaves what else a page made of `push`', () => {
    const seen: unknown[] = [];
    const layer: unknown[] = (page.dataLayer = []);
    // As Google's script does: it answers itself, and keeps the layer short.
    layer.push = function (this: unknown[], ...entries: unknown[]): number {
      seen.push(this, ...entries);
      Array.prototype.push.apply(this, entries);
      while (this.length > 1) this.shift();
      return 77;
    };
    begin();
    expect(layer.push('a')).toBe(77);
    expect(layer.push(granted)).toBe(77);
    expect(layer.push(denied)).toBe(77);
    expect(seen).toEqual([layer, 'a', layer, granted, layer, denied]);
    expect(last()?.analyse).toBe(false);
  });

  test('in a layer of another name, in a new one, and past a `push` that is not ours, is heard too', async () => {
    document.head.innerHTML = '<script type="x" src="https://gtm.example/gtm.js?id=GTM-1&l=facts"></script>';
    page.facts = [granted];
    begin();
    expect(last()?.said.analyse).toBe(true);
    const fresh: unknown[] = (page.facts = []);
    await vi.advanceTimersByTimeAsync(500);
    Array.prototype.push.call(fresh, denied);
    await vi.advanceTimersByTimeAsync(500);
    expect(last()?.said.analyse).toBe(false);
    delete page.facts;
  });
});
