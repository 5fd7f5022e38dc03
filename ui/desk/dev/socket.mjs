// Just enough of RFC 6455 to push text frames and read short ones.
import { createHash } from 'node:crypto';

export function upgrade(request, socket, onMessage, onClose) {
  const accept = createHash('sha1')
    .update(request.headers['sec-websocket-key'] + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11')
    .digest('base64');
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  let pending = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    pending = Buffer.concat([pending, chunk]);
    for (let frame = readFrame(pending); frame; frame = readFrame(pending)) {
      pending = pending.subarray(frame.length);
      if (frame.opcode === 8) return socket.end();
      if (frame.opcode === 1) onMessage(frame.text);
    }
  });
  socket.on('close', onClose);
  socket.on('error', onClose);
  return { send: (value) => socket.write(textFrame(JSON.stringify(value))) };
}

function readFrame(buffer) {
  if (buffer.length < 6) return undefined;
  let size = buffer[1] & 127;
  let at = 2;
  if (size === 126) {
    size = buffer.readUInt16BE(2);
    at = 4;
  }
  if (buffer.length < at + 4 + size) return undefined;
  const mask = buffer.subarray(at, at + 4);
  const body = Buffer.from(buffer.subarray(at + 4, at + 4 + size));
  for (let i = 0; i < body.length; i += 1) body[i] ^= mask[i % 4];
  return { opcode: buffer[0] & 15, text: body.toString(), length: at + 4 + size };
}

function textFrame(text) {
  const body = Buffer.from(text);
  const head =
    body.length < 126
      ? Buffer.from([0x81, body.length])
      : body.length < 65536
        ? Buffer.from([0x81, 126, body.length >> 8, body.length & 255])
        : (() => {
            const long = Buffer.alloc(10);
            long[0] = 0x81;
            long[1] = 127;
            long.writeBigUInt64BE(BigInt(body.length), 2);
            return long;
          })();
  return Buffer.concat([head, body]);
}
