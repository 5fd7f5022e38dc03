/** Files in a message: pictures are drawn, everything can be saved. Nothing is ever opened in place. */
import { apiError } from '../../transport';
import type { AttachedFile } from '../../types';
import { h } from '../../ui/dom';
import type { PanelContext } from '../texts';
import { authorized } from './authorized';
import { sizeText } from './files';

const PICTURE_PX_MAX = 480;

/** What the server keeps at this path for the session. */
const fetchBlob = (context: PanelContext, path: string): Promise<Blob> =>
  authorized(context, async ({ host, token }) => {
    const answer = await fetch(host + path, {
      credentials: 'omit',
      cache: 'no-store',
      headers: { Authorization: `Bearer ${token}` },
    });
    if (!answer.ok) throw apiError(answer.status, 'refused');
    return answer.blob();
  });

/** Saves what is at a path under a name; `failed` is told when it cannot be had. */
export async function save(
  context: PanelContext,
  path: string,
  name: string,
  failed: (text: string) => void,
): Promise<void> {
  failed('');
  const blob = await fetchBlob(context, path).catch(() => null);
  if (!blob) return failed(context.t('chat_save_failed', { name }));
  const address = URL.createObjectURL(blob);
  const link = h('a', { href: address, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

export function attachedFile(
  context: PanelContext,
  file: AttachedFile,
  failed: (text: string) => void,
): HTMLElement {
  const { t, locale } = context;
  const label = t('chat_file_save', { name: file.name, size: sizeText(file.bytes, locale) });
  const button = h('button', {
    type: 'button',
    class: 'attached',
    'aria-label': file.alt ? `${file.alt}. ${label}` : label,
    onclick: () => void save(context, file.url, file.name, failed),
  });
  if (file.width_px > 0) void draw(context, file, button);
  button.append(h('span', {}, file.name), h('small', {}, sizeText(file.bytes, locale)));
  return button;
}

/** On a canvas, so that the page's rules for pictures need not let ours in. */
async function draw(context: PanelContext, file: AttachedFile, into: HTMLElement): Promise<void> {
  const scale = Math.min(1, PICTURE_PX_MAX / Math.max(file.width_px, file.height_px));
  const canvas = h('canvas', {
    width: Math.max(1, Math.round(file.width_px * scale)),
    height: Math.max(1, Math.round(file.height_px * scale)),
  });
  into.prepend(canvas);
  try {
    const picture = await createImageBitmap(await fetchBlob(context, file.url));
    // A photograph that is turned has its sides exchanged.
    const fit = Math.min(1, PICTURE_PX_MAX / Math.max(picture.width, picture.height));
    canvas.width = Math.max(1, Math.round(picture.width * fit));
    canvas.height = Math.max(1, Math.round(picture.height * fit));
    canvas.getContext('2d')?.drawImage(picture, 0, 0, canvas.width, canvas.height);
  } catch {
    canvas.remove(); // The name is still there, to be saved.
  }
}
