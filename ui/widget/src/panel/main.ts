/** The second script: the panel. It hands itself to the widget that asked for it. */
import type { CreatePanel } from '../ui/context';
import { createPanel } from './panel';

const hand = window.overture as unknown as ((command: 'panel', create: CreatePanel) => void) | undefined;
hand?.('panel', createPanel);
