/**
 * Smart Pause: the page keeps a draft and stands still, steps show how, and the page goes on exactly where it was.
 * Where the page cannot be paused, the steps are shown beside it; where there are none, the answers for the page.
 */
import { pagePath } from '../../capture/pages';
import { randomId } from '../../ids';
import type { WidgetContext } from '../../ui/context';
import { voiceOf } from '../../ui/further';
import { playSteps } from '../player';
import type { Guide, Player } from '../types';
import { createAgain, createBar } from './bar';
import { after } from './clock';
import { pausableForm } from './form';
import { hold, letGo } from './handshake';
import { forget, forgetAll, keep, keptFor, type Kept } from './keep';
import css from './pause.css?inline';
import { differences, remember, restore, type Place } from './place';
import { find, holdRegion } from './region';
import { pickSteps } from './steps';
import type { Pausable, PauseDoor, PauseEnd, SmartPause } from './types';
import { keepAwake, watchEscape, watchGone } from './watch';
import { wordsWith } from './words';

const FRAME_MS_MAX = 250;

interface Paused {
  key: string;
  page: Pausable;
  draft: string;
  place: Place;
  /** The page is asked to go on; what the customer does is held until it has. */
  ending(): void;
  /** Takes away everything that is on the page because of the pause. */
  clear(): void;
}

/** `asked`: the page is to stand still; `going`: it was let go, and is not yet where it was. */
type Phase = 'free' | 'asked' | 'paused' | 'going';

