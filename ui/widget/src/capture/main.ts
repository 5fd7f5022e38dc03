/** `widget-watch.js`: fetched when a visitor who may be watched first uses a form; hands itself to the widget. */
import { createForms } from './forms';

(window.overture as ((command: string, value: unknown) => void) | undefined)?.('watch', createForms);
