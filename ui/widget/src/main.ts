/** The script a page loads: takes over the queued commands, then obeys `window.overture(...)`. */
import { startWidget, type Widget } from './app';
import type { CreatePanel } from './ui/context';
import type { BootOptions, Overture, OvertureEvents, User } from './types';

export type * from './types';

type Command = [name: string, ...values: unknown[]];
type Handler = (detail: never) => void;

const script = document.currentScript as HTMLScriptElement | null;
const handlers = new Map<string, Handler[]>();
/** Commands that came before the widget was started. */
let early: Command[] = [];
let widget: Widget | null = null;

function emit<Name extends keyof OvertureEvents>(name: Name, detail: OvertureEvents[Name]): void {
  for (const handler of handlers.get(name) ?? []) {
    try {
      handler(detail as never);
    } catch (error) {
      console.error(`overture: a handler of "${name}" failed`, error);
    }
  }
}

function boot(options: Partial<BootOptions>): void {
  if (widget) return;
  const writeKey = options.writeKey ?? script?.dataset.writeKey;
  if (!writeKey) return console.error('overture: boot needs a writeKey');
  const host = (options.host ?? script?.dataset.host ?? new URL(script?.src || location.href).origin).replace(
    /\/+$/,
    '',
  );
  // Who is signed in belongs to the very first session.
  const known = early.find(([name]) => name === 'identify');
  const user = options.user ?? (known?.[1] as User | undefined);
  const locale = options.locale ?? script?.dataset.locale;
  widget = startWidget(
    { writeKey, host, ...(user ? { user } : {}), ...(locale ? { locale } : {}) },
    emit,
    script?.nonce,
  );
  const waiting = early;
  early = [];
  for (const command of waiting) run(command);
}

function run(command: Command): void {
  const [name, first, second] = command;
  if (name === 'boot') return boot((first ?? {}) as Partial<BootOptions>);
  if (name === 'on') {
    if (typeof second === 'function') {
      handlers.set(String(first), [...(handlers.get(String(first)) ?? []), second as Handler]);
    }
    return;
  }
  if (!widget) {
    early.push(command);
    return;
  }
  switch (name) {
    case 'open':
      return widget.open(first === 'chat' || first === 'callback' || first === 'faq' ? first : undefined);
    case 'panel':
      return widget.panelArrived(first as CreatePanel);
    case 'close':
      return widget.close();
    case 'identify':
      return widget.identify(first as User);
    case 'reset':
      return widget.reset();
    case 'signal':
      return widget.signal(String(first), second as Record<string, unknown> | undefined);
    case 'error':
      return widget.error(String(first), String(second));
    default:
      console.warn('overture: unknown command', name);
  }
}

function takeOver(): void {
  const queued = Array.from(window.overture?.q ?? [], (it) => Array.from(it) as Command);
  window.overture = ((...command: Command) => run(command)) as Overture;
  // `boot` comes last, so that listeners and a known user are there when it starts.
  const isBoot = ([name]: Command): boolean => name === 'boot';
  queued.filter((it) => !isBoot(it)).forEach(run);
  queued.filter(isBoot).forEach(run);
  if (script?.dataset.writeKey) boot({});
}

/** Loaded twice, the first one stays. */
if (!document.querySelector('overture-widget')) {
  if (document.body) takeOver();
  else document.addEventListener('DOMContentLoaded', takeOver, { once: true });
}
