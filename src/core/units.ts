/** Numbers for people: how each unit is written, and read back. Values are in base units (seconds, bytes, ratio 0–1). */

/** Every unit there is. What reads one from a file refuses others. */
export const UNITS = [
  "ratio",
  "seconds",
  "milliseconds",
  "bytes",
  "bytes/s",
  "per_s",
  "per_min",
  "per_hour",
  "count",
  "cores",
  "celsius",
  "money",
  "bool",
  "timestamp",
  "none",
] as const;
export type Unit = (typeof UNITS)[number];

/** `noun` is what is counted in a rate or count ("req", "" for nothing in particular); `currency` an ISO 4217 code ("EUR"). */
export type FormatOptions = { readonly noun?: string; readonly currency?: string };

/**
 * A value with its unit as a person would write it: "63.2 %", "925 ms", "5.2 GiB", "182 req/s". Three significant
 * digits, except that whole counts stay exact and ratios near 100 % keep what distinguishes them from 100 %.
 */
export function formatValue(value: number, unit: Unit, opts: FormatOptions = {}): string {
  if (Number.isNaN(value)) return "not a number";
  if (value === Number.POSITIVE_INFINITY) return "infinity";
  if (value === Number.NEGATIVE_INFINITY) return "minus infinity";
  const v = value === 0 ? 0 : value; // -0 is 0 to everybody
  switch (unit) {
    case "ratio":
      return `${formatPercent(v * 100)} %`;
    case "seconds":
      return formatDuration(v);
    case "milliseconds":
      return formatDuration(v / 1000);
    case "bytes":
      return scaled(v, 1024, ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]);
    case "bytes/s":
      return scaled(v, 1000, ["B/s", "kB/s", "MB/s", "GB/s", "TB/s", "PB/s"]);
    case "per_s":
      return perTime(v, "s", opts.noun);
    case "per_min":
      return perTime(v, "min", opts.noun);
    case "per_hour":
      return perTime(v, "h", opts.noun);
    case "count":
      return opts.noun ? `${formatCount(v)} ${opts.noun}` : formatCount(v);
    case "cores":
      return `${plainNumber(v)} ${Math.abs(v) === 1 ? "core" : "cores"}`;
    case "celsius":
      return `${noMinusZero(trimZeros(grouped(v, 1)))} °C`;
    case "money":
      return formatMoney(v, opts.currency);
    case "bool":
      return v === 1 ? "yes" : v === 0 ? "no" : plainNumber(v);
    case "timestamp":
      return formatTimestamp(v);
    case "none":
      return plainNumber(v);
  }
}

/**
 * A length of time in its largest `parts` (default 2) units, e.g. "2 d 4 h", "45 min", "2.29 s", "925 ms". Below a
 * minute it is one number with three significant digits.
 */
export function formatDuration(seconds: number, { parts = 2 }: { readonly parts?: number } = {}): string {
  if (!Number.isFinite(seconds)) return formatValue(seconds, "none");
  if (seconds < 0) return `-${formatDuration(-seconds, { parts })}`;
  const rounded = Number(seconds.toPrecision(3)); // first, so that 59.99 s is a minute and 0.9999 s a second
  if (rounded === 0) return "0 s";
  if (rounded < 1e-6) return `${plainNumber(rounded * 1e9)} ns`;
  if (rounded < 1e-3) return `${plainNumber(rounded * 1e6)} µs`;
  if (rounded < 1) return `${plainNumber(rounded * 1e3)} ms`;
  if (rounded < 60) return `${plainNumber(rounded)} s`;
  const first = LONG_UNITS.findIndex(([size]) => seconds >= size - 0.5);
  const last = Math.min(LONG_UNITS.length - 1, first + Math.max(1, parts) - 1);
  const grain = LONG_UNITS[last]![0];
  let rest = Math.round(seconds / grain) * grain;
  const said: string[] = [];
  for (const [size, name] of LONG_UNITS.slice(0, last + 1)) {
    const n = Math.floor(rest / size);
    rest -= n * size;
    if (n > 0) said.push(`${grouped(n, 0)} ${name}`);
  }
  return said.slice(0, Math.max(1, parts)).join(" ");
}

