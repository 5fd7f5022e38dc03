/** The script for guides, their preview, and Smart Pause. Each part hands itself to the widget that asked for it. */
import type { WidgetContext } from '../ui/context';
import type { CreateSmartPause } from './pause/types';
import { createSmartPause } from './pause';
import { previewToken, startPreview } from './preview';
import { createGuides } from './run';

const script = document.currentScript as HTMLScriptElement | null;

const create: CreateSmartPause = (context: WidgetContext, door) => {
  context.shared.guides ??= createGuides(context);
  // Whoever waits to show a guide looks again.
  context.store.set({});
  return createSmartPause(context, door);
};

if (previewToken())
  void startPreview(new URL('.', script?.src || location.href).href.replace(/\/$/, '')).then((begun) => {
    // To whoever waits for this script it is as if it could not be had: then the page is a visit.
    if (!begun) script?.onerror?.(new Event('error'));
  });
else
  (window.overture as unknown as ((command: string, create: unknown) => void) | undefined)?.('pause', create);
