// A line diff for reviewing a policy before it is saved.

export interface DiffLine {
  kind: 'same' | 'added' | 'removed';
  text: string;
  old_line?: number;
  new_line?: number;
}

const LINES_MAX = 4000;

/** The shortest edit from `before` to `after`, by lines; past the limit everything in the middle counts as changed. */
export function diff_lines(before: string, after: string): DiffLine[] {
  const old_lines = before.split('\n');
  const new_lines = after.split('\n');
  let head = 0;
  while (head < old_lines.length && head < new_lines.length && old_lines[head] === new_lines[head]) head += 1;
  let tail = 0;
  while (
    tail < old_lines.length - head &&
    tail < new_lines.length - head &&
    old_lines[old_lines.length - 1 - tail] === new_lines[new_lines.length - 1 - tail]
  ) {
    tail += 1;
  }
  const out: DiffLine[] = [];
  const same = (o: number, n: number) =>
    out.push({ kind: 'same', text: old_lines[o] ?? '', old_line: o + 1, new_line: n + 1 });
  for (let i = 0; i < head; i += 1) same(i, i);
  const old_middle = old_lines.slice(head, old_lines.length - tail);
  const new_middle = new_lines.slice(head, new_lines.length - tail);
  for (const [o, n] of pairs(old_middle, new_middle)) {
    if (o !== undefined && n !== undefined) same(head + o, head + n);
    else if (o !== undefined)
      out.push({ kind: 'removed', text: old_middle[o] ?? '', old_line: head + o + 1 });
    else if (n !== undefined) out.push({ kind: 'added', text: new_middle[n] ?? '', new_line: head + n + 1 });
  }
  for (let i = tail; i > 0; i -= 1) same(old_lines.length - i, new_lines.length - i);
  return out;
}

/** Keeps `around` unchanged lines beside each change; a gap is `undefined`. */
export function hunks(lines: DiffLine[], around = 3): (DiffLine | undefined)[] {
  const keep = lines.map(() => false);
  lines.forEach((line, at) => {
    if (line.kind === 'same') return;
    for (let i = Math.max(0, at - around); i <= Math.min(lines.length - 1, at + around); i += 1)
      keep[i] = true;
  });
  const out: (DiffLine | undefined)[] = [];
  lines.forEach((line, at) => {
    if (keep[at]) out.push(line);
    else if (out.length === 0 || out[out.length - 1] !== undefined) out.push(undefined);
  });
  return out;
}

function pairs(a: string[], b: string[]): [number | undefined, number | undefined][] {
  const all_changed = (): [number | undefined, number | undefined][] => [
    ...a.map((_, i): [number, undefined] => [i, undefined]),
    ...b.map((_, i): [undefined, number] => [undefined, i]),
  ];
  if (a.length * b.length > LINES_MAX * 100) return all_changed();
  // length[i][j]: the longest common run of lines from a[i..] and b[j..]
  const length = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      length[i]![j] =
        a[i] === b[j] ? length[i + 1]![j + 1]! + 1 : Math.max(length[i + 1]![j]!, length[i]![j + 1]!);
    }
  }
  const out: [number | undefined, number | undefined][] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) out.push([i++, j++]);
    else if (i < a.length && (j >= b.length || length[i + 1]![j]! >= length[i]![j + 1]!))
      out.push([i++, undefined]);
    else out.push([undefined, j++]);
  }
  return out;
}
