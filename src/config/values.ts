/** How single settings are written: durations, addresses, time zones. Each check returns what is wrong, or undefined. */

const UNIT_MS = { w: 604_800_000, d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 } as const;

/** As Prometheus writes them: `90s`, `1h30m`, `15d`. The units go from large to small, each at most once. */
export const DURATION =
  /^(?=\d)(?:(\d{1,9})w)?(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?(?:(\d{1,9})ms)?$/;

/** Milliseconds, or undefined when the text is no duration. */
export function parseDuration(text: string): number | undefined {
  const match = DURATION.exec(text);
  if (match === null) return undefined;
  return Object.values(UNIT_MS).reduce((sum, unit, index) => sum + Number(match[index + 1] ?? 0) * unit, 0);
}

/** What keeps this text from being the base address of a service. Never repeats the text, which may hold a password. */
export function whyNotBaseUrl(text: string): string | undefined {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:"))
    return "must be an address that begins with http:// or https://";
  if (url.username !== "" || url.password !== "") return "must not hold a user name or password";
  if (url.search !== "" || url.hash !== "") return "must end with the path: no ? and no #";
  return undefined;
}

/** The same address without a slash at its end, so that a path can be put behind it. */
export function tidyUrl(text: string): string {
  return (URL.parse(text)?.href ?? text).replace(/\/+$/, "");
}

/** An IANA name, or an alias of one, that this runtime knows. */
export function isTimeZone(name: string): boolean {
  // An offset such as "+02:00" is accepted by Intl too, but knows no summer time.
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** A value for a message: short, and without whatever an address carries beside its host. */
export function show(value: unknown): string {
  if (value === undefined || value === null || value === "") return "empty";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a group of settings";
  if (typeof value !== "string") return `the ${typeof value} ${String(value)}`;
  if (/[@?#]/.test(value) && value.includes(":")) return "<hidden>, because it may hold a password";
  const safe = JSON.stringify(value.length > 80 ? `${value.slice(0, 80).toWellFormed()}…` : value);
  // Text from a file goes to a terminal: nothing in it may move the cursor or turn the writing round.
  return safe.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}

/** Why a header cannot hold this secret, or undefined. Does not repeat it. */
export function whyNotSecret(value: string): string | undefined {
  if (value === "") return "is empty";
  if (/[\r\n\0]/.test(value)) return "holds more than one line";
  if (/^\s|\s$/.test(value)) return "begins or ends with a blank";
  if (/[^\x20-\x7e\u00a0-\uffff]/.test(value)) return "holds a control character";
  if (value.length > 16_384) return "is longer than 16384 characters";
  return undefined;
}
