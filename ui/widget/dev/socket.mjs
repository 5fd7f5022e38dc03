// Just enough of a WebSocket server to look at the widget with: text frames out, closing, nothing read.
import { createHash } from 'node:crypto';

export function acceptSocket(request, stream) {
  const accept = createHash('sha1')
    .update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest('base64');
  stream.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  stream.on('error', () => {});
  return {
    send(value) {
      const body = Buffer.from(JSON.stringify(value));
      const head =
        body.length < 126
          ? Buffer.from([0x81, body.length])
          : Buffer.from([0x81, 126, body.length >> 8, body.length & 255]);
      stream.write(Buffer.concat([head, body]));
    },
    close: () => stream.destroy(),
    onClose: (handler) => stream.on('close', handler),
  };
}
