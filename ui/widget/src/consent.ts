/**
 * What the visitor allows, and on whose word. We ask nothing ourselves: the site's own call, Global Privacy
 * Control and the consent platforms on the page are listened to, the surest first.
 */

import { REFUSED, storage } from './storage';
import type { Thresholds } from './types';

/** True allowed, false refused, undefined nothing said. */
interface Words {
  analyse?: boolean | undefined;
  contact?: boolean | undefined;
}

/** What was said, and by whom, as the server takes it. */
export type Said = Words & { by?: string };

/** On what terms the server lets this page begin. */
export interface Terms {
  consent: 'required' | 'platform' | 'not_required';
  /** What is allowed while nobody has said anything. */
  unsaid: { analyse: boolean; contact: boolean };
  url_allow: string[];
  /** What Segment's categories stand for. */
  consent_categories: Record<string, 'analyse_behaviour' | 'contact'>;
  thresholds: Thresholds;
}

export interface Verdict {
  analyse: boolean;
  contact: boolean;
  /** What was really said, for the server. */
  said: Said;
}

type Loose = Record<string, any>; // eslint-disable-line @typescript-eslint/no-explicit-any
const page = window as unknown as Loose;

const SOURCES = ['api', 'gpc', 'tcf', 'gcm', 'segment'] as const;
const PURPOSES = ['analyse', 'contact'] as const;
const WATCH_MS = 500;

