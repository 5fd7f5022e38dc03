import { expect, test } from 'vitest';
import { REASON_ORDER, as_reasons, reason_label, reason_sentence } from './reasons';

const ENGINE_NAMES =
  'NoConsent OptedOut IdentityTooWeak AuthorizationDenied QuietHours FrequencyCap CoolingDown DeclinedRecently LiveOffer AlreadyInContact Holdout Paced StaleSignals ShadowMode';

test('every reason of the engine has a sentence, in the engine’s order', () => {
  const snake = ENGINE_NAMES.split(' ').map((name) => name.replace(/([a-z])([A-Z])/g, '$1_$2').toLowerCase());
  expect(REASON_ORDER).toEqual(snake);
  for (const code of snake) {
    expect(reason_sentence({ code })).toMatch(/^[A-Z].*\.$/);
    expect(reason_sentence({ code })).not.toContain('Withheld:');
  }
});

test('both spellings of a code read the same', () => {
  expect(reason_label('ShadowMode')).toBe(reason_label('shadow_mode'));
});

test('a reason from a newer server is still words', () => {
  expect(reason_label('budget_spent')).toBe('Budget spent');
  expect(reason_sentence({ code: 'budget_spent' })).toBe('Withheld: budget spent.');
});

test('the detail follows the sentence', () => {
  expect(reason_sentence({ code: 'declined_recently', detail: { days_left: 6 } })).toMatch(
    /\(days left 6\)$/,
  );
});

test('codes and objects both become reasons', () => {
  expect(as_reasons(['paced', { code: 'holdout' }])).toEqual([{ code: 'paced' }, { code: 'holdout' }]);
  expect(as_reasons(undefined)).toEqual([]);
});