// biome-ignore format: one line reads best
const LONG_UNITS = [[86_400, "d"], [3600, "h"], [60, "min"], [1, "s"]] as const;

/**
 * What changed between two values of one unit. `ratio` is the change relative to `from` (0.34 for a third more), and
 * undefined when `from` is zero or either is not finite.
 */
export function formatChange(
  from: number,
  to: number,
  unit: Unit,
  opts: FormatOptions = {},
): { readonly ratio: number | undefined; readonly text: string } {
  const after = formatValue(to, unit, opts);
  const before = formatValue(from, unit, opts);
  const ratio = from !== 0 && Number.isFinite(from) && Number.isFinite(to) ? (to - from) / Math.abs(from) : undefined;
  const fromTo = `from ${withoutSharedUnit(before, after)} to ${after}`;
  if (!Number.isFinite(from) || !Number.isFinite(to)) return { ratio, text: `${fromTo}, which cannot be compared` };
  if (before === after) return { ratio, text: `unchanged at ${after}` };
  if (unit === "bool" || unit === "timestamp") return { ratio, text: `changed ${fromTo}` };
  const direction = to > from ? "up" : "down";
  if (ratio === undefined) return { ratio, text: `${direction} ${fromTo}` };
  if (unit === "ratio")
    return { ratio, text: `${direction} ${plainNumber(Math.abs(to - from) * 100)} points, ${fromTo}` };
  if (unit === "celsius") return { ratio, text: `${direction} ${formatValue(Math.abs(to - from), unit)}, ${fromTo}` };
  if (from > 0 && to / from >= 10) return { ratio, text: `up ${threeDigits(to / from)}-fold, ${fromTo}` };
  const percent = Math.abs(ratio) * 100;
  return {
    ratio,
    text: `${direction} ${percent < 10 ? plainNumber(Number(percent.toPrecision(2))) : grouped(percent, 0)} %, ${fromTo}`,
  };
}

/** "120 req/s" before "161 req/s" is "120": said once is enough. */
function withoutSharedUnit(before: string, after: string): string {
  const a = /^(-?[\d.,]+)([ /]\D*)$/.exec(before);
  const b = /^(-?[\d.,]+)([ /]\D*)$/.exec(after);
  return a !== null && b !== null && a[2] === b[2] ? a[1]! : before;
}

function formatPercent(percent: number): string {
  // 99.95 % and 99.99 % are different promises: two digits of the distance to 100, never rounded up to it.
  if (percent > 99 && percent < 100 - 1e-9) {
    const decimals = Math.min(8, Math.max(1, Math.ceil(-Math.log10(100 - percent)) + 1));
    const text = percent.toFixed(decimals);
    return trimZeros(
      Number(text) >= 100 ? (Math.floor(percent * 10 ** decimals) / 10 ** decimals).toFixed(decimals) : text,
    );
  }
  return plainNumber(percent);
}

function trimZeros(text: string): string {
  return text.includes(".") ? text.replace(/0{1,20}$/, "").replace(/\.$/, "") : text;
}

function plainNumber(v: number): string {
  const size = Math.abs(v);
  if (size !== 0 && (size < 1e-9 || size >= 1e15)) return v.toExponential(2);
  return noMinusZero(size >= 100 ? grouped(v, 0) : threeDigits(v));
}

/** As Intl.NumberFormat("en-US") writes it, whose first use costs 20 ms. For |v| below 1e21. */
function grouped(v: number, decimals: number): string {
  const [whole = "", fraction] = fixed(v, decimals).split(".");
  const withCommas = whole.replace(/\B(?=(?:\d{3})+$)/g, ",");
  return fraction === undefined ? withCommas : `${withCommas}.${fraction}`;
}

