/** English texts of what is on the page; the other languages have the same keys. `{name}` marks what is filled in. */
export const en = {
  help: 'Help',
  help_unread: 'Help, {count} new',
  panel_title: 'How can we help?',
  close: 'Close',
  offline:
    'We cannot be reached right now. A message you write is kept and sent when the connection is back.',
  message_label: 'Your message',
  send: 'Send',
  agent: 'Agent',
  new_message: 'New message from {name}',
  not_now: 'Not now',
  never: 'Don’t offer again',
  show: 'Show',
  why: 'Why am I seeing this?',
  never_done: 'We will not offer help by ourselves again. The Help button stays.',
  no_wait: 'No wait',
  under_a_minute: 'under a minute',
  one_minute: 'about 1 minute',
  minutes: 'about {count} minutes',
  over_an_hour: 'more than an hour',
  kept: 'Kept. It is sent as soon as the connection is back.',
};

export type CoreKey = keyof typeof en;
