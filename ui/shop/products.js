/** What the shop sells; prices in cents. */
export const products = [
  {
    id: 'grinder',
    name: 'Crank hand grinder',
    price: 8900,
    line: 'Steel burrs, forty steps, quiet enough for six in the morning.',
    more: 'Takes 30 grams. The burrs come out without tools and every part can be ordered singly.',
  },
  {
    id: 'kettle',
    name: 'Wharf kettle, 0.9 l',
    price: 6400,
    line: 'A gooseneck that pours where you point it.',
    more: 'Enamelled steel for gas, induction and open fire. The handle stays cool.',
  },
  {
    id: 'beans',
    name: 'Tuesday roast, 500 g',
    price: 1650,
    line: 'Plum, cocoa, a long sweet finish.',
    more: 'Washed, from a cooperative of 38 farms. Roasted on Tuesday, posted on Wednesday.',
  },
  {
    id: 'dripper',
    name: 'Slow dripper',
    price: 2900,
    line: 'Porcelain cone with a glass server.',
    more: 'Holds its heat through three cups. Fits every size 02 paper filter.',
  },
  {
    id: 'scale',
    name: 'Counter scale',
    price: 4900,
    line: 'A tenth of a gram and a timer, nothing else.',
    more: 'Charges by USB-C once a month. Splash proof; the feet are replaceable.',
  },
  {
    id: 'cups',
    name: 'Two canal cups',
    price: 3200,
    line: 'Stoneware, each glazed by hand.',
    more: 'One in green, one in ochre. Dishwasher safe, and happier without.',
  },
];

export const priceText = (cents) =>
  new Intl.NumberFormat('en', { style: 'currency', currency: 'EUR' }).format(cents / 100);
