/** A short captioned video. It never starts by itself, and its captions are on. */
import { h } from '../ui/dom';
import { parseCues } from './cues';
import type { GuideVideo } from './types';
import { primaryLanguage, type Words } from './words';

export interface VideoHooks {
  ended(): void;
  /** Its size became known. */
  resized(): void;
}

async function addCaptions(
  video: HTMLVideoElement,
  guide: GuideVideo,
  host: string,
  locale: string,
  t: Words,
) {
  const wanted =
    guide.captions.find((it) => it.locale === locale) ??
    guide.captions.find((it) => primaryLanguage(it.locale) === primaryLanguage(locale)) ??
    guide.captions[0];
  for (const caption of guide.captions) {
    const track = video.addTextTrack(
      'captions',
      `${t('guide_captions')} (${caption.locale})`,
      caption.locale,
    );
    track.mode = caption === wanted ? 'showing' : 'hidden';
    try {
      const answer = await fetch(host + caption.src, { credentials: 'omit' });
      if (!answer.ok) continue;
      for (const cue of parseCues(await answer.text()))
        track.addCue(new VTTCue(cue.start, cue.end, cue.text));
    } catch {
      // Without its captions the video still plays; the other languages are tried.
    }
  }
}

export function createVideo(
  guide: GuideVideo,
  title: string,
  host: string,
  locale: string,
  t: Words,
  hooks: VideoHooks,
) {
  const video = h('video', {
    controls: true,
    preload: 'metadata',
    playsinline: true,
    poster: guide.poster ? host + guide.poster : undefined,
    'aria-label': t('guide_video', { title }),
    src: host + guide.src,
    onended: hooks.ended,
    onloadedmetadata: hooks.resized,
    onerror: failed,
  });
  const box = h('div', { class: 'guide-video' }, video);
  function failed(): void {
    video.remove();
    box.replaceChildren(h('p', { role: 'status' }, t('guide_video_failed')));
    hooks.resized();
  }
  if (typeof video.addTextTrack === 'function') void addCaptions(video, guide, host, locale, t);
  return box;
}
