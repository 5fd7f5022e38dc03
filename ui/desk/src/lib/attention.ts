// Getting a person's attention: a short chime, a flashing title, and a notification when the desk is not in view.

import { prefs } from './prefs.svelte';

let audio: AudioContext | undefined;

/** Browsers let sound start only after a gesture; the first one opens the way. */
export function unlock_sound() {
  const unlock = () => {
    audio ??= new AudioContext();
    void audio.resume();
  };
  addEventListener('pointerdown', unlock, { once: true });
  addEventListener('keydown', unlock, { once: true });
}

/** Two rising notes for work that waits, one soft note for a message. */
export function chime(kind: 'reservation' | 'message') {
  if (!prefs.sound || !audio || audio.state !== 'running') return;
  const notes = kind === 'reservation' ? [659.25, 880, 1108.73] : [784];
  notes.forEach((frequency, at) =>
    note(audio!, frequency, audio!.currentTime + at * 0.13, kind === 'reservation' ? 0.16 : 0.07),
  );
}

function note(context: AudioContext, frequency: number, start: number, volume: number) {
  const tone = context.createOscillator();
  const gain = context.createGain();
  tone.type = 'sine';
  tone.frequency.value = frequency;
  gain.gain.setValueAtTime(0.0001, start);
  gain.gain.exponentialRampToValueAtTime(volume, start + 0.015);
  gain.gain.exponentialRampToValueAtTime(0.0001, start + 0.45);
  tone.connect(gain).connect(context.destination);
  tone.start(start);
  tone.stop(start + 0.5);
}

export function notify(title: string, body: string, on_click: () => void) {
  if (!prefs.notifications || document.visibilityState === 'visible') return;
  if (!('Notification' in window) || Notification.permission !== 'granted') return;
  try {
    const notification = new Notification(title, { body, tag: 'overture-desk' });
    notification.onclick = () => {
      window.focus();
      on_click();
      notification.close();
    };
  } catch {
    // some phones only allow notifications from a service worker
  }
}

let flashing: ReturnType<typeof setInterval> | undefined;

/** Sets the title; a `flash` text alternates with it until cleared. */
export function set_title(title: string, flash = '') {
  clearInterval(flashing);
  flashing = undefined;
  document.title = flash || title;
  if (!flash) return;
  let shown = true;
  flashing = setInterval(() => {
    shown = !shown;
    document.title = shown ? flash : title;
  }, 1000);
}
