// A mail server that keeps what it is given, for tests of mail.

import { createServer } from 'node:net';

/** Listens on this machine; `mails` are `{from, to, head, text}` in the order they came. */
export async function startMailServer() {
  const mails = [];
  const sockets = new Set();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    socket.setEncoding('latin1');
    let buffered = '';
    let mail = { to: [] };
    let inData = false;
    const say = (line) => socket.write(`${line}\r\n`);
    say('220 sink ESMTP');
    const hear = (line) => {
      const verb = line.slice(0, 4).toUpperCase();
      if (verb === 'EHLO') say('250-sink\r\n250 8BITMIME');
      else if (verb === 'MAIL') {
        mail = { from: address(line), to: [] };
        say('250 ok');
      } else if (verb === 'RCPT') {
        mail.to.push(address(line));
        say('250 ok');
      } else if (verb === 'DATA') {
        inData = true;
        say('354 go on');
      } else if (verb === 'QUIT') {
        say('221 bye');
        socket.end();
      } else say('250 ok');
    };
    socket.on('data', (chunk) => {
      buffered += chunk;
      for (;;) {
        const ending = inData ? '\r\n.\r\n' : '\r\n';
        const end = buffered.indexOf(ending);
        if (end < 0) return;
        const part = buffered.slice(0, end);
        buffered = buffered.slice(end + ending.length);
        if (inData) {
          inData = false;
          mails.push({ ...mail, ...read(part) });
          say('250 kept');
        } else hear(part);
      }
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: server.address().port,
    mails,
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

const address = (line) => /<([^>]*)>/.exec(line)?.[1] ?? '';

/** The head by lower-case name, and the decoded text of a mail of one part. */
function read(raw) {
  const split = raw.indexOf('\r\n\r\n');
  const head = {};
  for (const line of raw.slice(0, split).replace(/\r\n[ \t]+/g, ' ').split('\r\n')) {
    const colon = line.indexOf(':');
    head[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  const body = raw.slice(split + 4).replace(/^\.\./gm, '.');
  const coding = (head['content-transfer-encoding'] ?? '').toLowerCase();
  if (coding === 'base64') return { head, text: Buffer.from(body, 'base64').toString('utf8') };
  const bytes =
    coding === 'quoted-printable'
      ? body.replace(/=\r\n/g, '').replace(/=([0-9A-F]{2})/gi, (_, hex) => String.fromCharCode(parseInt(hex, 16)))
      : body;
  return { head, text: Buffer.from(bytes, 'latin1').toString('utf8') };
}
