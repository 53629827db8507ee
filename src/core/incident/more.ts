import { type AlertRecord, graverFirst, type Incident, type Responder, type Severity } from "../incident.ts";
import { routedSeverity } from "./impact.ts";
import { saysWhere, subjectOf, thingOf } from "./subject.ts";
import { gravest, sum, type Tally } from "./tally.ts";

/** What came to an incident after somebody acknowledged or snoozed it, which covers what fired then and not what they could not know of. */
export type More = {
  readonly at: number;
  /** Who had it, and how. */
  readonly by: Responder;
  readonly had: "acknowledged" | "snoozed";
  /** Other things that fail, and names of some; none where it only became many more. */
  readonly things: number;
  readonly names: readonly string[];
  /** So many fired when they took it, and now. */
  readonly was?: number;
  readonly firing: number;
  /** It is as grave as what they have: the incident is open again. What is milder is told alone. */
  readonly reopens: boolean;
  /** It made the incident graver, which is told as that. */
  readonly isGraver?: true;
};

/**
 * Who has to hear that what they acknowledged got worse, so that it is open again: of its own rules or impact, and of nothing else that a note tells
 * (another thing, a snooze that ended, nothing that moved). Undefined where nobody has.
 */
export function whoHadItMilder({ status, acknowledged, woken, more, calls = [] }: Incident): Responder | undefined {
  if (status !== "open" || acknowledged === undefined) return undefined;
  const { at } = acknowledged;
  const isWoken = woken !== undefined && woken.at > at;
  const isMore = more?.reopens === true && more.at >= at;
  const isIdle = calls.some((call) => call.because === "idle" && call.at > at);
  return isWoken || isMore || isIdle ? undefined : acknowledged;
}

/** The same things go on in a few more series: that is no news below this factor, and below so many more. */
const JUMP = 1.5;
const JUMP_LEAST = 5;
/** Of many things of one alert one more is no news: only this share of them. */
const SHARE = 0.25;
const NAMES = 5;

type Came = {
  readonly tally: Tally;
  /** Alerts that joined it just now. */
  readonly joined: readonly AlertRecord[];
  /** Those that were not in it before. */
  readonly added: readonly AlertRecord[];
  readonly all: () => Iterable<AlertRecord>;
  readonly at: number;
};

/**
 * What is to be told of what joined an incident that somebody has: another thing, one for another team or environment as far as anything tells
 * them apart, or half as many alerts again. Things that were in it before, also when they flap, and further series of theirs are not; nor is anything twice.
 */
export function moreIn(incident: Incident, { tally, joined, added, all, at }: Came): More | undefined {
  const { status, more: last } = incident;
  const by = status === "acknowledged" ? incident.acknowledged : status === "snoozed" ? incident.snoozed : undefined;
  const fires = joined.filter(({ endsAt }) => endsAt === undefined);
  if (by === undefined || fires.length === 0) return undefined;
  const isTold = last !== undefined && last.at >= by.at;
  const since = isTold ? last.at : by.at;
  const firing = sum(tally.firing);
  const was = isTold ? last.firing : by.firing;
  const isJump = was !== undefined && firing >= Math.max(JUMP * was, was + JUMP_LEAST);
  const strange = fires.filter(isOfNewPart(tally, added));
  const others = incident.isStorm ? strange : newThings(strange, all, since);
  if (!isJump && others.length === 0) return undefined;
  const names = [...new Set(others.map(nameOf))];
  const grave = gravestOf(others.length > 0 ? others : fires);
  const most = gravest(tally.firing) ?? incident.severity;
  const isGraver = graverFirst(routedSeverity({ ...incident, severity: most }), routedSeverity(incident)) < 0;
  const { person, name, at: tookAt, account } = by;
  return {
    ...{ at, firing, things: names.length, names: names.slice(0, NAMES) },
    by: { person, name, at: tookAt, ...(account !== undefined && { account }) },
    had: status === "snoozed" ? "snoozed" : "acknowledged",
    ...(was !== undefined && { was }),
    reopens: graverFirst(grave, most) <= 0,
    ...(isGraver && { isGraver: true as const }),
  };
}

/** Alerts about what was not in it before `since`, where they are news. `strange`: those of a part that it did not have. */
function newThings(strange: readonly AlertRecord[], all: () => Iterable<AlertRecord>, since: number) {
  const [known, alerts] = [new Set<string>(), new Set<string>()];
  const fresh: AlertRecord[] = [];
  let things = 0;
  for (const one of all()) {
    if (joinedAt(one) > since) {
      if (one.endsAt === undefined) fresh.push(one);
      continue;
    }
    if (!known.has(thingOf(one))) things++;
    // Where one of two does not say its namespace, they may be the same.
    known.add(thingOf(one)).add(thingOf(one, ANY));
    alerts.add(one.name);
  }
  const isKnown = (one: AlertRecord) =>
    known.has(thingOf(one)) || known.has(thingOf(one, "")) || (!saysWhere(one) && known.has(thingOf(one, ANY)));
  const others = fresh.filter((one) => !isKnown(one));
  const isOther = others.some((one) => !alerts.has(one.name) || strange.includes(one));
  return isOther || new Set(others.map((one) => thingOf(one))).size >= SHARE * things ? others : [];
}

const ANY = "*";

/** Whether it is of a part that the incident had nothing of: all that this part holds by now was added just now. */
function isOfNewPart({ sorter, parts }: Tally, added: readonly AlertRecord[]): (one: AlertRecord) => boolean {
  if (sorter === undefined) return () => false;
  const came = Map.groupBy(added, ({ labels }) => sorter(labels).key);
  return ({ labels }) => {
    const { key } = sorter(labels);
    return came.has(key) && came.get(key)?.length === sum(parts.get(key)?.all ?? []);
  };
}

/** When it came to its incident; of one that was stored without that, when it first began. */
function joinedAt({ joinedAt: at, begins, startsAt }: AlertRecord): number {
  return at ?? begins[0] ?? startsAt;
}

function nameOf({ labels, name }: AlertRecord): string {
  return subjectOf(labels)?.name ?? name;
}

function gravestOf(alerts: readonly AlertRecord[]): Severity {
  return alerts.map(({ severity }) => severity).sort(graverFirst)[0] ?? "info";
}
