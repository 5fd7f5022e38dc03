// A stand-in for the server, to look at the widget and the shop: `npm run dev -w widget`, then http://localhost:4173/shop/
// POST /dev/offer {style} shows an offer, /dev/assign gives the chat an agent, /dev/say {text} lets the agent speak,
// /dev/withdraw takes the offer back, /dev/down {down:true} refuses everything; GET /dev/seen tells what arrived.
// A test that imports it also holds answers back: `hold(path)` keeps them until what it returns is called.
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { acceptSocket } from './socket.mjs';

const UI = fileURLToPath(new URL('../..', import.meta.url));
const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};
const CORS = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Allow-Headers': 'authorization, content-type',
  'Access-Control-Expose-Headers': 'Retry-After',
};
const FAQS = [
  {
    id: 'faq_1',
    title: 'Why was my card declined?',
    body_markdown:
      'Most declined cards have one of these causes:\n\n1. The **expiry date** is past\n2. Your bank asks for a confirmation in its app\n3. The number has a typing error\n\n## What you can do\n\nTry again with *another card*, or see [your orders](/shop/) first.',
  },
  {
    id: 'faq_2',
    title: 'How long does delivery take?',
    body_markdown:
      'Within the country **2 to 3 days**.\n\n- Beans leave us on Tuesdays\n- Grinders leave us every day',
  },
];

const CHAT = {
  attachments: { bytes_max: 1_000_000, files_max: 3, types: ['text/plain', 'image/png'] },
  ask_email: true,
  privacy_url: 'https://shop.example/privacy',
  is_open: true,
  terms_recorded: false,
  staff_read: 0,
};
const TIMES = {
  now: { open: true, wait_s: 60 },
  days: [],
  zone: 'UTC',
  countries: { DE: 49 },
  texts: false,
  verify: false,
};

