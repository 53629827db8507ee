import type { Incident } from "../core/incident.ts";
import { type LikelyCause, likelyCause } from "../core/topology/cause.ts";
import type { Dependency } from "../core/topology/join.ts";
import { formatDuration, formatValue } from "../core/units.ts";
import { sayTime } from "../core/zone.ts";
import { inertName } from "../util/inert.ts";
import type { Asked } from "./impact-line.ts";

/** Why an incident holds several things, in words: who calls whom, and what began first. */

/** Callers that are named, each with its figure. */
const NAMED = 3;
/** An edge that was last seen so long before is said with its time, in seconds. */
const OLD_SECONDS = 900;
/** Alerts that began this close to each other began at once: rules are evaluated once a minute mostly. */
const AT_ONCE_SECONDS = 60;

type When = { readonly now: number; readonly zone: string };

/** "Likely cause: payments, which began first, at 14:10 UTC. orders calls it (412 requests/s) and began 2 min later." Undefined where nothing calls anything. */
export function sayCause({ dependencies }: Pick<Incident, "dependencies">, when: When): string | undefined {
  const cause = likelyCause(dependencies ?? []);
  if (cause === undefined) return undefined;
  const named = cause.callers.slice(0, NAMED);
  const rest = cause.callers.length - named.length;
  const more = rest > 0 ? ` So did ${rest} more that ${rest === 1 ? "calls" : "call"} it.` : "";
  const name = sayName(cause.name);
  const began = sayTime(cause.at, when.now, when.zone);
  const callers = named.map((caller) => sayCaller(caller, cause, when)).join("; ");
  if (cause.isFirst) return `Likely cause: ${name}, which began first, at ${began}. ${callers}.${more}`;
  return `${callers}.${more} So they are one incident, and which of them is the cause is open: ${name} began at ${began}, after what calls it.`;
}

function sayCaller({ name, at, way }: LikelyCause["callers"][number], cause: LikelyCause, when: When): string {
  const steps = way.map(({ callee, ...call }, index) => {
    const isLast = index === way.length - 1;
    const whom = isLast && cause.isFirst ? "it" : sayName(callee);
    return `calls ${whom}${index === 0 ? ` (${sayRate(call, at, when)})` : ""}`;
  });
  const calls = `${sayName(name)} ${steps.join(", which ")}`;
  const seconds = at - cause.at;
  if (Math.abs(seconds) < AT_ONCE_SECONDS) return `${calls} and began at the same time`;
  const minutes = formatDuration(Math.round(Math.abs(seconds) / 60) * 60, { parts: 1 });
  return `${calls} and began ${minutes} ${seconds > 0 ? "later" : "earlier"}`;
}

function sayRate(
  { rate, noun, seenAt }: Pick<Dependency["way"][number], "rate" | "noun" | "seenAt">,
  at: number,
  { now, zone }: When,
): string {
  const said = formatValue(rate, "per_s", { noun });
  return at - seenAt > OLD_SECONDS ? `${said} when last seen, at ${sayTime(seenAt, now, zone)}` : said;
}

function sayName(name: string): string {
  return inertName(name, { max: 80 });
}

/** The queries that the edges came from. */
export function callsAsked({ dependencies = [] }: Pick<Incident, "dependencies">): readonly Asked[] {
  return dependencies.flatMap(({ way }) => way);
}
