// Hash routing: `#/inbox/int_123?x=1` -> parts ["inbox", "int_123"], query { x: "1" }.

export interface Route {
  parts: string[];
  query: Record<string, string>;
}

export function parse_hash(hash: string): Route {
  const [path = '', search = ''] = hash.replace(/^#\/?/, '').split('?', 2);
  const parts = path.split('/').filter(Boolean).map(decode);
  return { parts, query: Object.fromEntries(new URLSearchParams(search)) };
}

export function href(parts: string[], query: Record<string, string | undefined> = {}): string {
  const pairs = Object.entries(query).filter((pair): pair is [string, string] => Boolean(pair[1]));
  const search = pairs.length ? `?${new URLSearchParams(pairs)}` : '';
  return `#/${parts.map(encodeURIComponent).join('/')}${search}`;
}

/** A link from data is followed only when it stays inside this site. */
export function safe_href(link: string | undefined): string | undefined {
  if (!link) return undefined;
  if (link.startsWith('#/')) return link;
  if (link.startsWith('/desk/#/')) return link.slice('/desk/'.length);
  return /^\/(?![/\\])/.test(link) ? link : undefined;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

class Router {
  route = $state<Route>({ parts: [], query: {} });

  start() {
    const read = () => (this.route = parse_hash(location.hash));
    addEventListener('hashchange', read);
    read();
  }
  go(parts: string[], query: Record<string, string | undefined> = {}) {
    location.hash = href(parts, query);
  }
  /** Changes the address without a new history entry (filters). */
  replace(parts: string[], query: Record<string, string | undefined> = {}) {
    history.replaceState(null, '', href(parts, query));
    this.route = parse_hash(location.hash);
  }
}

export const router = new Router();
