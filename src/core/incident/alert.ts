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
  const sent = sentStartOf(known);
  // About an earlier time that it fired: the newer one is known already.
  if (event.startsAt < sent) return { record: { ...known, seenAt }, change: "same" };
  const isNewStart = event.startsAt > sent;
  if (event.status === "resolved") {
    const endsAt = event.endsAt ?? event.at;
    // The end before it began again with the same start, told once more.
    const isEarlier = !isNewStart && endsAt < known.startsAt;
    if ((known.endsAt !== undefined && !isNewStart) || isEarlier)
      return { record: { ...known, seenAt }, change: "same" };
    const { incident, begins } = known;
    const startsAt = isNewStart ? event.startsAt : known.startsAt;
    const ended = { ...known, ...told, incident, begins, seenAt, endsAt };
    return {
      record: withSent(ended, startsAt, event.startsAt),
      change: known.endsAt === undefined ? "ends" : "same",
    };
  }
  if (known.endsAt !== undefined) {
    if (!isNewStart && event.at - known.endsAt < HELD_UP_SECONDS)
      return { record: { ...known, seenAt }, change: "same" };
    const startsAt = isNewStart ? event.startsAt : event.at;
    const again = { ...told, begins: begun(known.begins, startsAt), seenAt };
    return { record: withSent(again, startsAt, event.startsAt), change: "begins" };
  }
  const { incident, begins } = known;
  const next = withSent({ ...told, incident, begins, seenAt }, known.startsAt, event.startsAt);
  const isOther = next.summary !== known.summary || next.severity !== known.severity;
  return { record: next, change: isOther ? "words" : "same" };
}

/** The newest beginning that its sender told of: what deliveries are compared by. Ours is another where it fired again with an unchanged one. */
export function sentStartOf({ startsAt, sentStartsAt = startsAt }: AlertRecord): number {
  return sentStartsAt;
}

function withSent(record: AlertRecord, startsAt: number, sentStartsAt: number): AlertRecord {
  const { sentStartsAt: _, ...rest } = record;
  return { ...rest, startsAt, ...(sentStartsAt !== startsAt && { sentStartsAt }) };
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