export function createSmartPause(context: WidgetContext, door: PauseDoor): SmartPause {
  const { host, outbox, emit } = context;
  const t = wordsWith(context.overrides);
  let phase: Phase = 'free';
  /** Who signed out takes along what is still under way. */
  let customer = {};
  let paused: Paused | null = null;
  let player: Player | null = null;
  let again: HTMLElement | null = null;
  let form: { of: HTMLFormElement; page: Pausable } | null = null;
  const announce = voiceOf(context);
  host.adopt(css);

  /** What has the focus on the page, or had it before something of ours took it. */
  function placeOfWork(): Element | null {
    const active = document.activeElement;
    return active && active !== document.body && active !== host.element ? active : door.cameFrom();
  }

  function declaredPage(): Pausable | null {
    const page = door.page();
    if (!(page instanceof HTMLFormElement)) {
      if (!page || [page.canPause, page.pause, page.resume].every((it) => typeof it === 'function'))
        return page;
      console.error('overture: pausable needs the functions canPause, pause and resume');
      return null;
    }
    if (form?.of !== page) form = { of: page, page: pausableForm(page) };
    return form.page;
  }

  function report(pause: string, change: Record<string, unknown>): void {
    outbox.send('/pause', { pause, path: pagePath(), ...change });
  }

  async function take(): Promise<void> {
    if (phase !== 'free') return;
    phase = 'asked';
    try {
      await begin(customer);
    } finally {
      if (phase === 'asked') phase = 'free';
    }
  }

  async function begin(mine: object): Promise<void> {
    // Where the page does not let us be seen, there would be no way back.
    const page = host.element.checkVisibility?.() === false ? null : declaredPage();
    const focus = placeOfWork();
    const steps = pickSteps(context, pagePath(), focus);
    again?.remove();
    if (!page) return help(mine, await steps);
    const place = remember(page.region ? find(page.region) : null, focus);
    const held = await hold(page);
    const key = randomId();
    if ('why' in held) {
      report(key, { change: 'failed', why: held.why });
      announce(t('pause_unpaused'));
      return help(mine, await steps);
    }
    if (mine !== customer) return void (await letGo(page, JSON.parse(held.draft)));
    if (!page.memoryOnly)
      keep(door, { pause: key, path: pagePath(), draft: held.draft, place, atMs: Date.now() });
    const bar = createBar(t, () => void resume('button'));
    const region = holdRegion(page.region, host.element, bar.ask);
    const stops = [
      region.release,
      watchEscape(() => void resume('escape')),
      watchGone(host.element, () => void resume('button')),
      keepAwake(page),
      () => bar.element.remove(),
    ];
    phase = 'paused';
    paused = {
      key,
      page,
      draft: held.draft,
      place,
      ending() {
        bar.busy();
        region.yieldToPage();
      },
      clear: () => stops.forEach((stop) => stop()),
    };
    report(key, { change: 'started' });
    emit('paused', { pause: key });
    host.root.prepend(bar.element);
    bar.speak();
    const guide = await steps;
    if (paused?.key !== key) return;
    show(guide, {
      completed: () => void resume('finished'),
      closed: () => void resume('button'),
    });
    // Before the steps in tab order, so that the way on is first.
    if (bar.element.isConnected) {
      host.root.prepend(bar.element);
      bar.speak();
    }
  }

  /** Help without a pause: nothing of the page is touched. */
  function help(mine: object, guide: Guide | null): void {
    if (mine === customer) show(guide, {});
  }

  function show(guide: Guide | null, hooks: { completed?(): void; closed?(): void }): void {
    player?.close();
    player = null;
    if (!guide) return door.openAnswers();
    const tell = (fact: string, step: number): void =>
      outbox.send(`/guides/${guide.id}/facts`, { revision: guide.revision, fact, step });
    const last = guide.steps.length - 1;
    player = playSteps(
      { own: host, root: host.root, adopt: host.adopt, locale: context.locale },
      // Nothing is done on a page that stands still: every step goes on by its button.
      {
        ...guide,
        steps: guide.steps.map((step) => (hooks.completed ? { ...step, waits_for: 'next' } : step)),
      },
      {
        wanted: true,
        step: (index, how) => how === 'placed' && tell('step', index),
        completed() {
          tell('completed', last);
          hooks.completed?.();
        },
        closed(index) {
          tell('closed', index);
          hooks.closed?.();
        },
        missing(index) {
          tell('anchor_missing', index);
          if (index === 0) door.openAnswers();
        },
      },
    );
  }

  async function resume(how: PauseEnd): Promise<void> {
    const now = paused;
    if (!now) return;
    paused = null;
    now.ending();
    player?.close();
    player = null;
    door.closePanel();
    await goOn(now, how, now.clear);
  }

  /**
   * Gives the draft back, puts the place back, and says honestly whether all is as it was. Only then does `clear` end what
   * holds the page: what the customer does next is theirs, and nothing moves under it.
   */
  async function goOn(
    { key, page, draft, place }: Pick<Paused, 'key' | 'page' | 'draft' | 'place'>,
    how: PauseEnd,
    clear: () => void,
  ): Promise<void> {
    const mine = customer;
    phase = 'going';
    try {
      const taken = await letGo(page, JSON.parse(draft));
      if (taken) forget(door, key);
      await painted();
      restore(place);
      await painted();
      const changed = differences(place);
      const exact = taken && changed.length === 0;
      clear();
      emit('resumed', { pause: key, exact, how, changed });
      if (mine !== customer) return;
      report(key, taken ? { change: 'resumed', exact, how } : { change: 'failed', why: 'resume_failed' });
      announce(t(!taken ? 'pause_resume_failed' : exact ? 'pause_resumed' : 'pause_resumed_changed'));
    } finally {
      clear();
      phase = 'free';
    }
  }

  /** The page was loaded again, or came back after a crash, while it was paused. */
  function declared(): void {
    if (phase !== 'free') return;
    again?.remove();
    const page = declaredPage();
    const left = page && !page.memoryOnly ? keptFor(door, pagePath()) : undefined;
    if (!page || !left) return;
    const card = createAgain(
      t,
      () => void carryOn(page, left, card),
      () => {
        if (phase !== 'free') return;
        card.element.remove();
        forget(door, left.pause);
        report(left.pause, { change: 'resumed', exact: false, how: 'reloaded' });
      },
    );
    again = card.element;
    host.root.prepend(again);
  }

  async function carryOn(page: Pausable, left: Kept, card: ReturnType<typeof createAgain>): Promise<void> {
    if (phase !== 'free') return;
    card.busy();
    const region = holdRegion(page.region, host.element, () => {});
    region.yieldToPage();
    await goOn({ key: left.pause, page, draft: left.draft, place: left.place }, 'reloaded', () => {
      region.release();
      card.element.remove();
    });
  }

  return {
    take: () => void take(),
    declared,
    reset(): void {
      // Told before it is known, because afterwards there is nobody to tell it for.
      if (paused) report(paused.key, { change: 'resumed', exact: false, how: 'button' });
      void resume('button');
      customer = {};
      again?.remove();
      forgetAll(door);
    },
  };
}

/** After what the page changed was drawn; a hidden page draws nothing and is not waited for. */
const painted = (): Promise<void> =>
  Promise.race([
    after(FRAME_MS_MAX),
    new Promise<void>((resolve) => {
      requestAnimationFrame(() => requestAnimationFrame(() => resolve()));
    }),
  ]);
