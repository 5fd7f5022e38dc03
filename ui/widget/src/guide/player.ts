/** Plays a guide on the page: one step after the other, beside its element, in nobody's way. */
import { h } from '../ui/dom';
import { inTheWay, watchPage } from '../ui/place';
import { createCard } from './card';
import { follow, type Followed } from './follow';
import css from './guide.css?inline';
import { places, type Place, type Size } from './place';
import type { Guide, Player, PlayerContext, PlayerHooks } from './types';
import { createVideo } from './video';
import { isRtl, wordsIn } from './words';

export type { Guide, Player, PlayerContext, PlayerHooks } from './types';

/** After the last key, what was typed counts as done. */
const TYPED_MS = 1_200;

/** Hit tests are this far apart; buttons are looked for besides, however small. */
const STEP_PX = 40;

/** What ends a press. */
const RELEASES = ['pointerup', 'pointercancel'];

const adopted = new WeakSet<Node>();

/** The guides on the page, told whenever what lies on it may have changed. */
const looks = new Set<() => void>();
let watching = false;

function watch(look: () => void): void {
  looks.add(look);
  if (!watching) watchPage(() => looks.forEach((it) => it()));
  watching = true;
}

const isCalm = (): boolean => matchMedia('(prefers-reduced-motion: reduce)').matches;