export function startServer(port = 4173) {
  const state = {
    seq: 0,
    items: [],
    sockets: new Set(),
    seen: [],
    calls: [],
    down: false,
    conversation: null,
    keys: {},
    /** What a session says besides, for example its brand and texts. */
    session: {},
    sessions: 0,
    /** Tokens that are no longer taken. */
    expired: new Set(),
    /** What a chat's copy says; without one it cannot be had. */
    transcript: null,
    /** By the beginning of a path: what its answers wait for. */
    held: {},
    /** Live guides by their id; an offer of style `guide` names one. */
    guides: {},
  };

  function push(item) {
    state.seq += 1;
    const full = { seq: state.seq, at: new Date().toISOString(), ...item };
    state.items.push(full);
    for (const socket of state.sockets) socket.send({ items: [full], seq: state.seq });
    return full;
  }

  function hold(path) {
    let free;
    state.held[path] = new Promise((resolve) => (free = resolve));
    return () => {
      delete state.held[path];
      free();
    };
  }

  function openConversation(channel) {
    if (!state.conversation) {
      state.conversation = { conversation: `int_${state.seq + 1}`, channel };
      push({ kind: 'conversation', ...state.conversation, status: 'queued', position: 2, wait_s: 90 });
    }
    return { conversation: state.conversation.conversation };
  }

  const dev = {
    offer: ({ style = 'banner', seconds = 600, ...rest }) =>
      push({
        kind: 'offer',
        offer: `off_${state.seq + 1}`,
        style,
        title: style === 'banner' ? 'Help is Available' : 'Stuck at this step?',
        text: 'We noticed you may be experiencing difficulty. A support agent is available to assist.',
        why: 'The payment form reported an error twice on this page. We use only what happened on this visit.',
        options:
          style === 'banner'
            ? [
                { kind: 'callback', label: 'Request Callback', wait_s: 300 },
                { kind: 'chat', label: 'Start Chat', wait_s: 0 },
                { kind: 'faq', label: 'View FAQs' },
                { kind: 'smart_pause', label: 'Smart Pause' },
              ]
            : [
                { kind: 'faq', label: 'View FAQs' },
                { kind: 'chat', label: 'Start Chat', wait_s: 40 },
              ],
        grant_token: 'token',
        expires_at: new Date(Date.now() + seconds * 1000).toISOString(),
        ...rest,
      }),
    withdraw: ({ offer }) => push({ kind: 'offer_withdrawn', offer }),
    assign: ({ name = 'Anna' }) =>
      push({ kind: 'conversation', ...state.conversation, status: 'assigned', agent_name: name }),
    status: (body) => push({ kind: 'conversation', ...state.conversation, ...body }),
    end: () => {
      push({ kind: 'conversation', ...state.conversation, status: 'ended' });
      state.conversation = null;
    },
    say: ({ text, name = 'Anna' }) =>
      push({
        kind: 'message',
        conversation: state.conversation.conversation,
        message: `msg_${state.seq + 1}`,
        author: 'agent',
        author_name: name,
        text,
      }),
    down: ({ down }) => {
      state.down = down;
      if (down) for (const socket of state.sockets) socket.close();
    },
    reset: () =>
      Object.assign(state, {
        items: [],
        seen: [],
        calls: [],
        down: false,
        conversation: null,
        keys: {},
        session: {},
        held: {},
        transcript: null,
        guides: {},
      }),
    accept: ({ status, code }) => {
      state.acceptProblem = status ? { status, code } : null;
    },
  };

  function answer(method, path, body) {
    if (path.startsWith('/terms')) {
      return [
        200,
        {
          consent: 'platform',
          unsaid: { analyse: true, contact: true },
          url_allow: [],
          consent_categories: {},
          thresholds: {
            slow_click_ms: 3_000,
            dead_click_ms: 7_000,
            hesitation_ms: 30_000,
            thrash_reversals: 4,
            thrash_window_ms: 2_000,
            idle_ms: 30_000,
          },
        },
      ];
    }
    if (path === '/session') {
      state.sessions += 1;
      return [
        200,
        {
          session: 'int_s',
          session_token: `tok_${state.sessions}`,
          device_token: 'dev',
          anonymous_id: 'anon',
          seq: state.seq,
          help_button: true,
          faqs: true,
          feed: [],
          ...state.session,
        },
      ];
    }
    if (path.startsWith('/feed')) {
      const after = Number(new URLSearchParams(path.split('?')[1]).get('after'));
      return [200, { items: state.items.filter((it) => it.seq > after), seq: state.seq }];
    }
    if (path === '/faqs/search') return [200, { faqs: FAQS.map((it) => ({ ...it, why: 'general' })) }];
    const faq = /^\/faqs\/(\w+)\?/.exec(path);
    if (faq) return [200, FAQS.find(({ id }) => id === faq[1])];
    if (path === '/chat') return [200, CHAT];
    if (path.startsWith('/callback/slots')) return [200, TIMES];
    if (path.includes('/transcript')) return state.transcript ? [200, state.transcript] : [500, {}];
    if (path.includes('/attachments')) {
      const name = new URLSearchParams(path.split('?')[1]).get('name');
      return [
        200,
        {
          id: `att_${state.calls.length}`,
          name,
          content_type: 'text/plain',
          bytes: 8,
          width_px: 0,
          height_px: 0,
        },
      ];
    }
    const [, guide] = /^\/guides\/(\w+)\?/.exec(path) ?? [];
    if (guide) return state.guides[guide] ? [200, state.guides[guide]] : [404];
    if (path === '/help') return [200, openConversation(body.channel)];
    if (path === '/messages') {
      const known = state.keys[body.client_key];
      if (known) return [200, { seq: known.seq, message: known.message }];
      const { conversation, client_key, text, attachments } = body;
      const made = push({
        kind: 'message',
        conversation,
        message: `msg_${state.seq + 1}`,
        author: 'customer',
        text,
        client_key,
        attachments,
      });
      state.keys[client_key] = made;
      return [200, { seq: made.seq, message: made.message }];
    }
    if (path.endsWith('/accept')) {
      if (state.acceptProblem) return [state.acceptProblem.status, { code: state.acceptProblem.code }];
      return [200, body.option === 'faq' ? {} : openConversation(body.option)];
    }
    if (path.endsWith('/end')) dev.end();
    return [204];
  }

  const server = createServer(async (request, response) => {
    const url = new URL(request.url, 'http://localhost');
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    const json = (status, value) => {
      response.writeHead(status, { ...CORS, 'Content-Type': 'application/json' });
      response.end(value === undefined ? undefined : JSON.stringify(value));
    };
    if (url.pathname.startsWith('/dev/')) {
      const name = url.pathname.slice(5);
      if (name === 'seen') return json(200, { seen: state.seen, calls: state.calls });
      return json(200, dev[name](text ? JSON.parse(text) : {}) ?? {});
    }
    if (request.method === 'OPTIONS') return response.writeHead(204, CORS).end();
    if (url.pathname.startsWith('/v1/')) {
      if (state.down) return request.socket.destroy();
      if (url.pathname === '/v1/batch') {
        state.seen.push(...JSON.parse(text).batch);
        return json(200, { success: true });
      }
      const path = url.pathname.replace('/v1/widget', '') + url.search;
      const token = request.headers.authorization?.replace('Bearer ', '');
      if (state.expired.has(token)) return json(401, { code: 'session_expired' });
      const body = text && /json/.test(request.headers['content-type']) ? JSON.parse(text) : {};
      if (request.method === 'POST') state.calls.push({ path, body, token });
      const said = answer(request.method, path, body);
      await Object.entries(state.held).find(([start]) => path.startsWith(start))?.[1];
      return json(...said);
    }
    const script = /^\/(widget[\w.-]*\.js)$/.exec(url.pathname);
    if (script && state.down) return request.socket.destroy();
    const file = script
      ? join(UI, 'widget/dist', script[1])
      : join(UI, normalize(url.pathname.endsWith('/') ? `${url.pathname}index.html` : url.pathname));
    try {
      let content = await readFile(file);
      if (extname(file) === '.html') content = content.toString().replaceAll('__WRITE_KEY__', 'wk_dev');
      response.writeHead(200, { 'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream' });
      response.end(content);
    } catch {
      response.writeHead(404).end('not found');
    }
  });

  server.on('upgrade', (request, stream) => {
    if (state.down) return stream.destroy();
    const after = Number(new URL(request.url, 'http://localhost').searchParams.get('after'));
    const socket = acceptSocket(request, stream);
    state.sockets.add(socket);
    socket.onClose(() => state.sockets.delete(socket));
    socket.send({ items: state.items.filter((it) => it.seq > after), seq: state.seq });
  });

  return new Promise((resolve) => {
    server.listen(port, () =>
      resolve({ port: server.address().port, state, dev, hold, close: () => server.close() }),
    );
  });
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { port } = await startServer();
  console.log(`http://localhost:${port}/shop/`);
}
