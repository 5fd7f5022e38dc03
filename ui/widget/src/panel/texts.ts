/** The panel's texts, and behind them those the page part already has. */
import { translator, type Translate } from '../i18n';
import type { CoreKey } from '../i18n/en';
import type { WidgetContext } from '../ui/context';
import { de } from './de';
import { en, type PanelKey } from './en';

export type AnyKey = CoreKey | PanelKey;

/** The widget's context with the panel's texts in it. */
export type PanelContext = Omit<WidgetContext, 't'> & { t: Translate<AnyKey> };

export function withPanelTexts(context: WidgetContext): PanelContext {
  const own = translator(context.locale, { en, de }, context.overrides);
  const t: Translate<AnyKey> = (key, values) =>
    key in en ? own(key as PanelKey, values) : context.t(key as CoreKey, values);
  return { ...context, t };
}
