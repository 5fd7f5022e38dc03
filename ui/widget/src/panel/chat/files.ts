/**
 * Files on their way into a message: picked, pasted or dropped, uploaded, described, taken back. In an open conversation
 * they are uploaded at once; before there is one they wait for Send, because only that asks for a person.
 */
import { randomId } from '../../ids';
import { isOpen } from '../../store';
import type { StoredSession } from '../../storage';
import { apiError } from '../../transport';
import type { AttachedFile } from '../../types';
import { h, setText } from '../../ui/dom';
import { drawIcon } from '../../ui/icons';
import { closeIcon } from '../icons';
import type { PanelContext, PanelKey } from '../texts';
import { authorized } from './authorized';

/** What the server takes. */
export interface Attachable {
  bytes_max: number;
  files_max: number;
  types: string[];
}

interface Upload {
  element: HTMLElement;
  file: File;
  name: string;
  bar: HTMLProgressElement;
  /** On its way, or waiting for it. */
  started: boolean;
  done: AttachedFile | null;
  request: XMLHttpRequest | null;
  alt: HTMLInputElement | null;
}

const PIN = 'M8 12.5l5.7-5.7a3 3 0 0 1 4.3 4.3l-7.8 7.8a5 5 0 0 1-7-7.1l7.1-7.1';

export function sizeText(bytes: number, locale: string): string {
  const [value, unit] =
    bytes >= 1_000_000
      ? [bytes / 1_048_576, 'megabyte']
      : bytes >= 1_000
        ? [bytes / 1_024, 'kilobyte']
        : [bytes, 'byte'];
  return new Intl.NumberFormat(locale, {
    style: 'unit',
    unit: unit as string,
    maximumFractionDigits: 1,
  }).format(value as number);
}