export function createConsent(changed: (verdict: Verdict) => void) {
  /** The site's own words; a refusal is kept over pages and goes to the other tabs. */
  const api: Words = {};
  const words: Partial<Record<(typeof SOURCES)[number], Words>> = { api };
  let terms: Terms | null = null;
  let told = '';
  let tcfAsked = false;
  let segmentAsked = false;
  let layer: unknown[] | undefined;
  let layerSeen = 0;

  function decide(): void {
    if (!terms) return;
    const said: Said = {};
    for (const by of SOURCES) {
      for (const purpose of PURPOSES) {
        const word = words[by]?.[purpose];
        if (said[purpose] !== undefined || word === undefined) continue;
        said[purpose] = word;
        said.by ??= by;
      }
    }
    const { tcf, gcm, segment } = words;
    const waits = terms.consent !== 'not_required' && (tcf ?? gcm ?? segment);
    const { unsaid } = terms;
    const verdict: Verdict = {
      analyse: said.analyse ?? (!waits && unsaid.analyse),
      contact: said.contact ?? (!waits && unsaid.contact),
      said,
    };
    const now = JSON.stringify(verdict);
    if (now === told) return;
    told = now;
    changed(verdict);
  }

  /** IAB: to watch needs purposes 1 (storage) and 8 (measure content), to offer help 1 and 6 (personalised content). */
  function listenToTcf(): void {
    if (tcfAsked || typeof page.__tcfapi !== 'function') return;
    tcfAsked = true;
    words.tcf = {};
    page.__tcfapi('addEventListener', 2, (data: Loose | null, ok: boolean) => {
      if (!ok || !data) return;
      const has = (purpose: number): boolean =>
        data.gdprApplies === false ||
        [data.purpose, data.publisher].some((it: Loose | undefined) => it?.consents?.[purpose] === true);
      if (data.gdprApplies !== false && !/^(tcloaded|useractioncomplete)$/.test(data.eventStatus)) return;
      words.tcf = { analyse: has(1) && has(8), contact: has(1) && has(6) };
      decide();
    });
  }

  /**
   * Google: commands in the data layer. A refusal by default is only the wait for an answer; a permission by
   * default counts when it holds everywhere, for we do not know where the visitor is.
   */
  function hearGoogle(entry: unknown): void {
    const { 0: command, 1: how, 2: states } = (entry ?? {}) as Loose;
    if (command !== 'consent' || !states) return;
    const update = how === 'update';
    const gcm: Words = (words.gcm ??= {});
    const take = (purpose: 'analyse' | 'contact', state: unknown): void => {
      if (state === 'granted' ? update || !states.region : state === 'denied')
        gcm[purpose] = state === 'granted' || (update ? false : undefined);
    };
    take('analyse', states.analytics_storage);
    take('contact', states.functionality_storage ?? states.analytics_storage);
  }

  function readDataLayer(): void {
    if (!layer) return;
    if (layer.length < layerSeen) layerSeen = 0;
    for (; layerSeen < layer.length; layerSeen += 1) hearGoogle(layer[layerSeen]);
  }

  /** What is pushed is heard at once; `push` itself does what it did. Google's tag names a layer of another name. */
  function listenToGoogle(): void {
    let name = 'dataLayer';
    for (const { src } of document.scripts) name = /[?&]id=.*&l=([^&]+)/.exec(src)?.[1] ?? name;
    const found: unknown = page[name];
    if (!Array.isArray(found)) return;
    if (found !== layer) {
      const own: unknown[] = (layer = found);
      const { push } = own;
      layerSeen = 0;
      own.push = function (...entries) {
        const length = push.apply(this, entries);
        try {
          readDataLayer();
          // Google's own script may have cut the layer to its usual length.
          entries.forEach(hearGoogle);
          decide();
        } catch (error) {
          console.error('overture:', error);
        }
        return length;
      };
    }
    readDataLayer();
  }

  function hearSegment(event: Loose | undefined): void {
    const preferences = event?.context?.consent?.categoryPreferences;
    if (!preferences) return;
    const now: Words = {};
    for (const [category, purpose] of Object.entries(terms?.consent_categories ?? {})) {
      const key = purpose === 'contact' ? 'contact' : 'analyse';
      if (category in preferences) now[key] = now[key] !== false && preferences[category] === true;
    }
    words.segment = now;
    decide();
  }

  /** What Segment is about to send passes on as it is: seen by a plugin, after whatever stamps it, or by the older hook. */
  function listenToSegment(): void {
    const { analytics } = page;
    if (
      segmentAsked ||
      !analytics?.addSourceMiddleware ||
      !Object.keys(terms?.consent_categories ?? {}).length
    )
      return;
    segmentAsked = true;
    words.segment = {};
    const see = (context: Loose): Loose => {
      hearSegment(context.event);
      return context;
    };
    if (analytics.register)
      analytics.register({
        name: 'Overture',
        type: 'enrichment',
        version: '1.0.0',
        isLoaded: () => true,
        load: async () => {},
        ...Object.fromEntries(
          ['track', 'page', 'screen', 'identify', 'group', 'alias'].map((it) => [it, see]),
        ),
      });
    else
      analytics.addSourceMiddleware(({ payload, next }: Loose) => {
        next(payload);
        hearSegment(payload?.obj);
      });
  }

  function look(): void {
    try {
      if (page.navigator.globalPrivacyControl === true) words.gpc = { analyse: false, contact: false };
      listenToTcf();
      listenToGoogle();
      listenToSegment();
    } catch {
      // A platform that throws has said nothing.
    }
    decide();
  }

  /** What is refused on this browser; another tab may have heard it, or taken it back. */
  function heed(): void {
    const refused = storage.refused();
    for (const it of PURPOSES) {
      if (refused.includes(it)) api[it] = false;
      else if (api[it] === false) delete api[it];
    }
    decide();
  }

  addEventListener('storage', ({ key }) => key === REFUSED && heed());
  heed();

  return {
    terms: () => terms,
    begin(found: Terms): void {
      if (!terms) setInterval(look, WATCH_MS);
      terms = found;
      look();
    },
    /** The site's own word, purpose by purpose; it outweighs every other. */
    say(said: unknown): void {
      for (const [name, word] of Object.entries(Object(said) === said ? (said as object) : { '': said })) {
        const purpose = PURPOSES.find((it) => it === name.replace('analyse_behaviour', 'analyse'));
        if (purpose && typeof word === 'boolean') api[purpose] = word;
        else console.warn('overture: consent takes true or false, not', name, word);
      }
      storage.refused(PURPOSES.filter((it) => api[it] === false).join());
      decide();
    },
  };
}
