/** Draws whichever page this is. */
import { addOne, itemCount, lines, setCount, totalCents } from './cart.js';
import { startCheckout } from './checkout.js';
import { priceText, products } from './products.js';

const $ = (selector) => document.querySelector(selector);

function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

const picture = (product) =>
  element('img', { src: `assets/${product.id}.svg`, alt: '', width: 240, height: 180, className: 'picture' });

function drawCount() {
  const badge = $('[data-count]');
  badge.textContent = String(itemCount());
  badge.hidden = itemCount() === 0;
}

function drawProducts(list) {
  for (const product of products) {
    const link = element('a', { href: `product.html?id=${product.id}` }, product.name);
    list.append(
      element(
        'li',
        { className: 'card' },
        picture(product),
        element('h3', {}, link),
        element('p', {}, product.line),
        element('p', { className: 'price' }, priceText(product.price)),
      ),
    );
  }
}

function drawProduct(place) {
  const wanted = new URLSearchParams(location.search).get('id');
  const product = products.find((it) => it.id === wanted) ?? products[0];
  document.title = `${product.name} · Kettle & Crank`;
  const said = element('p', { className: 'said' });
  said.setAttribute('role', 'status');
  const add = element('button', { className: 'buy', type: 'button' }, 'Add to cart');
  add.addEventListener('click', () => {
    addOne(product.id);
    said.replaceChildren('It is in your cart. ', element('a', { href: 'cart.html' }, 'Go to the cart'));
  });
  place.append(
    picture(product),
    element(
      'div',
      {},
      element('h1', {}, product.name),
      element('p', { className: 'lead' }, product.line),
      element('p', {}, product.more),
      element('p', { className: 'price large' }, priceText(product.price)),
      add,
      said,
    ),
  );
}

function stepper(product, count, redraw) {
  const button = (sign, next, label) => {
    const made = element('button', { className: 'plain', type: 'button' }, sign);
    made.setAttribute('aria-label', `${label} ${product.name}`);
    made.addEventListener('click', () => {
      setCount(product.id, next);
      redraw(made.getAttribute('aria-label'));
    });
    return made;
  };
  return element(
    'div',
    { className: 'stepper' },
    button('−', count - 1, 'One less'),
    element('span', {}, String(count)),
    button('+', count + 1, 'One more'),
  );
}

function drawCart(place) {
  const redraw = (focusLabel) => {
    drawCart(place);
    place.querySelector(`[aria-label="${CSS.escape(focusLabel)}"]`)?.focus();
  };
  if (itemCount() === 0) {
    place.replaceChildren(
      element('p', {}, 'Nothing here yet.'),
      element('p', {}, element('a', { className: 'buy', href: './' }, 'See what we make')),
    );
    return;
  }
  const list = element('ul', { className: 'lines' });
  for (const { product, count } of lines()) {
    list.append(
      element(
        'li',
        {},
        picture(product),
        element('a', { href: `product.html?id=${product.id}` }, product.name),
        stepper(product, count, redraw),
        element('span', { className: 'price' }, priceText(product.price * count)),
      ),
    );
  }
  place.replaceChildren(
    list,
    element('p', { className: 'total' }, 'Together ', element('strong', {}, priceText(totalCents()))),
    element(
      'p',
      { className: 'end' },
      element('a', { className: 'buy', href: 'checkout.html' }, 'Go to checkout'),
    ),
  );
}

function drawSummary(place) {
  const list = element('ul', { className: 'summary' });
  for (const { product, count } of lines()) {
    list.append(
      element('li', {}, element('span', {}, `${count} × ${product.name}`), priceText(product.price * count)),
    );
  }
  const shipping = totalCents() >= 5000 || itemCount() === 0 ? 0 : 490;
  list.append(
    element('li', {}, element('span', {}, 'Delivery'), shipping ? priceText(shipping) : 'free'),
    element('li', { className: 'sum' }, element('span', {}, 'Together'), priceText(totalCents() + shipping)),
  );
  place.replaceChildren(list);
}

addEventListener('cart-changed', drawCount);
drawCount();
for (const [selector, draw] of [
  ['[data-products]', drawProducts],
  ['[data-product]', drawProduct],
  ['[data-cart]', drawCart],
  ['[data-summary]', drawSummary],
  ['#checkout', startCheckout],
]) {
  const place = $(selector);
  if (place) draw(place);
}
