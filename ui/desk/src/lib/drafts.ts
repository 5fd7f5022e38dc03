// A reply not yet sent, kept for each conversation across reloads and sign-ins on this browser tab.

const PREFIX = 'overture.desk.draft.';

export function read_draft(conversation: string): string {
  try {
    return sessionStorage.getItem(PREFIX + conversation) ?? '';
  } catch {
    return '';
  }
}

export function write_draft(conversation: string, text: string) {
  try {
    if (text) sessionStorage.setItem(PREFIX + conversation, text);
    else sessionStorage.removeItem(PREFIX + conversation);
  } catch {
    // the draft lives only on screen then
  }
}
/** Another person at the same browser must not find what was half written. */
export function forget_drafts() {
  try {
    for (const key of Object.keys(sessionStorage)) if (key.startsWith(PREFIX)) sessionStorage.removeItem(key);
  } catch {
    // nothing was kept
  }
}

/** The server's limit, counted as it counts: characters, not UTF-16 units. */
export const MESSAGE_CHARS_MAX = 4000;

export function message_chars(text: string): number {
  return [...text].length;
}
