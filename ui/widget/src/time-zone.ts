/** Where the visitor's clock is. */
declare const Temporal: { Now?: { timeZoneId?(): string } } | undefined;

/**
 * The visitor's IANA zone. The first use of `Intl` takes tens of milliseconds of the page's time; `Temporal` knows the
 * zone without it.
 */
export const timeZone = (): string =>
  (typeof Temporal === 'object' && Temporal.Now?.timeZoneId?.()) ||
  Intl.DateTimeFormat().resolvedOptions().timeZone;