export function createFiles(context: PanelContext, changed: () => void) {
  const { t, locale, store, conversation } = context;
  let rules: Attachable | null = null;
  /** Send was pressed, and there is no conversation yet. */
  let asking = false;
  let uploads: Upload[] = [];
  /** One at a time: the server takes only so many of one visitor. */
  let line: Promise<unknown> = Promise.resolve();

  const error = h('p', { class: 'error', role: 'alert' });
  const said = h('span', { class: 'sr', role: 'status' });
  const list = h('div', { class: 'files' });
  const picker = h('input', {
    type: 'file',
    multiple: true,
    hidden: true,
    onchange: () => {
      add(picker.files);
      picker.value = '';
    },
  });
  const button = h(
    'button',
    {
      type: 'button',
      class: 'square',
      'aria-label': t('chat_attach'),
      hidden: true,
      onclick: () => picker.click(),
    },
    drawIcon(PIN),
  );

  function tell(key: PanelKey, values: Record<string, string | number> = {}): void {
    setText(error, t(key, values));
  }

  function add(files: FileList | null | undefined): void {
    if (!rules || !files?.length) return;
    setText(error, '');
    for (const file of files) {
      if (uploads.length >= rules.files_max) {
        tell('chat_attach_many', { count: rules.files_max });
        break;
      }
      const name = file.name || 'file';
      if (file.size > rules.bytes_max) {
        tell('chat_attach_too_large', { name, size: sizeText(rules.bytes_max, locale) });
      } else if (file.type && !rules.types.includes(file.type)) tell('chat_attach_type', { name });
      else pick(file, name);
    }
    const id = openConversation();
    for (const it of uploads.filter(({ started }) => !started)) {
      if (id) void upload(it, id);
      else setText(said, t('chat_attach_ready', { name: it.name }));
    }
  }

  function openConversation(): string | null {
    const { conversation: open } = store.get();
    return open && isOpen(open) ? open.conversation : null;
  }

  function pick(file: File, name: string): void {
    const bar = h('progress', { max: 1, hidden: true, 'aria-label': t('chat_attach_uploading', { name }) });
    const altId = `alt-${randomId()}`;
    const alt = file.type.startsWith('image/')
      ? h('input', {
          id: altId,
          maxlength: 500,
          'aria-label': t('chat_attach_alt', { name }),
          placeholder: t('chat_attach_alt', { name }),
        })
      : null;
    const mine: Upload = {
      file,
      name,
      bar,
      started: false,
      done: null,
      request: null,
      alt,
      element: h(
        'div',
        { class: 'file' },
        h('span', {}, name),
        h(
          'button',
          {
            type: 'button',
            class: 'square',
            'aria-label': t('chat_attach_remove', { name }),
            onclick: () => remove(mine),
          },
          closeIcon(),
        ),
        bar,
        alt,
      ),
    };
    uploads.push(mine);
    list.append(mine.element);
    changed();
  }

  async function upload(mine: Upload, id: string): Promise<void> {
    const { name, bar } = mine;
    mine.started = true;
    bar.hidden = false;
    changed();
    try {
      const turn = line.then(() =>
        uploads.includes(mine) ? authorized(context, (kept) => send(mine, kept, id)) : null,
      );
      line = turn.catch(() => undefined);
      const stored = await turn;
      if (!stored || !uploads.includes(mine)) return;
      mine.done = { ...stored, alt: '', url: `/v1/widget/attachments/${stored.id}` };
      bar.remove();
      setText(said, t('chat_attach_ready', { name }));
    } catch (problem) {
      if (!uploads.includes(mine)) return;
      remove(mine);
      const code = problem instanceof Error ? problem.message : '';
      if (code === 'file_too_large') {
        tell('chat_attach_too_large', { name, size: sizeText(rules?.bytes_max ?? 0, locale) });
      } else if (code.startsWith('file_') || code === 'bad_input') tell('chat_attach_type', { name });
      else if (code === 'conversation_full' || code === 'attachments_full') tell('chat_attach_full');
      else tell('chat_attach_failed', { name });
    }
    changed();
  }

  /** Not by `fetch`: only this tells how far an upload is. */
  function send(mine: Upload, kept: StoredSession, id: string): Promise<AttachedFile> {
    const { file, name, bar } = mine;
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      mine.request = request;
      request.open(
        'POST',
        `${kept.host}/v1/widget/conversations/${id}/attachments?name=${encodeURIComponent(name)}`,
      );
      request.setRequestHeader('Authorization', `Bearer ${kept.token}`);
      request.setRequestHeader('Content-Type', file.type || 'application/octet-stream');
      request.responseType = 'json';
      request.upload.onprogress = (event) => {
        if (event.lengthComputable) bar.value = event.loaded / event.total;
      };
      request.onload = () => {
        const answer = request.response as (AttachedFile & { code?: string }) | null;
        if (request.status === 200 && answer) resolve(answer);
        else reject(apiError(request.status, answer?.code ?? 'unknown'));
      };
      request.onerror = request.onabort = request.ontimeout = () => reject(apiError(0, 'unreachable'));
      request.send(file);
    });
  }

  function remove(mine: Upload): void {
    uploads = uploads.filter((it) => it !== mine);
    mine.request?.abort();
    mine.element.remove();
    button.focus();
    changed();
  }

  return {
    button,
    picker,
    element: h('div', { class: 'attach' }, list, error, said),
    add,
    allow(wanted: Attachable | null): void {
      rules = wanted;
      picker.accept = wanted?.types.join(',') ?? '';
      button.hidden = !wanted;
    },
    /** Takes everything back. */
    drop(): void {
      const all = uploads;
      uploads = [];
      for (const { request } of all) request?.abort();
    },
    any: () => uploads.length > 0,
    /** Whether something is still on its way. */
    busy: () => asking || uploads.some((it) => it.started && !it.done),
    /** Whether something waits for Send. */
    wait: () => uploads.some((it) => !it.started),
    /** Uploads what waited for Send, in the conversation that this opens; false when not all of it arrived. */
    async send(): Promise<boolean> {
      const waiting = uploads.filter((it) => !it.started);
      asking = true;
      changed();
      setText(error, '');
      const id = openConversation() ?? (await conversation.ask().catch(() => null));
      asking = false;
      if (id) await Promise.all(waiting.map((it) => uploads.includes(it) && upload(it, id)));
      else tell('chat_attach_failed', { name: waiting[0]?.name ?? '' });
      changed();
      return (
        id !== null && waiting.every((it) => it.done || !uploads.includes(it)) && error.textContent === ''
      );
    },
    /** Hands over what was uploaded. */
    take(): AttachedFile[] {
      const ready = uploads.flatMap((it) =>
        it.done ? [{ ...it.done, alt: it.alt?.value.trim() ?? '' }] : [],
      );
      uploads = [];
      list.replaceChildren();
      setText(error, '');
      return ready;
    },
  };
}
