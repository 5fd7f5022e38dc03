/** `widget-watch.js`: fetched once the visitor may be watched; hands itself to the widget. */
import { startWatch } from './watch';

(window.overture as ((command: string, value: unknown) => void) | undefined)?.('watch', startWatch);
