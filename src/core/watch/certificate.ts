/** A certificate that is another one than it was. Seconds, each from the moment at which it was looked at. */
export type Replaced = {
  /** How long the one before would have been valid still, and how long the one of now is. */
  readonly wasLeft: number;
  readonly left: number;
  readonly isSooner: boolean;
};

const DAY = 86_400;
/** What renews certificates by itself does so when 30 days are left, or later. */
const DUE_SECONDS = 35 * DAY;
/** Ends that differ by less are the same: values come from two moments. */
const SAME_SECONDS = 3600;
const SOONER_SECONDS = DAY;

/**
 * What changed about a certificate in an unexpected way: it was replaced though it had more than 35 days left, or by one that ends sooner.
 * A renewal in time is nothing. Both in seconds that were left when it was looked at, `apart` seconds after each other.
 */
export function replacedBy(before: number, now: number, apart: number): Replaced | undefined {
  const wasLeft = before - apart;
  if (!Number.isFinite(wasLeft) || !Number.isFinite(now) || Math.abs(now - wasLeft) < SAME_SECONDS) return undefined;
  const isSooner = now < wasLeft - SOONER_SECONDS;
  return isSooner || wasLeft > DUE_SECONDS ? { wasLeft, left: now, isSooner } : undefined;
}
