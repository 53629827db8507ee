import { sentenceOf } from "../../cards/anomaly-title.ts";
import { eventOf, fingerprintOf, gotWorse, isForIncident, labelsOf } from "../../core/incident/anomaly.ts";
import { isSilenced } from "../../core/silence.ts";
import type { Anomaly } from "../../core/watch/anomaly.ts";
import { postPlaces } from "../../core/watch/post.ts";
import type { Severity } from "../../core/watch.ts";
import type { Take } from "../../ports/incidents.ts";
import type { Silence } from "../../ports/metrics.ts";
import { reasonOf } from "../../util/errors.ts";
import type { DetectDeps } from "./deps.ts";

/** How anomalies become incidents. */
export type Raising = {
  /** From which severity; undefined for none more. */
  readonly least: Severity | undefined;
  readonly take: Take;
  /** Those that hold now. May throw. */
  readonly silences: () => Promise<readonly Silence[]>;
  /** Incidents are to be drawn anew. */
  readonly redrawn: () => void;
};

type RaiseDeps = Pick<DetectDeps, "store" | "settings" | "clock" | "sources" | "report">;

/** What became of anomalies whose messages are behind. */
export type Raised = {
  /** Those that are in incidents, with the incident's id. */
  readonly incidents: ReadonlyMap<string, string>;
  /** A silence holds, and nobody was told: looked at again in the next round. */
  readonly muted: ReadonlySet<string>;
};

/**
 * Anomalies -> incidents, where they are severe enough and would be posted. What is in one follows its anomaly until that is over, and what a silence
 * matches begins none, as it is with alerts. `hasOwn`: whether the anomaly stands in a message of its own, which it then keeps, unless it was too mild
 * for an incident before. A crash in between takes it in again, which changes nothing. Throws what the store throws.
 */
export async function raise(
  deps: RaiseDeps,
  raising: Raising,
  unshown: readonly Anomaly[],
  hasOwn: (one: Anomaly) => Promise<boolean>,
): Promise<Raised> {
  const { store, clock } = deps;
  const known = await incidentsOf(deps, unshown);
  const fresh: Anomaly[] = [];
  const muted = new Set<string>();
  for (const one of unshown) {
    if (known.has(one.id) || one.kind === "ahead" || one.status === "over" || one.quiet !== undefined) continue;
    if (!(await hasOwn(one)) || gotWorse(one, raising.least)) fresh.push(one);
  }
  const silenced = await silencedOf(deps, raising, fresh);
  for (const one of fresh) if (silenced.has(one.id) && !(await hasOwn(one))) muted.add(one.id);
  const due = fresh
    .filter((one) => !silenced.has(one.id) && isForIncident(one, raising.least))
    .filter((one) => postPlaces([one], deps.settings).length > 0);
  const told = [...unshown.filter(({ id }) => known.has(id)), ...due];
  if (told.length === 0) return { incidents: known, muted };
  const tell = (all: readonly Anomaly[]) =>
    raising.take(all.map((one) => eventOf(one, sentenceOf(one), placeOf(deps, one), clock())));
  await tell(told);
  // Whoever found meanwhile that one is over may not have known of its incident yet.
  await tell(await newerThan(store, due));
  const incidents = await incidentsOf(deps, told);
  // What an event does not carry, as a likely cause that was found meanwhile, is shown too.
  const changed = [...new Set(told.flatMap(({ id }) => known.get(id) ?? []))];
  for (const id of changed) await store.incidents.shown(id, 0);
  for (const { id, revision } of told) await store.detection.shown(id, revision, true);
  raising.redrawn();
  return { incidents: new Map([...known, ...incidents]), muted };
}

/** Those of which the store has a newer revision by now. */
async function newerThan({ detection }: RaiseDeps["store"], all: readonly Anomaly[]): Promise<readonly Anomaly[]> {
  const stored = await Promise.all(all.map(({ id }) => detection.anomaly(id)));
  return stored.flatMap((now, at) => (now !== undefined && now.revision > all[at]!.revision ? [now] : []));
}

/** Which incident each of these is in. */
export async function incidentsOf(
  { store }: Pick<RaiseDeps, "store">,
  all: readonly Anomaly[],
): Promise<ReadonlyMap<string, string>> {
  if (all.length === 0) return new Map();
  const alerts = await store.incidents.alerts(all.map(fingerprintOf));
  return new Map(alerts.flatMap(({ anomaly, incident }) => (anomaly && incident ? [[anomaly, incident]] : [])));
}

/** Ids of those that a silence matches. Where that cannot be asked, none is: told once too often is better than never. */
async function silencedOf(deps: RaiseDeps, raising: Raising, open: readonly Anomaly[]): Promise<ReadonlySet<string>> {
  if (open.length === 0) return new Set();
  try {
    const silences = await raising.silences();
    const isMuted = (one: Anomaly) => {
      const labels = labelsOf(one, placeOf(deps, one));
      return silences.some(({ matchers }) => isSilenced(labels, matchers));
    };
    return new Set(open.filter(isMuted).map(({ id }) => id));
  } catch (problem) {
    deps.report("warn", "Alertmanager's silences could not be read: anomalies are told without them", {
      reason: reasonOf(problem),
    });
    return new Set();
  }
}

function placeOf({ sources }: Pick<RaiseDeps, "sources">, { source }: Anomaly) {
  return sources.find(({ name }) => name === source);
}
