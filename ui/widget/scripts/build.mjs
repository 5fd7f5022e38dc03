// Builds the two scripts: the panel first, because the widget names it by its hash.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';

/** What a page loads before anybody asks for help, and what Help loads; in bytes, gzipped. */
const LIMITS = { 'widget.js': 15 * 1024, 'widget-panel.js': 15 * 1024 };

const root = fileURLToPath(new URL('..', import.meta.url));

async function bundle(entry, fileName, panelVersion) {
  await build({
    root,
    configFile: false,
    logLevel: 'warn',
    define: { __PANEL_VERSION__: JSON.stringify(panelVersion) },
    build: {
      target: 'es2022',
      cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
      emptyOutDir: false,
      minify: 'terser',
      terserOptions: { ecma: 2020, compress: { passes: 2 } },
      lib: { entry, formats: ['iife'], name: 'overtureScript', fileName: () => fileName },
    },
  });
  const bytes = await readFile(`${root}/dist/${fileName}`);
  const size = gzipSync(bytes, { level: 9 }).length;
  console.log(`${fileName}: ${bytes.length} bytes, ${size} gzip (limit ${LIMITS[fileName]})`);
  if (size >= LIMITS[fileName]) {
    console.error(`${fileName} is larger than its limit`);
    process.exitCode = 1;
  }
  return createHash('sha256').update(bytes).digest('hex').slice(0, 12);
}

const version = await bundle('src/panel/main.ts', 'widget-panel.js', '');
await bundle('src/main.ts', 'widget.js', version);
