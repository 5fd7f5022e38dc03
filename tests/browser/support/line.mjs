// A telephone line: synthetic voices, carried to the server over its plain socket, from a page of its own that somebody signed
// in to. Twice as fast as speech, which the server still takes.

import { signIn } from './desk.mjs';

const RATE = 8000;
const FASTER = 2;
/** The customer speaks, pauses, and the agent speaks in the pause: seconds. */
const [CYCLE_S, TALK_S, ANSWER_FROM_S, ANSWER_S] = [6, 4, 4.4, 1];

/** A voice that nobody has: pulses through three resonances, a syllable after another. */
function speak(seconds, { pitch, range, darkness, rate, loudness }, seed) {
  let state = seed * 2654435761 + 1;
  const share = () => ((state = (state * 1664525 + 1013904223) >>> 0) / 2 ** 32);
  const out = new Float32Array(seconds * RATE);
  const syllable = Math.floor(RATE / rate);
  const mouth = [80, 110, 160].map((width) => ({ radius: Math.exp((-Math.PI * width) / RATE), one: 0, two: 0 }));
  let [phase, pulse, lift, level, formants] = [0, 0, 0, 1, [500, 1500, 2500]];
  for (let at = 0; at < out.length; at += 1) {
    if (at % syllable === 0) {
      formants = [350 + 450 * share(), 1000 + 1100 * share(), 2400 + 500 * share()];
      lift = range * (share() - 0.5);
      level = 0.6 + 0.4 * share();
    }
    const place = (at % syllable) / syllable;
    phase += (pitch * 2 ** ((lift + range * 0.3 * Math.sin(Math.PI * place)) / 12)) / RATE;
    let source = 0.02 * (share() - 0.5);
    if (phase >= 1) {
      phase -= 1;
      source += 1;
    }
    pulse = darkness * pulse + (1 - darkness) * source;
    let sample = pulse;
    mouth.forEach((one, number) => {
      const turn = (2 * Math.PI * formants[number]) / RATE;
      sample = (1 - one.radius) * sample + 2 * one.radius * Math.cos(turn) * one.one - one.radius ** 2 * one.two;
      [one.two, one.one] = [one.one, sample];
    });
    out[at] = sample * level * Math.sqrt(Math.max(0, Math.sin(Math.PI * place)));
  }
  const most = out.reduce((most, sample) => Math.max(most, Math.abs(sample)), 1e-6);
  return out.map((sample) => (sample / most) * loudness);
}

const CALM = { pitch: 130, range: 2, darkness: 0.75, rate: 4, loudness: 0.4 };
const ANGRY = { pitch: 195, range: 5, darkness: 0.3, rate: 5.5, loudness: 0.9 };
const AGENT = { ...CALM, pitch: 205 };

/** Both parties, a sample of each in turn, 16 bits, as base64. */
function both(seconds, anger) {
  const samples = new Int16Array(2 * seconds * RATE);
  const put = (party, voice, from_s) =>
    voice.forEach((sample, at) => {
      const place = 2 * (Math.round(from_s * RATE) + at) + party;
      if (place < samples.length) samples[place] = sample * 32767;
    });
  for (let at = 0; at < seconds; at += CYCLE_S) {
    put(0, speak(TALK_S, anger > 0.5 ? ANGRY : CALM, at + 1), at);
    put(1, speak(ANSWER_S, AGENT, at + 2), at + ANSWER_FROM_S);
  }
  return Buffer.from(samples.buffer).toString('base64');
}

/** Opens the lines of a server; `admin` is somebody who may bring calls. */
export async function openLines(browser, server, api, admin) {
  const { page } = await browser.newPerson({});
  await signIn(page, server.url, admin);
  await page.evaluate(() => (window.lines = {}));
  let calls = 0;
  return {
    /** Begins a call of the customer with this telephone number, who was told where nothing else is said; answers `{ id, customer }`. */
    async beginCall(phone, { disclosed = true } = {}) {
      const asked = { external_id: `test-${(calls += 1)}`, phone, disclosed, synthetic: true };
      const { call, customer } = await api.ask('POST', '/v1/calls', asked);
      await page.evaluate(
        (call) =>
          new Promise((resolve, reject) => {
            const socket = new WebSocket(`/v1/calls/${call}/audio?channels=2`);
            socket.onopen = resolve;
            socket.onerror = () => reject(new Error('the line could not be opened'));
            window.lines[call] = socket;
          }),
        call,
      );
      return { id: call, customer };
    },
    /** Sends this much of both parties' sound, the customer as angry as said: 0 or 1. */
    async sendAudio(call, { seconds, anger }) {
      const [sound, bytes_s] = [both(seconds, anger), 4 * RATE];
      await page.evaluate(
        async ([call, sound, step, pause_ms]) => {
          const bytes = Uint8Array.from(atob(sound), (letter) => letter.charCodeAt(0));
          for (let at = 0; at < bytes.length; at += step) {
            window.lines[call].send(bytes.slice(at, at + step));
            await new Promise((resolve) => setTimeout(resolve, pause_ms));
          }
        },
        [call.id, sound, bytes_s / 5, 200 / FASTER],
      );
    },
    /** Ends the call, as its telephone system would. */
    async endCall(call) {
      await page.evaluate((call) => window.lines[call].send('{"type":"stop"}'), call.id);
    },
  };
}
