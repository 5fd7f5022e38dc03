// This person's choices for this browser.

import { CALL_LINK_DEFAULT } from './callbacks';
import { recall, remember } from './storage';

export type Theme = 'auto' | 'light' | 'dark';

class Prefs {
  theme = $state<Theme>((recall('theme') as Theme) || 'auto');
  sound = $state(recall('sound') !== 'off');
  notifications = $state(recall('notifications') === 'on');
  single_keys = $state(recall('single_keys') !== 'off');

  /** What a click on a number opens, with `{number}` in it. */
  call_link = $state(recall('call_link') || CALL_LINK_DEFAULT);

  set_call_link(template: string) {
    this.call_link = template.trim() || CALL_LINK_DEFAULT;
    remember('call_link', this.call_link === CALL_LINK_DEFAULT ? '' : this.call_link);
  }
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
