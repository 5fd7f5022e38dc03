// Keyboard: which key does what, shown by `?` and obeyed by one listener.

import { prefs } from './prefs.svelte';

export interface Shortcut {
  keys: string;
  does: string;
}

export const SHORTCUT_HELP: { title: string; items: Shortcut[] }[] = [
  {
    title: 'Incoming request',
    items: [
      { keys: 'A', does: 'Accept (Alt+A while typing)' },
      { keys: 'D', does: 'Decline (Alt+D while typing)' },
    ],
  },
  {
    title: 'Inbox',
    items: [
      { keys: 'J', does: 'Next conversation' },
      { keys: 'K', does: 'Previous conversation' },
      { keys: 'R', does: 'Write a reply' },
      { keys: 'E', does: 'Resolve' },
      { keys: '1 to 4', does: 'What came of a call' },
      { keys: 'Enter', does: 'Send the reply' },
      { keys: 'Shift+Enter', does: 'New line in the reply' },
    ],
  },
  {
    title: 'Picture of a call',
    items: [
      { keys: 'Left, Right', does: 'A second earlier, later' },
      { keys: 'Page Up, Page Down', does: 'Ten seconds later, earlier' },
      { keys: 'Home, End', does: 'To the beginning, to the end' },
    ],
  },
  {
    title: 'Everywhere',
    items: [
      { keys: 'G then I', does: 'Go to the inbox' },
      { keys: 'G then C', does: 'Go to customers' },
      { keys: 'G then L', does: 'Go to live calls' },
      { keys: 'G then D', does: 'Go to decisions' },
      { keys: 'G then A', does: 'Go to admin' },
      { keys: '/', does: 'Search (on the customers page)' },
      { keys: 'Esc', does: 'Close, or leave the field' },
      { keys: '?', does: 'Show these shortcuts' },
    ],
  },
];

type Handler = () => void;
const handlers = new Map<string, Handler[]>();
let chord = '';
let chord_at_ms = 0;

/** Binds a key while a component lives; the newest binding wins. Returns the undo. */
export function bind_key(key: string, handler: Handler): () => void {
  const stack = handlers.get(key) ?? [];
  stack.push(handler);
  handlers.set(key, stack);
  return () => {
    const at = stack.indexOf(handler);
    if (at >= 0) stack.splice(at, 1);
  };
}

export function listen_keys(): () => void {
  const on_key = (event: KeyboardEvent) => {
    const name = key_name(event, is_typing(event.target), performance.now());
    const handler = name ? handlers.get(name)?.at(-1) : undefined;
    if (!handler) return;
    event.preventDefault();
    handler();
  };
  addEventListener('keydown', on_key);
  return () => removeEventListener('keydown', on_key);
}

interface KeyPress {
  key: string;
  code: string;
  altKey: boolean;
  ctrlKey: boolean;
  metaKey: boolean;
  defaultPrevented: boolean;
}

/** The binding a key press means: "a", "alt+a", "g i", "?"; empty when it means none. */
export function key_name(event: KeyPress, typing: boolean, now_ms: number): string {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey) return '';
  if (event.altKey) return event.code.startsWith('Key') ? `alt+${event.code.slice(3).toLowerCase()}` : '';
  if (typing || !prefs.single_keys || event.key.length !== 1) return '';
  const key = event.key.toLowerCase();
  const in_chord = chord === 'g' && now_ms - chord_at_ms < 1200;
  chord = '';
  if (in_chord) return `g ${key}`;
  if (key === 'g') {
    chord = 'g';
    chord_at_ms = now_ms;
    return '';
  }
  return key;
}

function is_typing(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.closest('dialog')) return true;
  return target.isContentEditable || /^(TEXTAREA|SELECT)$/.test(target.tagName) || is_text_input(target);
}

function is_text_input(target: HTMLElement): boolean {
  return (
    target instanceof HTMLInputElement && !/^(button|checkbox|radio|submit|reset|range)$/.test(target.type)
  );
}
