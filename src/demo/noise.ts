/** Seeded randomness without state: the same key and time always give the same number. */

const DAY = 86_400;

/** A 32-bit key from a text (FNV-1a), mixed with `seed`. */
export function keyOf(text: string, seed = 0): number {
  let hash = (2_166_136_261 ^ seed) >>> 0;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 16_777_619) >>> 0;
  return hash;
}

/** An even number in [0, 1) for a key and a whole number (integer finaliser of SplitMix). */
export function evenly(key: number, index: number): number {
  let x = (key ^ Math.imul(index | 0, 0x9e37_79b1)) >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x21f0_aaad);
  x = Math.imul(x ^ (x >>> 15), 0x735a_2d97);
  return ((x ^ (x >>> 15)) >>> 0) / 4_294_967_296;
}

/** Noise in [-1, 1] that changes smoothly over about `period` seconds, with a finer layer on top. */
export function drift(key: number, at: number, period: number): number {
  return 0.75 * smooth(key, at / period) + 0.25 * smooth(key + 1, (at * 5) / period);
}

function smooth(key: number, x: number): number {
  const cell = Math.floor(x);
  const part = x - cell;
  const weight = part * part * (3 - 2 * part);
  return (evenly(key, cell) * (1 - weight) + evenly(key, cell + 1) * weight) * 2 - 1;
}

/**
 * How busy people keep the shop at `at` (unix seconds, UTC clock): about 0.35 before dawn, 1.2 in the evening, and a
 * little more on weekends. The mean over a week is close to 0.8.
 */
export function shoppers(at: number): number {
  const hour = (at % DAY) / 3600;
  const weekday = weekdayOf(at);
  const evening = 0.75 + 0.36 * Math.cos(((hour - 18.5) / 24) * 2 * Math.PI);
  const lunch = 0.14 * Math.exp(-((hour - 12.4) ** 2) / 3);
  return (evening + lunch) * (weekday === 0 ? 1.08 : weekday === 6 ? 1.0 : weekday === 2 ? 0.88 : 0.92);
}

/** 0 is Sunday, as with Date; the first day of unix time was a Thursday. */
function weekdayOf(at: number): number {
  return (Math.floor(at / DAY) + 4) % 7;
}

/** How many engineers are at work: 1 in office hours, little at night and on weekends. */
export function office(at: number): number {
  const hour = (at % DAY) / 3600;
  const weekday = weekdayOf(at);
  const weekend = weekday === 0 || weekday === 6;
  return (weekend ? 0.15 : 1) * (hour >= 7 && hour < 17 ? 1 : 0.2);
}

/** Share of a log-normal distribution below `x`, given its median and sigma. */
export function shareBelow(x: number, median: number, sigma: number): number {
  const z = Math.log(x / median) / sigma;
  // Logistic approximation of the normal distribution, off by less than 0.0095 everywhere: Bowling et al. 2009.
  return 1 / (1 + Math.exp(-1.702 * z));
}
