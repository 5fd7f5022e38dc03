// What stands in a text in place of an identifier: `[email:k3v7x2aq]`, `[card]`.

const MARKER = /\[(card|secret)\]|\[([a-z][a-z0-9_]{0,23}):[a-z2-7]{8}\]/g;

const KIND_LABEL: Record<string, string> = {
  card: 'card number',
  secret: 'secret',
  email: 'e-mail address',
  phone: 'phone number',
  iban: 'bank account',
  ip: 'IP address',
  ssn: 'social security number',
};

/** A marker: its place in the string, and what it stands for; `own` for a kind that the organisation named. */
export interface Marker {
  start: number;
  end: number;
  label: string;
  own: boolean;
}

/** The markers of a text, in order. */
export function markers_of(text: string): Marker[] {
  return [...text.matchAll(MARKER)].map((found) => {
    const kind = found[1] ?? found[2] ?? '';
    // An organisation's own kinds are named by it: "order" is an order number.
    const known = KIND_LABEL[kind];
    const label = known ?? `${kind.replaceAll('_', ' ')} number`;
    return { start: found.index, end: found.index + found[0].length, label, own: known === undefined };
  });
}

/** The text for where only plain words fit: "(e-mail address)". */
export function without_markers(text: string): string {
  let out = '';
  let from = 0;
  for (const { start, end, label } of markers_of(text)) {
    out += `${text.slice(from, start)}(${label})`;
    from = end;
  }
  return out + text.slice(from);
}
