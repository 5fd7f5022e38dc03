import { expect, test } from 'vitest';
import { normalizePhone, phoneProblem } from '../src/panel/phone';

test.each([
  ['+49 30 1234567', '+49301234567'],
  ['0049 (30) 123-4567', '+49301234567'],
  ['+1.555.010.9999', '+15550109999'],
  ['+44\u00a020\u20107946 0958', '+442079460958'],
])('%s is %s', (written, number) => {
  expect(normalizePhone(written)).toBe(number);
  expect(phoneProblem(written)).toBeNull();
});

test.each([
  ['', 'phone_missing_country'],
  ['030 1234567', 'phone_missing_country'],
  ['+0 30 1234567', 'phone_missing_country'],
  ['+49 call me', 'phone_letters'],
  ['<script>', 'phone_letters'],
  ['+49 30', 'phone_length'],
  ['+49 30 1234 5678 9012 34', 'phone_length'],
])('%s has the problem %s', (written, problem) => {
  expect(normalizePhone(written)).toBeNull();
  expect(phoneProblem(written)).toBe(problem);
});
