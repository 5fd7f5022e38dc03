// This person's choices for this browser.

import { recall, remember } from './storage';

export type Theme = 'auto' | 'light' | 'dark';

class Prefs {
  theme = $state<Theme>((recall('theme') as Theme) || 'auto');
  sound = $state(recall('sound') !== 'off');
  notifications = $state(recall('notifications') === 'on');
  single_keys = $state(recall('single_keys') !== 'off');

  set_theme(theme: Theme) {
    this.theme = theme;
    remember('theme', theme === 'auto' ? '' : theme);
    this.apply_theme();
  }
  apply_theme() {
    if (this.theme === 'auto') delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = this.theme;
  }
  set_sound(on: boolean) {
    this.sound = on;
    remember('sound', on ? '' : 'off');
  }
  set_single_keys(on: boolean) {
    this.single_keys = on;
    remember('single_keys', on ? '' : 'off');
  }
  /** Asks the browser's permission first; stays off when refused. */
  async set_notifications(on: boolean) {
    const allowed = on && 'Notification' in window && (await Notification.requestPermission()) === 'granted';
    this.notifications = allowed;
    remember('notifications', allowed ? 'on' : '');
    return allowed;
  }
}

export const prefs = new Prefs();
