import { fitsGlob } from "../../util/glob.ts";
import { type AlertRecord, graverFirst, type Incident, type IncidentPart, SEVERITIES } from "../incident.ts";
import { routedSeverity } from "./impact.ts";
import { environmentOf } from "./subject.ts";

/**
 * What of an incident's alerts decides where it goes and who is called. However many alerts it has, routes, escalations and digests tell them
 * apart only by their environment and by which of their own patterns fit: alerts that are alike in this are one part, with labels of one of them.
 */
export type Sorter = (labels: AlertRecord["labels"]) => Pick<IncidentPart, "key" | "labels" | "environment">;

type Asking = { readonly labels?: Readonly<Record<string, readonly string[]>> };

/** Values of one label that are looked up instead of compared again. */
const VALUES_KEPT = 10_000;
/** An incident carries so many parts, those that fire and are gravest first. */
const PARTS_KEPT = 40;

/** Sorts alerts into parts by what these ask for. */
export function sorterFor(filters: readonly Asking[]): Sorter {
  const patterns = new Map<string, Set<string>>();
  for (const { labels = {} } of filters)
    for (const [label, wanted] of Object.entries(labels)) {
      const all = patterns.get(label) ?? new Set();
      for (const pattern of wanted) all.add(pattern);
      patterns.set(label, all);
    }
  const asked = [...patterns].map(([label, all]) => ({ label, signOf: signer([...all]) }));
  return (labels) => {
    const environment = environmentOf(labels);
    const own: Record<string, string> = {};
    let key = environment ?? "";
    for (const { label, signOf } of asked) {
      const value = labels[label];
      if (value !== undefined) own[label] = value;
      key += ` ${signOf(value ?? "")}`;
    }
    return { key, labels: own, ...(environment !== undefined && { environment }) };
  };
}

/** Which of the patterns a value fits, as a text: the same for values that no pattern tells apart. */
function signer(patterns: readonly string[]): (value: string) => string {
  const known = new Map<string, string>();
  return (value) => {
    const found = known.get(value);
    if (found !== undefined) return found;
    const sign = patterns.map((pattern) => (fitsGlob(pattern, value) ? "1" : "0")).join("");
    if (known.size >= VALUES_KEPT) known.clear();
    known.set(value, sign);
    return sign;
  };
}

/** The parts as they are by now: what is new in one, or as grave as it was not before, is so since `at` (unix seconds). */
export function partsAfter(
  before: readonly IncidentPart[] | undefined,
  now: readonly Omit<IncidentPart, "since">[],
  at: number,
): readonly IncidentPart[] {
  const known = new Map(before?.map((part) => [part.key, part]));
  return [...now]
    .sort(
      (a, b) =>
        Number(b.firing > 0) - Number(a.firing > 0) ||
        graverFirst(a.severity, b.severity) ||
        (a.key < b.key ? -1 : Number(a.key > b.key)),
    )
    .slice(0, PARTS_KEPT)
    .map((part) => {
      const was = known.get(part.key);
      return { ...part, since: was?.severity === part.severity ? was.since : at };
    });
}

/** The parts of an incident, the gravest first. One that was stored before there were any: by the alerts that it carries. */
export function partsOf(incident: Parted): readonly IncidentPart[] {
  const { parts, lines, severity, openedAt, total, firing } = incident;
  if (parts !== undefined) return parts;
  if (lines.length === 0) return [{ key: "", labels: {}, severity, total, firing, since: openedAt }];
  return lines.map(({ fingerprint, labels, endsAt }) => ({
    ...{ key: fingerprint, labels, severity, total: 1, since: openedAt },
    firing: endsAt === undefined ? 1 : 0,
  }));
}

type Parted = Pick<Incident, "parts" | "lines" | "severity" | "openedAt" | "total" | "firing" | "impact">;

/** Those that fire; all of them once none does. As grave as the impact of the incident makes them for whoever routes it. */
export function goingParts(incident: Parted): readonly IncidentPart[] {
  const parts = partsOf(incident);
  const firing = parts.filter((part) => part.firing > 0);
  const { impact } = incident;
  const going = firing.length > 0 ? firing : parts;
  if (impact === undefined) return going;
  return going.map((part) => ({ ...part, severity: routedSeverity({ severity: part.severity, impact }) }));
}

/** The gravest severity of these; undefined for none. */
export function gravestOf(parts: readonly IncidentPart[]) {
  return SEVERITIES.findLast((one) => parts.some(({ severity }) => severity === one));
}
