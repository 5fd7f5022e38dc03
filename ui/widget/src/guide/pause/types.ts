/** What a host page declares about pausing itself, and what the widget tells it. */
import type { WidgetContext } from '../../ui/context';

export type CanPause = boolean | { canPause: boolean };

/** Declared with `overture('pausable', ...)`. `State` is plain data; it stays in this browser. */
export interface Pausable<State = unknown> {
  /** Whether the page can be paused now; answers within 200 ms, otherwise it counts as no. */
  canPause(): CanPause | Promise<CanPause>;
  /** Stops the page's timers and time-outs, and returns what `resume` needs: plain data of at most 64 KB. */
  pause(): State | Promise<State>;
  /**
   * Puts everything back and lets the timers go on. After a reload it gets what `pause` returned before it, and `null`
   * when `pause` failed or did not answer in time: then there is nothing to put back. Calling it twice does no harm.
   */
  resume(state: State | null): void | Promise<void>;
  /** Called every minute of a pause, so that the page can keep its own session alive. */
  heartbeat?(): void;
  /** CSS selector of the part in which nothing can be entered or pressed meanwhile; without it nothing is held. */
  region?: string;
  /** The draft is not even kept in this tab's storage: a reload loses it. */
  memoryOnly?: boolean;
}

export type PauseEnd = 'button' | 'escape' | 'finished' | 'reloaded';
export type PauseFailure =
  'refused' | 'no_answer' | 'not_storable' | 'too_large' | 'pause_failed' | 'resume_failed';

/** A form stands for the built-in handshake; null for a page that cannot be paused. */
export type Declared = Pausable | HTMLFormElement | null;

/** What the page part gives the pause. */
export interface PauseDoor {
  page(): Declared;
  /** What had the focus on the page before something of ours took it. */
  cameFrom(): Element | null;
  /** Opens and closes the panel. */
  openAnswers(): void;
  closePanel(): void;
  /** What this tab keeps of its pauses; nothing where storage is not allowed, forbidden or empty. Keeps `text`, if there is one. */
  kept(text?: string): string | null | void;
}

export interface SmartPause {
  /** The customer wants it. */
  take(): void;
  /** The page declared something, or took it back. */
  declared(): void;
  /** The customer signed out: nothing of theirs stays. */
  reset(): void;
}

export type CreateSmartPause = (context: WidgetContext, door: PauseDoor) => SmartPause;