export function playSteps(context: PlayerContext, guide: Guide, hooks: PlayerHooks = {}): Player {
  const { root, locale } = context;
  if (!adopted.has(root)) {
    adopted.add(root);
    context.adopt(css);
  }
  let index = 0;
  let shown = -1;
  /** The furthest step that was on the screen: its element was there. */
  let reached = -1;
  let over = false;
  let drawn = '';
  /** The customer took it up: then it is not taken away because everything is in the way. */
  let wanted = hooks.wanted === true;
  let isPressed = false;
  /** Where the card was found to be in nobody's way, `null` for nowhere; unknown until it is looked. */
  let free: { at: string | null; size: string } | undefined;
  /** The step's element did not come: its words stand without a place. */
  let lost = false;
  let unfollow = (): void => {};
  let unwait = (): void => {};
  let found: Followed | null = null;
  let focusCameFrom: Element | null = null;

  const card = createCard(guide, locale, {
    next: forward,
    back() {
      wanted = true;
      go(index - 1);
    },
    close: dismiss,
    ...(hooks.never ? { never: () => leave(hooks.never) } : {}),
    why: hooks.why,
  });
  const ring = h('div', { class: 'guide-ring', 'aria-hidden': 'true', hidden: true }, h('i', {}));
  root.prepend(ring, card.element);
  card.element.addEventListener('pointerdown', () => {
    wanted = isPressed = true;
    const released = (): void => {
      for (const sign of RELEASES) removeEventListener(sign, released, true);
      // After the click that it may have been.
      setTimeout(() => {
        isPressed = false;
        look();
      });
    };
    for (const sign of RELEASES) addEventListener(sign, released, true);
  });
  card.element.addEventListener('focusin', (event) => {
    wanted = true;
    const from = event.relatedTarget;
    if (!(from instanceof Node && card.element.contains(from)))
      focusCameFrom = from instanceof Element ? from : document.activeElement;
  });

  function forward(): void {
    wanted = true;
    if (index + 1 < guide.steps.length) return go(index + 1);
    leave(hooks.completed);
  }

  function dismiss(): void {
    const at = index;
    leave(() => hooks.closed?.(at));
  }

  function leave(tell?: () => void): void {
    if (over) return;
    close();
    tell?.();
  }

  function close(): void {
    if (over) return;
    over = true;
    unfollow();
    unwait();
    removeEventListener('resize', redraw);
    document.removeEventListener('visibilitychange', redraw);
    looks.delete(look);
    const shadow = card.element.getRootNode() as ShadowRoot;
    const hadFocus = card.element.contains(shadow.activeElement);
    const target = found?.element;
    card.element.remove();
    ring.remove();
    if (!hadFocus) return;
    const to = [focusCameFrom, target].find(
      (it) => it instanceof HTMLElement && it.isConnected && it !== shadow.host,
    );
    (to as HTMLElement | undefined)?.focus({ preventScroll: true });
  }

  function go(to: number): void {
    if (over || to < 0) return;
    index = to;
    found = null;
    lost = false;
    free = undefined;
    drawn = '';
    unfollow();
    unwait();
    const step = guide.steps[index];
    const media =
      guide.kind === 'video' && guide.video && index === 0
        ? createVideo(
            guide.video,
            step?.title ?? guide.name,
            context.host ?? '',
            guide.locale,
            wordsIn(locale),
            {
              ended: () => hooks.completed?.(),
              resized: redraw,
            },
          )
        : null;
    card.draw(index, media);
    ring.hidden = true;
    ring.dataset.hint = step?.hint ?? '';
    if (!step?.anchor) {
      draw();
      return;
    }
    card.element.hidden = true;
    let scrolled = false;
    unfollow = follow(step.anchor, {
      moved(now) {
        found = now;
        if (now && !scrolled) {
          scrolled = true;
          wait(now.element);
          const isOff =
            now.box.top < 0 || now.box.bottom > innerHeight || now.box.left < 0 || now.box.right > innerWidth;
          if (isOff) {
            now.element.scrollIntoView({
              block: 'center',
              inline: 'nearest',
              behavior: isCalm() ? 'auto' : 'smooth',
            });
            // Where it is by then is told with the next look: beside where it was, the card would only have to move.
            return;
          }
        }
        if (now) lost = false;
        if (now || lost) draw();
        else if (shown === index) hide();
      },
      absent(how) {
        const at = index;
        const begins = at === 0 && reached < 0;
        if (how === 'hidden') hooks.hidden?.(at);
        else if (at > reached) hooks.missing?.(at);
        if (over || at !== index) return;
        // What cannot even begin is not begun, or waits for what is hidden; later on, the words help without their place.
        if (begins && how === 'missing') close();
        else if (!begins || wanted) lost = true;
      },
    });
  }

  /** Goes on when the customer has done what the step waits for. */
  function wait(element: Element): void {
    const waits = guide.steps[index]?.waits_for;
    if (!waits || waits === 'next') return;
    const at = index;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const isOnIt = (event: Event): boolean =>
      event.composedPath().includes(found?.element ?? element) ||
      (element as HTMLInputElement).labels?.[0]?.contains(event.target as Node) === true;
    const done = (): void => {
      clearTimeout(timer);
      if (!over && index === at) forward();
    };
    const clicked = (event: Event): void => {
      if (isOnIt(event)) setTimeout(done);
    };
    const typed = (event: Event): void => {
      if (!isOnIt(event)) return;
      clearTimeout(timer);
      const field = event.composedPath()[0] as HTMLInputElement;
      const isEmpty = (field.isContentEditable ? field.textContent : field.value) === '';
      if (event.type === 'change' && !isEmpty) setTimeout(done);
      else if (!isEmpty) timer = setTimeout(done, TYPED_MS);
    };
    const listeners: [string, (event: Event) => void][] =
      waits === 'click'
        ? [['click', clicked]]
        : [
            ['input', typed],
            ['change', typed],
          ];
    for (const [name, listener] of listeners) document.addEventListener(name, listener, true);
    unwait = () => {
      clearTimeout(timer);
      for (const [name, listener] of listeners) document.removeEventListener(name, listener, true);
    };
  }

  function hide(): void {
    ring.hidden = true;
    card.element.dataset.away = '';
  }

  /** The first of `all` that is in nobody's way, tried unseen; the place it has had is as good as any beside the element. */
  function choose(all: [Place, ...Place[]], size: Size): Place | undefined {
    const sized = JSON.stringify(size);
    const kept = all.find((it) => it.name === free?.at);
    if (free?.size === sized && (kept || free.at === null)) return kept ?? (wanted ? all[0] : undefined);
    const { style } = card.element;
    style.visibility = 'hidden';
    const at = [...(kept?.side ? [kept] : []), ...all].find((it) => {
      moveTo(it);
      // Nor is it over the line that says that the page is paused.
      return !inTheWay(context.own, card.element, STEP_PX, root.querySelector('.pause'));
    });
    style.visibility = '';
    drawn = '';
    free = { at: at?.name ?? null, size: sized };
    return at ?? (wanted ? all[0] : undefined);
  }

  function moveTo({ left, top }: Place): void {
    card.element.style.setProperty('--x', `${Math.round(left)}px`);
    card.element.style.setProperty('--y', `${Math.round(top)}px`);
  }

  function draw(): void {
    if (over) return;
    const step = guide.steps[index];
    if (found?.covered) return hide();
    const isNew = shown !== index;
    if (isNew && !wanted && free?.at === null && free.size) return hide();
    const { element } = card;
    element.hidden = false;
    if (isNew) {
      // Measured with its words, before anybody sees or hears them.
      element.dataset.away = '';
      card.speak(index);
    }
    const size = { width: element.offsetWidth, height: element.offsetHeight };
    const view = { width: document.documentElement.clientWidth, height: innerHeight };
    const all = places(found?.box ?? null, size, view, step?.placement ?? 'auto', isRtl(locale));
    const at = choose(all, size);
    if (isNew) card.hush();
    if (!at) return hide();
    delete element.dataset.away;
    const now = JSON.stringify([at, found?.box, size]);
    if (now !== drawn) {
      drawn = now;
      moveTo(at);
      card.point(at.side, at.arrow);
      if (found) {
        const { left, top, right, bottom } = found.box;
        ring.style.setProperty('--x', `${Math.round(left)}px`);
        ring.style.setProperty('--y', `${Math.round(top)}px`);
        ring.style.setProperty('--w', `${Math.round(right - left)}px`);
        ring.style.setProperty('--h', `${Math.round(bottom - top)}px`);
      }
    }
    ring.hidden = !found;
    if (!isNew || document.hidden) return;
    shown = index;
    reached = Math.max(reached, index);
    card.speak(index);
    hooks.step?.(index, lost ? 'words' : 'placed');
  }

  function redraw(): void {
    if (!over && (found || lost || !guide.steps[index]?.anchor)) draw();
  }

  /** What lies on the page may be in the way now, or no longer. What is being pressed stays under the pointer. */
  function look(): void {
    if (isPressed) return;
    if (free) free.size = '';
    redraw();
  }

  addEventListener('resize', redraw);
  document.addEventListener('visibilitychange', redraw);
  watch(look);
  go(hooks.from ?? 0);
  return { element: card.element, close, next: forward };
}
