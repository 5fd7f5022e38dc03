import { afterEach, beforeEach, describe as suite, expect, test, vi } from 'vitest';
import { describe, find, quality } from '../src/guide/anchor';

const PAGE = `
  <main><form id="pay" class="checkout">
    <div class="row"><label for="email">E-mail</label><input id="email" name="email" data-testid="mail"></div>
    <div class="row"><label for="zip">Postcode</label><input id="zip" name="zip"></div>
    <div class="bar"><button type="button" class="quiet">Back</button><button type="submit" class="primary">Pay now</button></div>
  </form>
  <ul class="list"><li><a href="/a">First</a></li><li><a href="/b">Second</a></li><li><a href="/c">Third</a></li></ul>
  </main>`;

beforeEach(() => {
  // jsdom lays nothing out and has no `CSS`: what it holds counts as drawn.
  vi.stubGlobal('CSS', { escape: (text: string) => text.replace(/[^\w-]/g, (it) => `\\${it}`) });
  Element.prototype.getClientRects = () => [{}] as unknown as DOMRectList;
  document.body.innerHTML = PAGE;
});
afterEach(() => {
  document.body.innerHTML = '';
});

const one = (selector: string): Element => {
  const found = document.querySelector(selector);
  if (!found) throw new Error(`the test page has no ${selector}`);
  return found;
};

suite('an anchor', () => {
  test.each(['#email', '#zip', 'button.primary', 'button.quiet', '.list li:nth-child(2) a', 'form', 'main'])(
    'finds %s again on the same page, with full strength',
    (selector) => {
      const element = one(selector);
      expect(find(describe(element))).toEqual({ element, strength: 1 });
    },
  );

  test('holds no text of the page', () => {
    one('button.primary').textContent = 'Pay as Ada Lovelace';
    one('#email').setAttribute('value', 'ada@example.com');
    const written = JSON.stringify([describe(one('button.primary')), describe(one('#email'))]);
    expect(written).not.toMatch(/Ada|Lovelace|ada@|E-mail/);
  });

  test.each<[string, string, () => void]>([
    ['another id', '#email', () => one('#email').setAttribute('id', 'mail-field')],
    ['no test attribute', '#email', () => one('#email').removeAttribute('data-testid')],
    ['other classes', 'button.primary', () => one('button.primary').setAttribute('class', 'btn btn-main')],
    ['another text', 'button.primary', () => (one('button.primary').textContent = 'Order')],
    [
      'a row more before it',
      '#zip',
      () => one('#pay').insertAdjacentHTML('afterbegin', '<div class="row"><input name="name"></div>'),
    ],
    [
      'a box more around it',
      '#zip',
      () => {
        const box = document.createElement('section');
        one('#zip').before(box);
        box.append(one('#zip'));
      },
    ],
  ])('outlives %s', (_, selector, change) => {
    const element = one(selector);
    const anchor = describe(element);
    change();
    expect(find(anchor)?.element).toBe(element);
    expect(find(anchor)?.strength).toBeLessThan(1.01);
  });

  test('finds the new element after the page drew itself anew', () => {
    const anchor = describe(one('#email'));
    document.body.innerHTML = PAGE;
    expect(find(anchor)?.element).toBe(one('#email'));
  });

  test.each<[string, string, () => void]>([
    ['is gone', '#zip', () => one('#zip').remove()],
    [
      'is one of several that look the same',
      '.list li:nth-child(2) a',
      () => {
        one('main').innerHTML = '<p><a>x</a><a>x</a></p>';
      },
    ],
    [
      'became something else in another place',
      'button.primary',
      () => {
        one('.bar').innerHTML = '';
        one('main').insertAdjacentHTML('beforeend', '<footer><a href="/x">Imprint</a></footer>');
      },
    ],
  ])('finds nothing when its element %s', (_, selector, change) => {
    const anchor = describe(one(selector));
    change();
    expect(find(anchor)).toBeNull();
  });

  test('reaches into open shadow roots, and not into closed ones', () => {
    one('main').insertAdjacentHTML(
      'beforeend',
      '<shop-card id="card"></shop-card><shop-shut id="shut"></shop-shut>',
    );
    const inside = (mode: ShadowRootMode, host: string): Element => {
      const root = one(host).attachShadow({ mode });
      root.innerHTML = '<button>Add</button><button>Remove</button>';
      return root.querySelectorAll('button')[1] as Element;
    };
    const open = inside('open', '#card');
    const anchor = describe(open);
    expect(anchor.hosts).toHaveLength(1);
    expect(find(anchor)?.element).toBe(open);
    expect(find(describe(inside('closed', '#shut')))).toBeNull();
  });

  test('leaves out ids that a framework made up', () => {
    one('#zip').id = ':r1a:';
    expect(describe(one('[name=zip]')).candidates.some((it) => it.by === 'id')).toBe(false);
  });

  test.each([
    ['#email', 'strong'],
    ['button.primary', 'fair'],
    ['.row', 'fair'],
  ])('says how long it will last: %s is %s', (selector, expected) => {
    expect(quality(describe(one(selector)))).toBe(expected);
  });

  test('a selector that is none harms nobody', () => {
    expect(find({ tag: 'p', hosts: [], candidates: [{ by: 'css', value: '>>[' }] })).toBeNull();
  });
});
