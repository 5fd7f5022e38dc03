/**
 * The checkout form. It is awkward on purpose, in the ways real ones are: it wants formats it does not name, its
 * messages do not say what is wrong, and the coupon button does nothing. That is what the widget notices.
 */
import { emptyCart } from './cart.js';
import { startReservation } from './reservation.js';

const rules = {
  name: [/\S+\s+\S+/, 'Please enter your full name.'],
  email: [/^\S+@\S+\.\S+$/, 'Please enter a valid e-mail address.'],
  street: [/\S/, 'This field is required.'],
  postcode: [/^\d{5}$/, 'Invalid postcode.'],
  city: [/\S/, 'This field is required.'],
  // Four groups joined by dashes; spaces, which the card itself shows, are refused.
  card: [/^\d{4}-\d{4}-\d{4}-\d{4}$/, 'Invalid card format.'],
  // Year first, although the card prints the month first.
  expiry: [/^20\d\d\/(0[1-9]|1[0-2])$/, 'Invalid date.'],
  code: [/^\d{3,4}$/, 'Invalid code.'],
};

function mark(input, message) {
  const id = `${input.id}-problem`;
  let note = document.getElementById(id);
  if (!note) {
    note = Object.assign(document.createElement('p'), { id, className: 'problem' });
    input.after(note);
    input.setAttribute('aria-describedby', id);
  }
  note.textContent = message;
  if (message) input.setAttribute('aria-invalid', 'true');
  else input.removeAttribute('aria-invalid');
}

export function startCheckout(form) {
  startReservation(form, document.querySelector('[data-reservation]'));
  const trouble = form.querySelector('[data-trouble]');

  const check = (input) => {
    const [format, message] = rules[input.name];
    const good = format.test(input.value.trim());
    mark(input, good ? '' : message);
    return good;
  };

  form.addEventListener('input', (event) => {
    if (event.target.getAttribute('aria-invalid')) check(event.target);
  });

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const inputs = Object.keys(rules).map((name) => form.elements[name]);
    const wrong = inputs.filter((input) => !check(input));
    trouble.textContent = '';
    if (wrong.length === 0) {
      emptyCart();
      location.assign('thanks.html');
      return;
    }
    trouble.textContent = 'We could not place your order. Please check your entries.';
    wrong[0].focus();
  });
}
