// A server whose wall clock can be put ahead, for what is promised for later. Needs a C compiler, as building the server does.

import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const source = fileURLToPath(new URL('clock.c', import.meta.url));

const DAY_MS = 86_400_000;

/** The next time that it is `hour` o'clock, UTC: what is promised for the rest of a day must not depend on when a test runs. */
export function comingHour(hour, now = Date.now()) {
  const today = Math.floor(now / DAY_MS) * DAY_MS + hour * 3_600_000;
  return new Date(today > now ? today : today + DAY_MS).toISOString();
}

/** `env` is for `startServer`; `goTo` puts that server's clock to a time, which may only be later than before. */
export async function movableClock() {
  const folder = await mkdtemp(join(tmpdir(), 'overture-clock-'));
  const [library, file] = [join(folder, 'clock.so'), join(folder, 'ahead')];
  await promisify(execFile)(process.env.CC ?? 'cc', ['-shared', '-fPIC', '-O1', '-o', library, source]);
  const put = (aheadS) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(aheadS));
    return writeFile(file, bytes, { flag: 'r+' }).catch(() => writeFile(file, bytes));
  };
  let aheadS = 0;
  await put(aheadS);
  return {
    env: { LD_PRELOAD: library, CLOCK_AHEAD_FILE: file },
    async goTo(time) {
      aheadS = Math.max(aheadS, Math.ceil((Date.parse(time) - Date.now()) / 1000) + 1);
      await put(aheadS);
    },
    close: () => rm(folder, { recursive: true, force: true }),
  };
}
