/** Which guide shows how, on this page and for what the customer is stuck at. */
import type { WidgetContext } from '../../ui/context';
import { find } from '../anchor';
import type { Guide } from '../types';
import { LATE, within } from './clock';

const GUIDES_LOOKED_AT = 3;
/** Nobody waits longer for them than this. */
const PATIENCE_MS = 5_000;

/** Fields that the page or the browser calls wrong, and the one the customer was in. */
function troubled(cameFrom: Element | null): Element[] {
  const wrong = [...document.querySelectorAll('[aria-invalid="true"],:user-invalid')];
  return cameFrom ? [cameFrom, ...wrong] : wrong;
}

function speaksOf(guide: Guide, fields: Element[]): boolean {
  return guide.steps.some(({ anchor }) => {
    const element = anchor && find(anchor)?.element;
    return element ? fields.some((it) => it === element || element.contains(it)) : false;
  });
}

/** The steps to show, or null: those about the field in trouble, else the first of the page's. */
export async function pickSteps(
  context: WidgetContext,
  path: string,
  cameFrom: Element | null,
): Promise<Guide | null> {
  const found = await within(PATIENCE_MS, fetchSteps(context, path, cameFrom));
  return found === LATE ? null : found;
}

async function fetchSteps(
  context: WidgetContext,
  path: string,
  cameFrom: Element | null,
): Promise<Guide | null> {
  try {
    const query = `?path=${encodeURIComponent(path)}`;
    const { guides } = await context.session.call<{ guides: string[] }>('GET', `/pause/guides${query}`);
    const found = await Promise.all(
      guides
        .slice(0, GUIDES_LOOKED_AT)
        .map((id) =>
          context.session.call<Guide>('GET', `/guides/${id}?locale=${encodeURIComponent(context.locale)}`),
        ),
    );
    const fields = troubled(cameFrom);
    return found.find((it) => speaksOf(it, fields)) ?? found[0] ?? null;
  } catch {
    return null; // Without the server the page is still paused and resumed.
  }
}
