import { type AlertRecord, graverFirst, type Incident, type Severity } from "../incident.ts";
import { routedSeverity } from "./impact.ts";
import { isKeptBack, keysAfter } from "./maintenance.ts";
import { moreIn } from "./more.ts";
import { partsAfter } from "./parts.ts";
import { anyFlaps, type Change, gravest, namesOf, partsIn, sum, type Tally } from "./tally.ts";

/** The incident as its alerts make it: how many, how grave, whether it is over. One revision further. */
export function summarise(
  incident: Incident,
  tally: Tally,
  changes: readonly Change[],
  at: number,
  all: () => Iterable<AlertRecord>,
): Incident {
  const firing = sum(tally.firing);
  const grave = gravest(firing > 0 ? tally.firing : tally.all);
  const { endedAt: _, anomalies: __, acknowledged, snoozed, escalated, ...rest } = incident;
  const isOver = firing === 0 && tally.total > 0;
  // As grave as people knew it: with what its impact made of it.
  const now = grave && routedSeverity({ ...incident, severity: grave });
  const isGraverThan = (severity: Severity) => now !== undefined && graverFirst(now, severity) < 0;
  const isWorse = isGraverThan(routedSeverity(incident)) && incident.revision > 0;
  // What became milder meanwhile and is as it was when somebody snoozed it, is no news.
  const isWorseThanSnoozed = isGraverThan(snoozed?.severity ?? routedSeverity(incident));
  // Nobody snoozed what a maintenance kept back, and nobody was told: it is as if it began now.
  const isTold = !isKeptBack(incident);
  const news = changes.flatMap(({ before, after }) =>
    after !== undefined && (before === undefined || after.joinedAt !== before.joinedAt) ? [after] : [],
  );
  const added = changes.flatMap(({ before, after }) => (before === undefined && after !== undefined ? [after] : []));
  const isQuiet = snoozed !== undefined && snoozed.until > at && !isWorseThanSnoozed;
  const isTime = incident.status === "snoozed" && !isQuiet;
  const more = isOver || !isTold || isTime ? undefined : moreIn(incident, { tally, joined: news, added, all, at });
  const isOpened = more?.reopens === true;
  const stillSnoozed = isQuiet && !isOpened ? snoozed : undefined;
  const isWoken = isTime && snoozed !== undefined && !isOver;
  const parts = partsIn(tally);
  // What was kept back until now is told now.
  const partsBefore = isWoken && !isTold ? undefined : incident.parts;
  const status = isOver
    ? "resolved"
    : stillSnoozed !== undefined
      ? "snoozed"
      : acknowledged !== undefined && incident.status !== "open" && !isOpened && !isWorse
        ? "acknowledged"
        : "open";
  return {
    ...rest,
    revision: incident.revision + 1,
    status,
    severity: grave ?? incident.severity,
    startedAt: Math.min(incident.startedAt, tally.startedAt),
    changedAt: at,
    ...(isOver && { endedAt: lastEnd(all()) || at }),
    total: tally.total,
    firing,
    ...(tally.anomalies.total > 0 && { anomalies: tally.anomalies }),
    names: namesOf(tally),
    ...(parts !== undefined && { parts: partsAfter(partsBefore, parts, at) }),
    lines: tally.foremost.map(lineOf),
    isFlapping: anyFlaps(tally, at),
    ...(acknowledged !== undefined && { acknowledged }),
    ...(more !== undefined && { more }),
    // What somebody had in hand and needs somebody again is escalated from the start.
    ...(status === "open" && incident.status !== "open" && incident.revision > 0
      ? { escalated: { steps: 0, at } }
      : status === "open" && isWorse
        ? { escalated: { steps: 0, at: incident.openedAt, ...escalated, worse: at } }
        : escalated !== undefined && { escalated }),
    ...(stillSnoozed !== undefined && { snoozed: stillSnoozed }),
    ...(isWoken && !isTold && { keys: keysAfter(incident) }),
    ...(isWoken &&
      isTold && { woken: { at, because: isWorseThanSnoozed ? ("worse" as const) : ("time" as const), snoozed } }),
  };
}

/** When the last of them ended; 0 when none did. */
function lastEnd(alerts: Iterable<AlertRecord>): number {
  let last = 0;
  for (const { endsAt = 0 } of alerts) if (endsAt > last) last = endsAt;
  return last;
}

function lineOf(record: AlertRecord): Incident["lines"][number] {
  const { fingerprint, name, severity, summary, startsAt, endsAt, labels, generatorUrl, runbookUrl, anomaly } = record;
  return {
    fingerprint,
    name,
    severity,
    summary,
    startsAt,
    labels,
    ...(endsAt !== undefined && { endsAt }),
    ...(generatorUrl !== undefined && { generatorUrl }),
    ...(runbookUrl !== undefined && { runbookUrl }),
    ...(anomaly !== undefined && { anomaly }),
  };
}
