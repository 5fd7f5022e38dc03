/** A guide as the server sends it and the player takes it: texts in one language already. */

import type { Host } from '../ui/host';

export type GuideKind = 'tooltip' | 'steps' | 'video';
export type Placement = 'auto' | 'top' | 'bottom' | 'start' | 'end';
export type WaitsFor = 'next' | 'click' | 'input';
export type Hint = 'click' | 'type' | 'scroll';

/** One way to recognise an element. `label` is a role with the hash of the accessible name, never the name itself. */
export interface Candidate {
  by: 'id' | 'test' | 'name' | 'label' | 'css' | 'nth';
  value: string;
}

/** How to find an element again: all that was known of it when it was picked. */
export interface Anchor {
  tag: string;
  /** The open shadow hosts around it, outermost first; empty in the document itself. */
  hosts: Candidate[][];
  candidates: Candidate[];
}

export interface GuideStep {
  /** Without one the step is shown in the corner. */
  anchor: Anchor | null;
  title: string;
  /** The Markdown subset of `panel/markdown.ts`. */
  text: string;
  placement: Placement;
  /** What takes the customer on: the Next button, a click on the anchor, or something typed into it. */
  waits_for: WaitsFor;
  /** A short animation that shows what to do. */
  hint?: Hint | null;
}

/** Addresses are paths on our host. */
export interface GuideVideo {
  src: string;
  poster?: string | null;
  captions: { locale: string; src: string }[];
}

export interface Guide {
  id: string;
  revision: number;
  kind: GuideKind;
  name: string;
  /** Of the texts, after falling back. */
  locale: string;
  steps: GuideStep[];
  video?: GuideVideo | null;
}

/** What the player needs of whoever shows it: nothing of the widget's core. */
export interface PlayerContext {
  /** Our own element, and what the page wants us to stay off. */
  own: Pick<Host, 'element' | 'avoid'>;
  /** Inside our shadow root. */
  root: HTMLElement;
  /** Adds a style sheet to that root. */
  adopt(css: string): void;
  /** The language of the buttons. */
  locale: string;
  /** The server's address, in front of a video's paths. */
  host?: string;
}

export interface PlayerHooks {
  /** The step to begin with. */
  from?: number;
  /** The customer asked for it: it is shown even where everything is in the way. */
  wanted?: boolean;
  /** A step is really on the screen; whether beside its element, or its words alone. */
  step?(index: number, how: 'placed' | 'words'): void;
  /** The last step was followed, or the video seen to its end. */
  completed?(): void;
  /** The customer put it away before its end. */
  closed?(index: number): void;
  /** The element of a step that was not reached yet is not on the page. Without the first one nothing is begun. */
  missing?(index: number): void;
  /** The element is there, but not drawn: the first step waits for it. */
  hidden?(index: number): void;
  /** The customer wants no such help again; without it the button is not shown. */
  never?(): void;
  /** Why the customer sees it. */
  why?: string;
}

export interface Player {
  element: HTMLElement;
  /** Takes it away without telling any hook. */
  close(): void;
  next(): void;
}
