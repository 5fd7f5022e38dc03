// A wire between a client and the server that notes what passes, and answers in the server's place when told to.

import { createServer, request as forward } from 'node:http';

/**
 * Forwards to `url`, sockets too. `answer(request)` may return `{ status, headers, body }` in place of the
 * server; `target(path, host)` names another server for some paths or names. `seen` is every request that came.
 */
export async function layRelay(url, { answer = () => undefined, target = () => url } = {}) {
  const seen = [];
  const sockets = new Set();
  const to = (request) => {
    const { hostname, port } = new URL(target(request.url, request.headers.host));
    return { host: hostname, port, method: request.method, path: request.url, headers: request.headers };
  };
  const relay = createServer((request, response) => {
    const note = { method: request.method, path: request.url, headers: request.headers };
    const own = answer(note);
    note.status = own?.status;
    seen.push(note);
    if (own) {
      request.resume();
      // What a browser needs to read the answer at all.
      response.writeHead(own.status, { 'access-control-allow-origin': '*', ...own.headers });
      response.end(own.body ?? '');
      return;
    }
    const far = forward(to(request), (answered) => {
      note.status = answered.statusCode;
      response.writeHead(answered.statusCode, answered.headers);
      answered.pipe(response);
    });
    far.on('error', () => response.destroy());
    request.pipe(far);
  });
  relay.on('upgrade', (request, socket, head) => {
    seen.push({ method: 'UPGRADE', path: request.url, headers: request.headers });
    sockets.add(socket);
    const far = forward(to(request));
    const end = () => socket.destroy();
    far.on('error', end);
    far.on('response', end);
    far.on('upgrade', (answered, farSocket) => {
      const lines = Object.entries(answered.headers).map(([name, value]) => `${name}: ${value}\r\n`);
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('')}\r\n`);
      farSocket.write(head);
      farSocket.on('error', end);
      socket.on('error', () => farSocket.destroy());
      socket.pipe(farSocket).pipe(socket);
    });
    far.end();
  });
  await new Promise((resolve) => relay.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${relay.address().port}`,
    seen,
    close: () => {
      relay.closeAllConnections();
      for (const socket of sockets) socket.destroy(); // a socket is no connection of the server's any more
      return new Promise((resolve) => relay.close(resolve));
    },
  };
}

/** For `answer`: refuses the first `times` requests that send something, as a server does that is starting. */
export function refuseFirst(times, wanted = () => true) {
  let left = times;
  return (request) => {
    if (request.method !== 'POST' || left === 0 || !wanted(request)) return undefined;
    left -= 1;
    return { status: 503, headers: { 'retry-after': '1' }, body: '{"code":"unavailable","message":"starting"}' };
  };
}
