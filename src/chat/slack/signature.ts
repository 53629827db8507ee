import { createHmac, timingSafeEqual } from "node:crypto";

/** Seconds by which a request's time may differ from ours, in either direction. */
const TOLERANCE = 300;

export type Unsigned = "no signature" | "bad time" | "too old or from the future" | "bad signature";

/**
 * Why a request was not signed by Slack just now, or undefined when it was. `now` is unix seconds; `body` are the bytes
 * as they came. A time from the future is refused like an old one: it would stay valid for as long.
 */
export function whyUnsigned(
  secret: string,
  headers: Readonly<Record<string, string | string[] | undefined>>,
  body: Buffer,
  now: number,
): Unsigned | undefined {
  const signature = headers["x-slack-signature"];
  const stamp = headers["x-slack-request-timestamp"];
  if (typeof signature !== "string" || typeof stamp !== "string") return "no signature";
  if (!/^\d{1,12}$/.test(stamp)) return "bad time";
  if (Math.abs(now - Number(stamp)) > TOLERANCE) return "too old or from the future";
  const wanted = Buffer.from(signatureOf(secret, stamp, body));
  const given = Buffer.from(signature);
  return given.length === wanted.length && timingSafeEqual(given, wanted) ? undefined : "bad signature";
}

/** The `X-Slack-Signature` of a body sent at `stamp` (unix seconds as text). */
export function signatureOf(secret: string, stamp: string, body: Buffer | string): string {
  return `v0=${createHmac("sha256", secret).update(`v0:${stamp}:`).update(body).digest("hex")}`;
}
