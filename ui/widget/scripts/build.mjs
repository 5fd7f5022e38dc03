// Builds the scripts: first those that are loaded later, one a language, because the widget names them by their hash.
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { minify as compress } from 'terser';
import { build, minify as rename } from 'vite';
import { INTERNAL_NAMES } from './internal-names.mjs';
import { publicTypes } from './types.mjs';

const LANGUAGES = ['en', 'de', 'es', 'ar'];

/** Scripts that are loaded later, with their limits in bytes, gzipped. */
const LATER = [
  { name: 'widget-panel', entry: 'src/panel/main.ts', limit: 30 * 1024 },
  { name: 'widget-guide', entry: 'src/guide/main.ts', limit: 20 * 1024 },
];
/** What happens in forms, fetched when the visitor first uses one; it says nothing, so it knows no language. */
const FORMS = { name: 'widget-watch.js', entry: 'src/capture/main.ts', limit: 3 * 1024 };
/**
 * The one script that a page loads before a panel opens and a form is used, whatever the visitor allows. The bar is
 * 15 KB, which is not met yet; until then this may only come down.
 */
const WIDGET = { name: 'widget.js', entry: 'src/main.ts', limit: 15.8 * 1024 };
/** What a page has loaded once a form was used and a chat is open. */
const WITH_PANEL_LIMIT = 45 * 1024;

const TERSER = {
  ecma: 2020,
  // Other names are left to the second pass, which chooses those that compress better.
  mangle: { properties: { regex: new RegExp(`^(${INTERNAL_NAMES.join('|')})$`) } },
  compress: {
    passes: 3,
    pure_getters: true,
    unsafe: true,
    unsafe_arrows: true,
    // What is written the same way each time compresses better than what is short each time.
    hoist_funs: true,
    hoist_props: false,
    inline: 1,
    lhs_constants: false,
    // The second pass joins these, and chooses better.
    join_vars: false,
    sequences: false,
  },
};

const root = fileURLToPath(new URL('..', import.meta.url));
const sizes = new Map();
/** Which short name stands for which of ours: the same in every script. */
const nameCache = {};

/** Leaves the texts of the one language: `texts[__LOCALE__]` is `texts.de` before anything is bundled. */
const oneLanguage = (language) => ({
  name: 'one-language',
  enforce: 'pre',
  transform: (code) =>
    code.includes('[__LOCALE__]') ? code.replaceAll('[__LOCALE__]', `.${language}`) : null,
});

function refuse(what, size, limit) {
  console.error(`${what}: ${size} bytes gzip is more than the limit of ${limit}`);
  process.exitCode = 1;
}

async function bundle(entry, fileName, { limit = Infinity, language = '', version = '' }) {
  await build({
    root,
    configFile: false,
    logLevel: 'warn',
    plugins: language ? [oneLanguage(language)] : [],
    define: { __VERSION__: JSON.stringify(version), __LOCALE__: JSON.stringify(language) },
    build: {
      target: 'es2022',
      cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
      emptyOutDir: false,
      minify: false,
      cssMinify: 'lightningcss',
      lib: { entry, formats: ['iife'], name: 'overtureScript', fileName: () => fileName },
    },
  });
  const file = `${root}/dist/${fileName}`;
  const { code: short } = await compress(await readFile(file, 'utf8'), {
    ...structuredClone(TERSER),
    nameCache,
  });
  const { code } = await rename(fileName, short);
  await writeFile(file, code);
  const size = gzipSync(code, { level: 9 }).length;
  sizes.set(fileName, size);
  console.log(`${fileName}: ${code.length} bytes, ${size} gzip`);
  if (size > limit) refuse(fileName, size, limit);
  return code;
}

await mkdir(`${root}/dist`, { recursive: true });
for (const old of await readdir(`${root}/dist`)) await rm(`${root}/dist/${old}`, { recursive: true });
const all = createHash('sha256');
for (const { name, entry, limit } of LATER) {
  for (const language of LANGUAGES) {
    all.update(await bundle(entry, `${name}.${language}.js`, { limit, language }));
  }
}
all.update(await bundle(FORMS.entry, FORMS.name, FORMS));
const version = all.digest('hex').slice(0, 12);
await bundle(WIDGET.entry, WIDGET.name, { limit: WIDGET.limit, version });

function check(what, size, limit) {
  console.log(`${what}: ${size} gzip (limit ${limit})`);
  if (size > limit) refuse(what, size, limit);
}
const closed = sizes.get(WIDGET.name);
check('before a panel opens', closed, WIDGET.limit);
const used = closed + sizes.get(FORMS.name);
check('and once a form was used', used, WIDGET.limit + FORMS.limit);
const panel = Math.max(...LANGUAGES.map((it) => sizes.get(`widget-panel.${it}.js`)));
check('and with the largest panel', used + panel, WITH_PANEL_LIMIT);

// What a page's own TypeScript knows of us; served beside the scripts.
await writeFile(`${root}/dist/overture-widget.d.ts`, publicTypes());
