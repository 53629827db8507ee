import { mayReadIncident } from "../../core/access.ts";
import type { Incident } from "../../core/incident.ts";
import { sayIn, sayRange } from "../../core/plot.ts";
import type { Anomaly } from "../../core/watch/anomaly.ts";
import { nameOf } from "../../core/watch.ts";
import { rfc3339 } from "../../core/zone.ts";
import type { Detection } from "../../ports/detection.ts";
import type { Incidents } from "../../ports/incidents.ts";
import type { Case } from "../../ports/model.ts";
import { type Cleaner, cleanLabels } from "./data.ts";
import type { Notebook } from "./notebook.ts";

/** What the bot itself keeps of the world: incidents it was told of, and anomalies it found. */

/** Read of each kind, newest first, before it is seen what is open to whoever asks. */
const MOST_READ = 200;
const NAMES_SHOWN = 5;

type Asked = Pick<Case, "question" | "ask">;

/** Only what whoever asks may read there, and anomalies of the source they ask about alone. `since`: also what was over after then, unix seconds. */
export type Records = {
  incidents(one: Asked, since?: number): Promise<readonly Incident[]>;
  anomalies(one: Asked, since?: number): Promise<readonly Anomaly[]>;
};

export function createRecords({
  incidents,
  detection,
}: {
  readonly incidents: Pick<Incidents, "live" | "find">;
  readonly detection: Pick<Detection, "anomalies">;
}): Records {
  return {
    async incidents({ question, ask }, since) {
      const [live, over] = await Promise.all([
        incidents.live(),
        since === undefined ? [] : incidents.find({ status: ["resolved"], since, limit: MOST_READ }),
      ]);
      return [...live.toReversed(), ...over].filter((one) => mayReadIncident(question, one, [ask.source]));
    },
    async anomalies({ ask }, since) {
      const wanted = since === undefined ? { status: "open" as const } : { since };
      const all = await detection.anomalies({ ...wanted, limit: MOST_READ });
      return all.filter(({ source, quiet }) => source === ask.source.name && quiet === undefined);
    },
  };
}

/** An incident as a model is told it. `textLength`: characters of an alert's own words, 0 for none. */
export function incidentData(incident: Incident, clean: Cleaner, textLength: number) {
  const { subject, status, severity, startedAt, endedAt, names, firing, total, lines, anomalies } = incident;
  const words = textLength === 0 ? [] : lines.map(({ summary }) => summary).filter((summary) => summary !== "");
  return {
    about: clean(subject === undefined ? "several things" : `${subject.kind} ${subject.name}`),
    [anomalies === undefined ? "alerts" : "alerts_and_anomalies"]: names
      .slice(0, NAMES_SHOWN)
      .map(({ name }) => clean(name)),
    firing,
    of: total,
    ...(anomalies !== undefined && { of_these_anomalies: anomalies.total }),
    status,
    severity,
    since: rfc3339(startedAt),
    ...(endedAt !== undefined && { ended: rfc3339(endedAt) }),
    ...(words.length > 0 && { text: clean(words[0]!, textLength) }),
  };
}

/** Its names, numbers and times may be said. */
export function noteIncident(
  notes: Notebook,
  { subject, names, firing, total, anomalies, startedAt, endedAt }: Incident,
): void {
  notes.addNames(subject?.name ?? "", ...names.map(({ name }) => name));
  // With what it is about, so that the same number may not be said of another thing.
  const labels = subject && { [subject.kind]: subject.name };
  for (const value of [firing, total, ...(anomalies === undefined ? [] : [anomalies.total, total - anomalies.total])])
    notes.facts.push({ value, family: "count", origin: "returned", ...(labels && { labels }) });
  noteAges(notes, startedAt, endedAt);
}

/** An anomaly as a model is told it: the value and the usual range as people read them. */
export function anomalyData(anomaly: Anomaly, clean: Cleaner) {
  const { kind, measure, subject, severity, since, endedAt, status, labels, reaches } = anomaly;
  return {
    what: clean(nameOf(measure, subject)),
    kind,
    ...(anomaly.value !== undefined && { value_when_found: clean(saidValue(anomaly)) }),
    ...(anomaly.usual !== undefined && { usual: clean(sayRange(anomaly.unit, anomaly.usual)) }),
    ...(reaches !== undefined && {
      expected: {
        what: clean(reaches.will),
        at: rfc3339(reaches.at),
        earliest: rfc3339(reaches.earliest),
        ...(reaches.latest !== undefined && { latest: rfc3339(reaches.latest) }),
      },
    }),
    labels: cleanLabels(labels, clean),
    status,
    severity,
    since: rfc3339(since),
    ...(endedAt !== undefined && { ended: rfc3339(endedAt) }),
  };
}

/** Its names, numbers and times may be said: the numbers with the query that it was found by, as of then. */
export function noteAnomaly(notes: Notebook, ask: Case["ask"], anomaly: Anomaly): void {
  const { promql, since, endedAt, measure, subject, labels, usual, unit } = anomaly;
  notes.addNames(subject, ...measure.split(" "));
  notes.addLabels(labels);
  if (promql !== "" && notes.indexOf(promql) < 0) {
    ask.recall({ promql, source: ask.source.name, start: since, end: since, step: 0, readings: 1 });
    notes.recalled.set(promql, since);
  }
  const query = notes.indexOf(promql);
  const name = nameOf(measure, subject);
  if (anomaly.value !== undefined) notes.addSaid(`${name} was ${saidValue(anomaly)}`, { query, at: since });
  if (usual !== undefined) notes.addSaid(`${name} is usually ${sayRange(unit, usual)}`, { query });
  noteAges(notes, since, endedAt);
  const { at: end = since, earliest = since, latest = since } = anomaly.reaches ?? {};
  for (const left of [end, earliest, latest].map((moment) => moment - notes.when.now))
    if (left > 0) notes.facts.push({ value: left, family: "time", origin: "span" });
}

function saidValue({ unit, value = 0 }: Anomaly): string {
  return sayIn(unit, value);
}

/** How long ago something was, and how long it lasted, may be said. */
export function noteAges(notes: Notebook, from: number, to: number | undefined): void {
  const ages = [notes.when.now - from, ...(to === undefined ? [] : [to - from, notes.when.now - to])];
  for (const value of ages) if (value > 0) notes.facts.push({ value, family: "time", origin: "span" });
}
