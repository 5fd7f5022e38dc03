/** The script a page loads: takes over the queued commands, then obeys `window.overture(...)`. */
import { startWidget, type Widget } from './app';
import { mayStart } from './guard';
import { languageOf, pickLocale } from './i18n';
import { scriptLoader } from './ui/lazy';
import type { BootOptions, Overture, OvertureEvents, User } from './types';

export type * from './types';

type Command = [name: string, ...values: unknown[]];
type Handler = (detail: never) => void;

const script = (document.currentScript ??
  document.querySelector('script[data-write-key]')) as HTMLScriptElement | null;
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

/** By the page's address, and after that by the tab's own name: no storage is read before it is allowed. */
let preview = /[?&]overture_preview=/.test(location.search) || window.name === 'overture-preview';

function boot(options: Partial<BootOptions>): void {
  if (widget) return;
  // Only what was said counts, whatever a page put on every object's prototype.
  options = Object.assign(Object.create(null), script?.dataset, options);
  const { writeKey } = options;
  if (!writeKey) return console.error('overture: boot needs a writeKey');
  // The folder our script came from is where everything else is, under whatever path a site put it.
  const source = script?.src || location.href;
  const given = options.host;
  const host = (given ?? new URL('.', source).href).replace(/\/+$/, '');
  // The further scripts are named after the first: `w.js` goes with `w-panel...`.
  const scripts = given ? `${host}/widget` : source.replace(/(\.js)?([?#].*)?$/, '');
  // Who is signed in belongs to the very first session.
  const known = early.find(([name]) => name === 'setUser' || name === 'identify');
  const user = options.user ?? (known?.[1] as User | undefined);
  // Staff who try a guide are no visitors: only the script of guides runs, and fails where nothing is to be tried.
  if (preview)
    return scriptLoader(
      scripts,
      languageOf(pickLocale(options.locale)),
      script?.nonce ?? '',
    )('guide', () => {
      preview = false;
      boot(options);
    });
  widget = startWidget(
    Object.assign(options, { writeKey, host, scripts }, user && { user }),
    emit,
    script?.nonce,
  );
  const waiting = early;
  early = [];
  for (const command of waiting) run(command);
}

function off(event: string, handler: unknown): void {
  handlers.set(
    event,
    (handlers.get(event) ?? []).filter((it) => handler && it !== handler),
  );
}

function on(event: string, handler: unknown): () => void {
  if (typeof handler === 'function')
    handlers.set(event, [...(handlers.get(event) ?? []), handler as Handler]);
  return () => off(event, handler);
}

/** Whatever fails in us, the page's own script goes on. */
function run(command: Command): unknown {
  try {
    return obey(command);
  } catch (error) {
    return console.error('overture:', error);
  }
}

function obey([name, ...values]: Command): unknown {
  if (name === 'boot') return boot((values[0] ?? {}) as Partial<BootOptions>);
  if (name === 'on') return on(String(values[0]), values[1]);
  if (name === 'off') return off(String(values[0]), values[1]);
  if (!widget) return early.push([name, ...values]);
  const command = name === 'identify' ? 'setUser' : name;
  if (!Object.hasOwn(widget, command)) return console.warn('overture: unknown command', name);
  return (widget as unknown as Record<string, (...values: unknown[]) => unknown>)[command]?.(...values);
}

/** Every command is a method, too. */
const METHODS =
  'boot open close setUser identify reset consent frame signal error pausable pausableForm smart_pause offset avoid on off';

function takeOver(): void {
  const stub = window.overture;
  const queued = Array.from(
    (stub?.q ?? []) as ArrayLike<ArrayLike<unknown>>,
    (it) => Array.from(it) as Command,
  );
  const overture = ((...command: Command) => run(command)) as Overture;
  for (const name of METHODS.split(' '))
    (overture as unknown as Record<string, unknown>)[name] = (...values: unknown[]) => run([name, ...values]);
  // Who kept the stub is heard all the same.
  if (stub) stub.q = overture.q = { push: (values) => run(Array.from(values) as Command) };
  window.overture = overture;
  // `boot` comes last, so that listeners and a known user are there when it starts.
  const isBoot = ([name]: Command): boolean => name === 'boot';
  queued.filter((it) => !isBoot(it)).forEach(run);
  queued.filter(isBoot).forEach(run);
  if (script?.dataset.writeKey) boot({});
}

if (mayStart(script?.dataset.writeKey)) {
  if (document.body) takeOver();
  else document.addEventListener('DOMContentLoaded', takeOver, { once: true });
}