/** `toFixed` rounds what the binary number is, 1.00499…; people and Intl round what it is written as, 1.005. */
function fixed(v: number, decimals: number): string {
  const scaled = Number(`${v}e${decimals}`);
  if (Number.isNaN(scaled) || Math.abs(scaled) >= 2 ** 53) return v.toFixed(decimals); // "1e-7" and the very large
  const rounded = Math.sign(scaled) * Math.round(Math.abs(scaled));
  return Number(`${rounded}e-${decimals}`).toFixed(decimals);
}

/** At most three significant digits. */
function threeDigits(v: number): string {
  if (v === 0 || !Number.isFinite(v)) return String(v);
  const exponent = Number(v.toExponential().split("e")[1]);
  const decimals = Math.min(100, Math.max(0, 2 - exponent));
  return trimZeros(exponent <= 2 ? grouped(v, decimals) : grouped(Number(v.toPrecision(3)), 0));
}

function noMinusZero(text: string): string {
  return text === "-0" ? "0" : text;
}

function formatCount(v: number): string {
  if (Math.abs(v) <= 100_000) return plainNumber(v);
  for (const [size, suffix] of COUNT_SUFFIXES) {
    // The half digit keeps 999,999 from being "1,000k".
    if (Math.abs(v) >= size * 0.9995) return `${plainNumber(v / size)}${suffix}`;
  }
  return plainNumber(v);
}

