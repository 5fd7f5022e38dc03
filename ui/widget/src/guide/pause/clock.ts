/** Time by the browser's own clock: a page may have frozen its timers, and it must not stand still for ever. */

export const after = (ms: number): Promise<void> =>
  new Promise((resolve) => AbortSignal.timeout(ms).addEventListener('abort', () => resolve()));

export const LATE = Symbol('late');

/** What `work` comes to, or `LATE`; `late` is told before anybody else. */
export const within = <T>(
  ms: number,
  work: Promise<T>,
  late: () => void = () => {},
): Promise<T | typeof LATE> =>
  Promise.race([
    work,
    after(ms).then((): typeof LATE => {
      late();
      return LATE;
    }),
  ]);
