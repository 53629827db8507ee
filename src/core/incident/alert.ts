import { type AlertEvent, type AlertRecord, readSeverity } from "../incident.ts";

/**
 * A delivery that says an alert fires, though a newer one said it was over, is an old one that was held up: Alertmanager's retries of one
 * notification end with its next one (`group_interval`, 5 minutes unless set). What comes later means that it fires again.
 */
const HELD_UP_SECONDS = 300;
const BEGINS_KEPT = 20;
const DAY = 86_400;

/** What a delivery changed about one alert. `same` changes nothing but the time it was last seen. */
export type Told = {
  readonly record: AlertRecord;
  readonly change: "begins" | "ends" | "same" | "words";
};

/**
 * What is known of an alert after one more delivery told of it. Deliveries may be repeated, come late, or in the wrong order: the newest
 * beginning counts, and of one beginning its end.
 */
export function tell(known: AlertRecord | undefined, event: AlertEvent): Told {
  const { record, change } = compared(known, event);
  if (known !== undefined && event.anomaly !== undefined) return followed(known, event);
  const isListed = known?.isListed === true || event.isListed === true;
  return { record: isListed ? { ...record, isListed } : record, change };
}

function compared(known: AlertRecord | undefined, event: AlertEvent): Told {
  const told = recordOf(event);
  if (known === undefined) {
    if (event.status === "resolved") return { record: { ...told, endsAt: event.endsAt ?? event.at }, change: "same" };
    return { record: { ...told, begins: [event.startsAt] }, change: "begins" };
  }
  const seenAt = Math.max(known.seenAt, event.at);
  // About an earlier time that it fired: the newer one is known already.
  if (event.startsAt < known.startsAt) return { record: { ...known, seenAt }, change: "same" };
  const isNewStart = event.startsAt > known.startsAt;
  if (event.status === "resolved") {
    if (known.endsAt !== undefined && !isNewStart) return { record: { ...known, seenAt }, change: "same" };
    const ended = { ...known, ...told, incident: known.incident, begins: known.begins, seenAt };
    const change = known.endsAt === undefined ? "ends" : "same";
    return { record: { ...ended, endsAt: event.endsAt ?? event.at }, change };
  }
  if (known.endsAt !== undefined) {
    if (!isNewStart && event.at - known.endsAt < HELD_UP_SECONDS)
      return { record: { ...known, seenAt }, change: "same" };
    const startsAt = isNewStart ? event.startsAt : event.at;
    return { record: { ...told, startsAt, begins: begun(known.begins, startsAt), seenAt }, change: "begins" };
  }
  const next = { ...told, incident: known.incident, begins: known.begins, startsAt: known.startsAt, seenAt };
  const isOther = next.summary !== known.summary || next.severity !== known.severity;
  return { record: next, change: isOther ? "words" : "same" };
}

/**
 * An anomaly is told of by the watching alone: what its newest revision says is so. Whoever showed an older one at the same moment may tell of it
 * later. One that came back soon is the same one.
 */
function followed(known: AlertRecord, event: AlertEvent): Told {
  if ((event.revision ?? 0) < (known.revision ?? 0)) return { record: known, change: "same" };
  const { incident, begins } = known;
  const told = { ...recordOf(event), incident, begins, seenAt: Math.max(known.seenAt, event.at) };
  const wasOver = known.endsAt !== undefined;
  if (event.status === "resolved")
    return { record: { ...told, endsAt: event.endsAt ?? event.at }, change: wasOver ? "same" : "ends" };
  if (wasOver) return { record: { ...told, begins: begun(begins, event.at) }, change: "begins" };
  const isOther = told.summary !== known.summary || told.severity !== known.severity;
  return { record: told, change: isOther ? "words" : "same" };
}

function begun(begins: readonly number[], at: number): readonly number[] {
  return [...begins.filter((one) => one > at - DAY), at].slice(-BEGINS_KEPT);
}

const LONGEST_TEXT = 500;

function recordOf({
  fingerprint,
  labels,
  annotations,
  startsAt,
  generatorUrl,
  at,
  anomaly,
  revision,
}: AlertEvent): AlertRecord {
  const { summary, description, message, title, runbook_url: runbookUrl } = annotations;
  const words = summary ?? title ?? message ?? description ?? "";
  return {
    fingerprint,
    incident: undefined,
    name: labels["alertname"] ?? "an alert without a name",
    severity: readSeverity(labels["severity"] ?? labels["priority"]),
    labels,
    summary: words.length > LONGEST_TEXT ? `${words.slice(0, LONGEST_TEXT - 1)}…` : words,
    ...(runbookUrl !== undefined && { runbookUrl }),
    ...(generatorUrl !== undefined && { generatorUrl }),
    startsAt,
    seenAt: at,
    begins: [],
    ...(anomaly !== undefined && { anomaly }),
    ...(revision !== undefined && { revision }),
  };
}
