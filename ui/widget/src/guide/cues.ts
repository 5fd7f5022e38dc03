/** Reads WebVTT: captions are added to a video by script, so that they need no permission of the page of their own. */

export interface Cue {
  start: number;
  end: number;
  text: string;
}

const CUES_MAX = 500;

function seconds(time: string): number | null {
  const match = /^(?:(\d{2,}):)?([0-5]\d):([0-5]\d)\.(\d{3})$/.exec(time.trim());
  if (!match) return null;
  const [, hours = '0', minutes = '0', whole = '0', thousandths = '0'] = match;
  return Number(hours) * 3600 + Number(minutes) * 60 + Number(whole) + Number(thousandths) / 1000;
}

/** The cues of a file; what is not a cue is left out. Marks inside the text are taken away. */
export function parseCues(source: string): Cue[] {
  const cues: Cue[] = [];
  for (const block of source.replace(/^\uFEFF/, '').split(/\r?\n(?:[ \t]*\r?\n)+/)) {
    const lines = block.split(/\r?\n/);
    const at = lines.findIndex((line) => line.includes('-->'));
    if (at < 0 || cues.length >= CUES_MAX) continue;
    const [from = '', rest = ''] = (lines[at] ?? '').split('-->');
    const start = seconds(from);
    const end = seconds(rest.trim().split(/\s+/)[0] ?? '');
    const text = lines
      .slice(at + 1)
      .join('\n')
      .replace(/<[^>]*>/g, '')
      .trim();
    if (start !== null && end !== null && end > start && text) cues.push({ start, end, text });
  }
  return cues;
}
