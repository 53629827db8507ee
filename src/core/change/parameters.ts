import { readDurations } from "../language/duration.ts";
import { fold } from "../language/normalise.ts";

/** A size as Kubernetes writes it: "2Gi", "500m", "1.5Gi", "2 GB", "4 cores". `amount` is in bytes or cores. */
export type Quantity = { readonly kind: "memory" | "cpu" | "storage"; readonly amount: number; readonly text: string };

const SIZES: Readonly<Record<string, number>> = {
  k: 1e3,
  kb: 1e3,
  m: 1e6,
  mb: 1e6,
  g: 1e9,
  gb: 1e9,
  t: 1e12,
  tb: 1e12,
  p: 1e15,
  pb: 1e15,
  mo: 1e6,
  go: 1e9,
  to: 1e12,
  ki: 1024,
  kib: 1024,
  mi: 1024 ** 2,
  mib: 1024 ** 2,
  gi: 1024 ** 3,
  gib: 1024 ** 3,
  ti: 1024 ** 4,
  tib: 1024 ** 4,
  pi: 1024 ** 5,
  pib: 1024 ** 5,
};
const SIZE = /(?<![\w.-])(-?\d+(?:[.,]\d+)?)\s?([kmgtp](?:i?b|i|o)?)\b(?!\/)/i;
const CORES =
  /(?<![\w.-])(-?\d+(?:[.,]\d+)?)\s?(m|millicores?|cores?|cpus?|vcpus?|kerne?n?|nucleos?|coeurs?)?(?![\w.%])/i;

/** The size that a text gives for that kind of thing, or undefined. The last one counts: "from 1Gi to 2Gi". */
export function readQuantity(text: string, kind: Quantity["kind"]): Quantity | undefined {
  const folded = fold(text);
  if (kind === "cpu") {
    const found = [...folded.matchAll(new RegExp(CORES, "gi"))].at(-1);
    if (found?.[1] === undefined) return undefined;
    const number = Number(found[1].replace(",", "."));
    const milli = /^m/.test(found[2] ?? "");
    return { kind, amount: milli ? number / 1000 : number, text: milli ? `${number}m` : `${number}` };
  }
  const found = [...folded.matchAll(new RegExp(SIZE, "gi"))].at(-1);
  if (found?.[1] === undefined || found[2] === undefined) return undefined;
  const size = SIZES[found[2]];
  if (size === undefined) return undefined;
  const number = Number(found[1].replace(",", "."));
  return { kind, amount: number * size, text: `${number}${suffix(found[2])}` };
}

/** "gib" -> "Gi", "gb" and "go" -> "G": Kubernetes' spelling. */
function suffix(typed: string): string {
  const letter = typed[0] ?? "";
  return `${letter === "k" ? "k" : letter.toUpperCase()}${typed[1] === "i" ? "i" : ""}`.replace("ki", "Ki");
}

/** "cpu" or "memory", whichever a text speaks of. */
export function readResource(text: string): "memory" | "cpu" | undefined {
  const folded = fold(text);
  if (/\b(?:cpus?|cores?|millicores?|vcpus?)\b|\bcpu-/.test(folded)) return "cpu";
  return /\b(?:mem|memory|ram|memoria|memoire|speicher\w*|arbeitsspeicher|ramlimit)\b|\bmemory-/.test(folded)
    ? "memory"
    : undefined;
}

/** A version as people write it: "v2.3.0", "2.3", "v12", "build 345", a short commit. Undefined when none is named. */
export function readVersion(text: string, names: readonly string[] = []): string | undefined {
  let rest = text;
  for (const name of names) rest = rest.replaceAll(name, " ");
  return (
    /(?<![\w.])v?\d+\.\d+(?:\.\d+)?(?:-[\w.]+)?\b|(?<![\w.])v\d+\b/i.exec(rest)?.[0] ??
    /\b(?:revision|rev|build|revisión)\s+#?(\d+)\b/i.exec(rest)?.[1]
  );
}

/** On or off, as a text orders it; undefined when it says neither ("toggle x"). */
export function readSwitch(text: string): "on" | "off" | undefined {
  const folded = fold(text);
  if (
    /\b(?:off|kill|disable\w*|deactivate|aus|ab|deaktivier\w*|desactiv\w*|desativ\w*|desliga\w*|apaga\w*|eteins|band)\b/.test(
      folded,
    )
  )
    return "off";
  return /\b(?:on|enable\w*|activate|an|ein|aktivier\w*|activ[ae]\w*|ativ\w+|liga\w*|enciende|allume|chalu)\b/.test(
    folded,
  )
    ? "on"
    : undefined;
}

/** Keys to flush: "prefix cart:", "keys session:*". */
export function readPrefix(text: string): string | undefined {
  const found =
    /\b(?:prefix(?:ed)?(?:\s+with)?|starting with|beginning with|präfix|praefix|prefijo|préfixe|prefixe|prefixo|keys?|claves|clés|chaves)\s*[:=]?\s*["'`]?([\w./-]+[:*][\w:*./-]*|[\w-]+(?=["'`]?\s*$))/i.exec(
      text,
    )?.[1] ?? /(?<![\w/])([\w-]+:\*|[\w-]+:[\w:-]*\*)/.exec(text)?.[1];
  return found === undefined || /^(?:in|of|on|from|the|and)$/i.test(found) ? undefined : found;
}

/** Seconds of "older than 10 minutes", "running longer than 5m"; undefined without a length. */
export function readOlderThan(text: string): number | undefined {
  return readDurations(text)[0]?.seconds;
}

/** The replication slot a text names: "slot analytics", "the analytics slot". `not` are words that are names of other things. */
export function readSlot(text: string, not: readonly string[]): string | undefined {
  const taken = new Set([
    ...not.map((name) => name.toLowerCase()),
    ..."the a an replication on of in from named called unused inactive stale old this that physical logical auf von der den das el la de del le du do da na no slot slots".split(
      " ",
    ),
  ]);
  const after =
    /\b(?:replication[- ]?slot|slots?|replikationsslot|ranura)\s+(?:(?:named|called|namens|llamad[oa])\s+)?["'`]?([\w.-]{2,63})/i.exec(
      text,
    )?.[1];
  if (after !== undefined && !taken.has(after.toLowerCase())) return after;
  const before = /["'`]?([\w.-]{2,63})["'`]?\s+(?:replication[- ]?slot|slot)\b/i.exec(text)?.[1];
  return before === undefined || taken.has(before.toLowerCase()) || /^(?:drop|remove|delete|kill)$/i.test(before)
    ? undefined
    : before;
}

/** A label matcher as Alertmanager writes it: `severity="warning"`, `alertname=~"Node.*"`. */
export function readMatcher(
  text: string,
): { readonly label: string; readonly op: "=" | "!=" | "=~" | "!~"; readonly value: string } | undefined {
  const found =
    /\b([a-zA-Z_]\w{0,60})\s?(=~|!=|!~|=)\s?(?:"([^"\n]{1,200})"|'([^'\n]{1,200})'|([\w.*+|:/-]{1,200}))/.exec(text);
  if (found === null) return undefined;
  const value = found[3] ?? found[4] ?? found[5] ?? "";
  return { label: found[1] ?? "", op: found[2] as "=", value };
}
