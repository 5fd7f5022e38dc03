// Pages of a site of our own, on another origin than the server, as a customer's site is.

import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';

const TYPES = {
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
};

/**
 * Serves `pages` (path to text, or to a function that gives `{ body, headers }` for one answer) and, below
 * `folders` (path prefix to folder), files. Returns its origin and `close`.
 */
export async function servePages(pages, folders = {}) {
  const site = createServer(async (request, response) => {
    const path = new URL(request.url, 'http://site').pathname;
    const page = pages[path] ?? (await fromFolder(path, folders));
    const { body, headers } = typeof page === 'function' ? page() : { body: page };
    response.writeHead(body === undefined ? 404 : 200, {
      'content-type': TYPES[extname(path)] ?? TYPES['.html'],
      'cache-control': 'no-store',
      ...headers,
    });
    response.end(body ?? 'not found');
  });
  await new Promise((resolve) => site.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${site.address().port}`,
    close: () => {
      site.closeAllConnections();
      return new Promise((resolve) => site.close(resolve));
    },
  };
}

async function fromFolder(path, folders) {
  const found = Object.entries(folders).find(([prefix]) => path.startsWith(prefix));
  if (!found) return undefined;
  const inside = normalize(path.slice(found[0].length));
  if (inside.startsWith('..')) return undefined;
  return readFile(join(found[1], inside)).catch(() => undefined);
}
