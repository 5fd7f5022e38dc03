// Property names that only our own scripts know: the build makes them short, the same in every script.
// Never one of a page's, the server's or the storage's: `test/internal-names.test.ts` looks.

export const INTERNAL_NAMES = [
  ...['onSession', 'onUnreachable', 'onRefused', 'retryNow', 'renew', 'retryAfterMs', 'socketUrl', 'beacon'],
  ...['peek', 'saveDevice', 'saveSession', 'saveState'],
  ...['onItems', 'onConnection', 'heard', 'learn', 'drain'],
  ...['overrides', 'smartPause', 'announce', 'wear', 'keepClear', 'panelArrived', 'arrived'],
  ...['declared', 'cameFrom', 'openAnswers', 'closePanel'],
  ...[
    'leavePage',
    'movedMs',
    'actedMs',
    'went',
    'hear',
    'startMs',
    'lastMs',
    'gapsMs',
    'timers',
    'succeeded',
  ],
];
