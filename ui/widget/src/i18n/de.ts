import type { CoreKey } from './en';

export const de: Record<CoreKey, string> = {
  help: 'Hilfe',
  help_unread: 'Hilfe, {count} neu',
  panel_title: 'Wie können wir helfen?',
  close: 'Schließen',
  offline:
    'Wir sind gerade nicht erreichbar. Ihre Nachricht bleibt erhalten und wird gesendet, sobald die Verbindung wieder da ist.',
  message_label: 'Ihre Nachricht',
  send: 'Senden',
  agent: 'Support',
  new_message: 'Neue Nachricht von {name}',
  not_now: 'Nicht jetzt',
  never: 'Nicht mehr anbieten',
  show: 'Anzeigen',
  why: 'Warum sehe ich das?',
  never_done: 'Wir bieten von uns aus keine Hilfe mehr an. Die Hilfe-Taste bleibt.',
  no_wait: 'Ohne Wartezeit',
  under_a_minute: 'unter einer Minute',
  one_minute: 'etwa 1 Minute',
  minutes: 'etwa {count} Minuten',
  over_an_hour: 'über eine Stunde',
  kept: 'Aufgehoben. Wird gesendet, sobald die Verbindung wieder da ist.',
};