// biome-ignore format: one line reads best
const COUNT_SUFFIXES = [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"]] as const;

function perTime(v: number, time: string, noun: string | undefined): string {
  return noun ? `${formatCount(v)} ${noun}/${time}` : `${formatCount(v)}/${time}`;
}

function scaled(v: number, base: number, names: readonly string[]): string {
  let n = v;
  let i = 0;
  while (Math.abs(n) >= base - 0.5 && i < names.length - 1) {
    n /= base;
    i++;
  }
  return `${plainNumber(n)} ${names[i]}`;
}

const moneyFormats = new Map<string, Intl.NumberFormat>();

function formatMoney(v: number, currency = ""): string {
  const isCode = /^[A-Za-z]{3}$/.test(currency);
  const known = moneyFormats.get(isCode ? currency : "");
  const style: Intl.NumberFormatOptions = isCode
    ? { style: "currency", currency }
    : { minimumFractionDigits: 2, maximumFractionDigits: 2 };
  const format = known ?? new Intl.NumberFormat("en-US", style);
  if (known === undefined) moneyFormats.set(isCode ? currency : "", format);
  const text = format.format(v).replace(/\u00a0/g, " ");
  return isCode || currency === "" ? text : `${text} ${currency}`;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

function formatTimestamp(v: number): string {
  const date = new Date(v * 1000);
  if (Number.isNaN(date.getTime())) return plainNumber(v);
  const time = date.toISOString().slice(11, date.getUTCSeconds() === 0 ? 16 : 19);
  return `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]} ${date.getUTCFullYear()} ${time} UTC`;
}

/** `value * scale` is in `unit`. */
export type MetricUnit = { readonly unit: Unit; readonly scale: number; readonly currency?: string };

/**
 * The unit of a metric by its name's last words, as Prometheus names them (prometheus.io/docs/practices/naming), or by
 * the unit its metadata tells, which wins. `_ms` is {seconds, 0.001}: multiply by `scale` to be in `unit`.
 */
export function unitOfMetric(name: string, metaUnit = ""): MetricUnit {
  const meta = metaUnit.trim().toLowerCase();
  const isCounter = /_(?:total|count|bucket|sum)$/.test(name);
  const base = name.toLowerCase().replace(/_(?:total|bucket|sum)$/, "");
  if (!isCounter && TIMESTAMP_NAME.test(base))
    return { unit: "timestamp", scale: /_(?:ms|milliseconds)$/.test(base) ? 1e-3 : 1 };
  const bySuffix = (words: string): MetricUnit | undefined => SUFFIXES.find(([pattern]) => pattern.test(words))?.[1];
  // A histogram's or summary's `_count` counts events, whatever unit the observations have.
  if (/_count$/.test(name)) return { unit: "count", scale: 1 };
  const known = (meta === "" ? undefined : bySuffix(`_${meta.replace(/[^a-z]+/g, "_")}`)) ?? bySuffix(`_${base}`);
  if (known !== undefined) return known;
  if (isCounter) return { unit: "count", scale: 1 };
  return BOOL_NAME.test(base) ? { unit: "bool", scale: 1 } : { unit: "none", scale: 1 };
}

// `response_time_seconds` is a length and `boot_time_seconds` a moment: only words that name a moment count.
const TIMESTAMP_NAME =
  /(?:_timestamp(?:_seconds|_ms|_milliseconds)?|_unixtime|_unix_seconds|(?:_|^)(?:expiry|expires|not_after|not_before)|(?:start|end|boot|creat\w{1,9}|complet\w{1,9}|expir\w{1,9}|schedule|transition|delet\w{1,9}|success|failure|updated?|modif\w{1,9}|reload|finish\w{0,9}|last|node)_time(?:_seconds)?|_created)$/;
const BOOL_NAME = /(?:^up|_up|_success|_healthy|_enabled|_is_leader)$/;

const SUFFIXES: readonly (readonly [RegExp, MetricUnit])[] = [
  [/_bytes_per_sec(?:ond)?$/, { unit: "bytes/s", scale: 1 }],
  [/_bits_per_sec(?:ond)?$/, { unit: "bytes/s", scale: 1 / 8 }],
  [/_(?:per_second|rps|qps)$/, { unit: "per_s", scale: 1 }],
  [/_per_minute$/, { unit: "per_min", scale: 1 }],
  [/_per_hour$/, { unit: "per_hour", scale: 1 }],
  [/_(?:s|seconds?)$/, { unit: "seconds", scale: 1 }],
  [/_(?:ms|millis|milliseconds?)$/, { unit: "seconds", scale: 1e-3 }],
  [/_(?:us|micros|microseconds?)$/, { unit: "seconds", scale: 1e-6 }],
  [/_(?:ns|nanos|nanoseconds?)$/, { unit: "seconds", scale: 1e-9 }],
  [/_minutes?$/, { unit: "seconds", scale: 60 }],
  [/_hours?$/, { unit: "seconds", scale: 3600 }],
  [/_days?$/, { unit: "seconds", scale: 86_400 }],
  [/_bytes$/, { unit: "bytes", scale: 1 }],
  [/_bits$/, { unit: "bytes", scale: 1 / 8 }],
  [/_kib(?:ibytes)?$/, { unit: "bytes", scale: 1024 }],
  [/_mebibytes$|_mib$/, { unit: "bytes", scale: 1024 ** 2 }],
  [/_gibibytes$|_gib$/, { unit: "bytes", scale: 1024 ** 3 }],
  [/_kilobytes$|_kb$/, { unit: "bytes", scale: 1e3 }],
  [/_megabytes$|_mb$/, { unit: "bytes", scale: 1e6 }],
  [/_gigabytes$|_gb$/, { unit: "bytes", scale: 1e9 }],
  [/_ratio$/, { unit: "ratio", scale: 1 }],
  [/_(?:percent|percentage|pct)$/, { unit: "ratio", scale: 0.01 }],
  [/_celsius$/, { unit: "celsius", scale: 1 }],
  [/_cores$/, { unit: "cores", scale: 1 }],
  [/_millicores$/, { unit: "cores", scale: 1e-3 }],
  [/_cents$/, { unit: "money", scale: 0.01 }],
  [/_(?:usd|dollars?)$/, { unit: "money", scale: 1, currency: "USD" }],
  [/_(?:eur|euros?)$/, { unit: "money", scale: 1, currency: "EUR" }],
  [/_gbp$/, { unit: "money", scale: 1, currency: "GBP" }],
];

/**
 * Reads what a person typed as a value of `unit`: "70%", "500 ms", "2 GiB", "1k", "2,29 s". The number is in that unit's
 * own base (milliseconds for "milliseconds", 0–1 for "ratio"). A bare number is in the unit itself; a bare ratio above 1
 * can only be meant in percent. Undefined when it is not such a quantity.
 */
export function parseQuantity(text: string, unit: Unit): number | undefined {
  const said = text.trim().slice(0, 100);
  if (unit === "bool")
    return /^(?:yes|true|up|on|1)$/i.test(said) ? 1 : /^(?:no|false|down|off|0)$/i.test(said) ? 0 : undefined;
  if (unit === "timestamp") return parseTimestamp(said);
  if (unit === "seconds" || unit === "milliseconds") return parseLength(said, unit);
  const bare = unit === "money" ? said.replace(/^(-?)[€$£¥]\s?/, "$1") : said;
  const found = /^([+-]?[\d.,' ]*\d)\s?(\D*)$/.exec(bare);
  const n = found === null ? undefined : readNumber(found[1]!);
  if (found === null || n === undefined) return undefined;
  const suffix = found[2]!.trim();
  switch (unit) {
    case "ratio":
      if (PERCENT.test(suffix)) return n / 100;
      return suffix !== "" ? undefined : Math.abs(n) > 1 ? n / 100 : n;
    case "bytes":
      return times(n, bytesFactor(suffix));
    case "bytes/s": {
      if (/^[kmgt]?bps$/i.test(suffix)) return times(n, (countFactor(suffix.slice(0, -3)) ?? 1) / 8);
      const per = suffix.replace(/(?:\/s|ps|\s?per second)$/i, "");
      return times(n, bytesFactor(per));
    }
    case "per_s":
    case "per_min":
    case "per_hour":
      return times(n, rateFactor(suffix, unit));
    case "cores":
      return /^(?:cores?|cpus?|vcpus?)?$/i.test(suffix) ? n : suffix === "m" ? n / 1000 : undefined;
    case "celsius":
      return /^(?:°\s?c|c|celsius|degrees?|grad|grados|degrés|graus|°)?$/i.test(suffix)
        ? n
        : /^°?\s?f(?:ahrenheit)?$/i.test(suffix)
          ? ((n - 32) * 5) / 9
          : undefined;
    case "money":
      return /^(?:[€$£¥]|[A-Za-z]{3}|euros?|dollars?|pounds?)?$/.test(suffix) ? n : times(n, countFactor(suffix));
    case "count":
    case "none":
      return times(n, countFactor(suffix));
  }
}

const PERCENT = /^(?:%|percent|pct|per cent|prozent|por ciento|por cento|pour cent|pratishat|points?)$/i;

function times(n: number, factor: number | undefined): number | undefined {
  return factor === undefined ? undefined : n * factor;
}

/** "26,173" is thousands, "2,29" a decimal comma, "1.234,5" both. Undefined when the marks make no number. */
function readNumber(text: string): number | undefined {
  const t = text.replace(/[' ]/g, "");
  if (/^[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?$/.test(t)) return Number(t.replaceAll(",", ""));
  if (/^[+-]?\d{1,3}(?:\.\d{3}){1,9},\d+$/.test(t) || /^[+-]?\d{1,3}(?:\.\d{3}){2,9}$/.test(t))
    return Number(t.replaceAll(".", "").replace(",", "."));
  if (/^[+-]?\d*(?:[.,]\d+)?$/.test(t)) return Number(t.replace(",", "."));
  return undefined;
}

function countFactor(suffix: string): number | undefined {
  if (suffix === "") return 1;
  if (/^(?:k|thousand|tausend|mil|mille|hazaar|hazar)$/i.test(suffix)) return 1e3;
  if (/^(?:m|mn|mio|million|millionen|millones|millions|milh[õo]es)$/i.test(suffix)) return 1e6;
  if (/^(?:g|b|bn|billion)$/i.test(suffix)) return 1e9;
  return /^(?:t|tn|trillion)$/i.test(suffix) ? 1e12 : undefined;
}

function bytesFactor(suffix: string): number | undefined {
  if (suffix === "" || /^(?:b|bytes?)$/i.test(suffix)) return 1;
  const found = /^([kmgtpe])(i?)(b|bytes?|bits?)?$/i.exec(suffix);
  if (found === null) return undefined;
  const power = "kmgtpe".indexOf(found[1]!.toLowerCase()) + 1;
  // "Mb" and "Mbit" are bits; "mb" in lower case is how people type megabytes.
  const bits = /^bit/i.test(found[3] ?? "") || (found[3] === "b" && found[1] === "M") ? 1 / 8 : 1;
  return (found[2] === "" ? 1000 : 1024) ** power * bits;
}

const RATE_SECONDS = { per_s: 1, per_min: 60, per_hour: 3600 } as const;

function rateFactor(suffix: string, unit: keyof typeof RATE_SECONDS): number | undefined {
  const found =
    /^(k|m|g)?\s?([a-z]{2,20})?(?:\s?(?:\/|per|pro|por|par)\s?(s|sec|second|sekunde|segundo|seconde|min|minute|minuto|h|hour|stunde|hora|heure))?$/i.exec(
      suffix,
    );
  if (found === null) return /^(?:rps|qps)$/i.test(suffix) ? RATE_SECONDS[unit] : undefined;
  const [, size, noun, per] = found;
  if (/^(?:rps|qps)$/i.test(noun ?? "")) return (countFactor(size ?? "") ?? 1) * RATE_SECONDS[unit];
  const seconds = per === undefined ? RATE_SECONDS[unit] : /^m/i.test(per) ? 60 : /^(?:h|st)/i.test(per) ? 3600 : 1;
  return ((countFactor(size ?? "") ?? 1) * RATE_SECONDS[unit]) / seconds;
}

const LENGTHS: readonly (readonly [RegExp, number])[] = [
  [/^(?:ns|nanoseconds?)$/i, 1e-9],
  [/^(?:us|µs|μs|microseconds?)$/i, 1e-6],
  [/^(?:ms|millis|milliseconds?|millisekunden?|milisegundos?|millisecondes?)$/i, 1e-3],
  [/^(?:s|secs?|seconds?|sekunden?|segundos?|secondes?)$/i, 1],
  [/^(?:m|mins?|minutes?|minuten?|minutos?)$/i, 60],
  [/^(?:h|hrs?|hours?|stunden?|horas?|heures?|ghant[ea])$/i, 3600],
  [/^(?:d|days?|tage?n?|d[ií]as?|dias?|jours?|din)$/i, 86_400],
  [/^(?:w|weeks?|wochen?|semanas?|semaines?|hafte)$/i, 604_800],
];

function parseLength(said: string, unit: "seconds" | "milliseconds"): number | undefined {
  const perSecond = unit === "milliseconds" ? 1000 : 1;
  const bare = readNumber(said);
  if (bare !== undefined && /\d/.test(said)) return bare;
  const sign = said.startsWith("-") ? -1 : 1;
  let total = 0;
  let end = sign === -1 ? 1 : 0;
  for (const part of said.matchAll(/(\d[\d.,]*)\s?([a-zµμí]+)\s*/gi)) {
    const n = readNumber(part[1]!);
    const size = LENGTHS.find(([pattern]) => pattern.test(part[2]!))?.[1];
    if (part.index !== end || n === undefined || size === undefined) return undefined;
    total += n * size;
    end = part.index + part[0].length;
  }
  return end === said.length && /\d/.test(said) ? sign * total * perSecond : undefined;
}

function parseTimestamp(said: string): number | undefined {
  if (/^\d{9,10}(?:\.\d+)?$/.test(said)) return Number(said);
  if (/^\d{13}$/.test(said)) return Number(said) / 1000;
  if (!/^(?:\d{4}-\d\d-\d\d|\d{1,2} [A-Za-z]{3} \d{4})/.test(said)) return undefined;
  // A time without a zone is UTC here, not the zone of the machine that happens to run this.
  const zoned = /(?:z|utc|gmt|[+-]\d\d:?\d\d)$/i.test(said)
    ? said
    : said.includes("-")
      ? `${said.replace(" ", "T")}${/\d:\d/.test(said) ? "Z" : ""}`
      : `${said} UTC`;
  const ms = Date.parse(zoned);
  return Number.isNaN(ms) ? undefined : ms / 1000;
}
