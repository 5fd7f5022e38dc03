// Copies the stand-alone API reference (Scalar) to ui/dist, from where the server serves /docs.
import { copyFile, mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const entry = require.resolve('@scalar/api-reference');
const packageRoot =
  entry.slice(0, entry.indexOf(join('@scalar', 'api-reference'))) + join('@scalar', 'api-reference');
const target = join(dirname(fileURLToPath(import.meta.url)), '..', 'dist', 'scalar.js');
await mkdir(dirname(target), { recursive: true });
await copyFile(join(packageRoot, 'dist', 'browser', 'standalone.js'), target);
