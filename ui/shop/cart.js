/** The cart, kept in this browser only: `{productId: count}`. */
import { products } from './products.js';

const KEY = 'kettle-and-crank.cart';
const COUNT_MAX = 20;

export function readCart() {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? '{}');
  } catch {
    return {};
  }
}

export function setCount(id, count) {
  const cart = readCart();
  if (count > 0) cart[id] = Math.min(count, COUNT_MAX);
  else delete cart[id];
  localStorage.setItem(KEY, JSON.stringify(cart));
  dispatchEvent(new Event('cart-changed'));
}

export const addOne = (id) => setCount(id, (readCart()[id] ?? 0) + 1);

export function emptyCart() {
  localStorage.removeItem(KEY);
  dispatchEvent(new Event('cart-changed'));
}

/** What is in the cart, with the products themselves. */
export function lines() {
  const cart = readCart();
  return products.filter((it) => cart[it.id]).map((product) => ({ product, count: cart[product.id] }));
}

export const totalCents = () => lines().reduce((sum, it) => sum + it.product.price * it.count, 0);
export const itemCount = () => lines().reduce((sum, it) => sum + it.count, 0);
