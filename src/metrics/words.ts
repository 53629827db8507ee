/** Splitting names as machines write them into words as people say them. Pure. */

/** Words of a name, lower case: `http_requestsTotal` -> http, requests, total; `HTTPServer2` -> http, server2. */
export function wordsOf(name: string): readonly string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replace(/([A-Z])([A-Z][a-z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== "");
}

/** The name people say: without scheme, port, path of one slash, user: `https://pay.example.com/` -> pay.example.com. */
export function bareName(value: string): string {
  const noScheme = value.replace(/^[a-z][a-z0-9+.-]{0,20}:\/\//i, "").replace(/^[^/@\s]*@/, "");
  const noSlash = noScheme.replace(/\/+$/, "");
  const noPort = noSlash.replace(/^(\[[0-9a-fA-F:.]+\]|[^:/]+):\d{1,5}(?=\/|$)/, "$1");
  return noPort === "" ? value : noPort;
}

export function isUrl(value: string): boolean {
  return /^https?:\/\/[^/\s]/i.test(value);
}

/** Made by a machine and said by nobody: UUIDs, hashes, long numbers. */
export function looksLikeId(value: string): boolean {
  return (
    /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(value) ||
    /^(?=.*\d)[0-9a-f]{12,}$/i.test(value) ||
    /^\d{7,}$/.test(value) ||
    /^(sha256|docker|containerd|cri-o):/.test(value)
  );
}

const UNITS: ReadonlyMap<string, string> = new Map([
  ["seconds", "seconds"],
  ["second", "seconds"],
  ["secs", "seconds"],
  ["milliseconds", "milliseconds"],
  ["millis", "milliseconds"],
  ["ms", "milliseconds"],
  ["microseconds", "microseconds"],
  ["us", "microseconds"],
  ["nanoseconds", "nanoseconds"],
  ["ns", "nanoseconds"],
  ["minutes", "minutes"],
  ["hours", "hours"],
  ["days", "days"],
  ["bytes", "bytes"],
  ["kilobytes", "kilobytes"],
  ["kb", "kilobytes"],
  ["megabytes", "megabytes"],
  ["mb", "megabytes"],
  ["gigabytes", "gigabytes"],
  ["gb", "gigabytes"],
  ["bits", "bits"],
  ["ratio", "ratio"],
  ["percent", "percent"],
  ["percentage", "percent"],
  ["pct", "percent"],
  ["celsius", "celsius"],
  ["fahrenheit", "fahrenheit"],
  ["volts", "volts"],
  ["amperes", "amperes"],
  ["joules", "joules"],
  ["watts", "watts"],
  ["hertz", "hertz"],
  ["meters", "meters"],
  ["grams", "grams"],
  ["cents", "cents"],
  ["dollars", "dollars"],
  ["usd", "dollars"],
  ["euros", "euros"],
  ["eur", "euros"],
]);

/** The unit a metric's name ends in, after `_total`, `_sum` and the like: `x_seconds_total` -> seconds. "" when there is none. */
export function unitInName(name: string): string {
  const words = name.toLowerCase().split(/[_.:/-]+/);
  while (words.length > 1 && /^(total|sum|count|bucket|max|min|avg|mean|current|p?\d+)$/.test(words.at(-1)!)) {
    if (words.pop() === "count") return "";
  }
  const perSecond = words.length > 3 && words.at(-2) === "per" && words.at(-1) === "second";
  const last = perSecond ? words.at(-3)! : words.at(-1)!;
  const unit = UNITS.get(last) ?? "";
  return unit !== "" && perSecond ? `${unit} per second` : unit;
}
