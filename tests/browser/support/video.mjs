// A short film made by the browser itself, as an upload wants it: WebM that says how long it is.

const INFO = Buffer.from([0x15, 0x49, 0xa9, 0x66]);
const DURATION = [0x44, 0x89];

/** Records a moving square for about `ms`, with the browser of `page`. */
export async function recordVideo(page, ms) {
  const text = await page.evaluate(async (lasts) => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 160, height: 90 });
    const drawing = canvas.getContext('2d');
    let at = 0;
    const draw = () => {
      drawing.fillStyle = '#123';
      drawing.fillRect(0, 0, 160, 90);
      drawing.fillStyle = '#fc0';
      drawing.fillRect((at += 4) % 160, 30, 30, 30);
    };
    draw();
    const drawn = setInterval(draw, 40);
    const recorder = new MediaRecorder(canvas.captureStream(25), { mimeType: 'video/webm;codecs=vp8' });
    const parts = [];
    recorder.ondataavailable = ({ data }) => parts.push(data);
    const stopped = new Promise((done) => (recorder.onstop = done));
    recorder.start();
    setTimeout(() => recorder.stop(), lasts);
    await stopped;
    clearInterval(drawn);
    const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
    return btoa(Array.from(bytes, (it) => String.fromCharCode(it)).join(''));
  }, ms);
  return withDuration(Buffer.from(text, 'base64'), ms);
}

/** A recorder writes as it goes and never comes back to say how long it was: this does. */
function withDuration(file, ms) {
  const at = file.indexOf(INFO) + INFO.length;
  // The size of an element: as many bytes as its first byte has leading zeros, and one.
  const width = Math.clz32(file[at]) - 23;
  let size = file[at] & (0xff >> width);
  for (let byte = 1; byte < width; byte += 1) size = size * 256 + file[at + byte];
  const info = file.subarray(at + width, at + width + size);
  if (info.includes(Buffer.from(DURATION))) return file;
  const duration = Buffer.from([...DURATION, 0x88, 0, 0, 0, 0, 0, 0, 0, 0]);
  duration.writeDoubleBE(ms, 3);
  const head = Buffer.from([0x40 | ((size + duration.length) >> 8), (size + duration.length) & 0xff]);
  return Buffer.concat([file.subarray(0, at), head, info, duration, file.subarray(at + width + size)]);
}
