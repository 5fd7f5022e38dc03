// Which part of a long list is drawn: a window that slides with the reader, so that ten thousand rows cost as few.

export const WINDOW_ROWS = 240;
export const STEP_ROWS = 100;

export interface Window {
  start: number;
  end: number;
}

/** The window that ends with the row named `bottom_key`; the newest rows when there is none. */
export function window_of(rows: { key: string }[], bottom_key: string | null): Window {
  const at = bottom_key === null ? -1 : rows.findLastIndex((row) => row.key === bottom_key);
  const end = at < 0 ? rows.length : at + 1;
  return { start: Math.max(0, end - WINDOW_ROWS), end };
}

/** The bottom row after one step towards older rows. */
export function older_bottom(rows: { key: string }[], { start, end }: Window): string | null {
  if (start === 0) return rows[end - 1]?.key ?? null;
  return rows[Math.max(WINDOW_ROWS, end - STEP_ROWS) - 1]?.key ?? null;
}

/** The bottom row after one step towards newer rows; none when that is the newest. */
export function newer_bottom(rows: { key: string }[], { end }: Window): string | null {
  const next = end + STEP_ROWS;
  return next >= rows.length ? null : (rows[next - 1]?.key ?? null);
}
