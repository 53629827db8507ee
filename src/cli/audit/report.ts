import type { AuditRecord } from "../../core/audit.ts";
import { type AuditReport, auditReport, RUNS_TO_TRUST } from "../../core/audit-report.ts";
import type { Card } from "../../core/card.ts";
import type { Proposal } from "../../core/proposal.ts";
import { formatDuration } from "../../core/units.ts";
import { rfc3339 } from "../../core/zone.ts";
import { type Call, EXIT } from "../command.ts";
import { printCard } from "../list.ts";
import { readStore } from "../read-store.ts";
import { readConfig } from "../settings.ts";
import { pages, readPeriod } from "./pages.ts";

const DAY = 86_400;
const MOST = 100_000;

/** `audit report`: what the changes of a period came to. */
export async function report(call: Call): Promise<number> {
  const now = Date.now() / 1000;
  const period = readPeriod(call, now) ?? { from: now - 30 * DAY, to: now };
  const read = await readStore(readConfig(call), async ({ proposals, audit }) => {
    const records: AuditRecord[] = [];
    for await (const page of pages(audit)) records.push(...page.filter(({ at }) => at >= period.from));
    const made: readonly Proposal[] = await proposals.find({ since: period.from, limit: MOST });
    return { made, records };
  });
  const found = auditReport(read?.made ?? [], read?.records ?? [], period);
  if (call.flags.json !== true) return printCard(call, cardOf(found));
  call.stdout.write(`${JSON.stringify(jsonOf(found))}\n`);
  return EXIT.ok;
}

function jsonOf(found: AuditReport) {
  const { from, to, proposed, byStatus, ran, requesters, approvers, fourEyes, refused, stops } = found;
  return {
    ...{ from: rfc3339(from), to: rfc3339(to), proposed, by_status: byStatus, ran, requesters, approvers },
    ...{ four_eyes: fourEyes, break_glass: found.breakGlass, refused, stops, minutes_saved: found.minutesSaved },
    approval_seconds: found.approvalSeconds,
    safe_to_automate: found.safeToAutomate,
  };
}

function cardOf(found: AuditReport): Card {
  const { fourEyes, breakGlass, minutesSaved, approvalSeconds, safeToAutomate } = found;
  const item = (name: string, value: string | number) => ({ name, value: String(value) });
  const waits =
    approvalSeconds.median === undefined
      ? "nothing was approved"
      : `median ${formatDuration(approvalSeconds.median)}, 90 % within ${formatDuration(approvalSeconds.p90 ?? 0)} (${approvalSeconds.count})`;
  return {
    title: `${found.ran} of ${found.proposed} proposed changes ran from ${rfc3339(found.from)} to ${rfc3339(found.to)}.`,
    tone: fourEyes.broken.length > 0 ? "warning" : "info",
    blocks: [
      {
        kind: "facts",
        items: [
          ...Object.entries(found.byStatus).map(([status, count]) => item(status.replace("_", " "), count)),
          item("asked by", people(found.requesters)),
          item("approved by", people(found.approvers)),
          item(
            "four eyes",
            `${fourEyes.kept} of ${fourEyes.asked} kept${fourEyes.broken.length > 0 ? `; not by ${fourEyes.broken.join(", ")}` : ""}`,
          ),
          item("break-glass", breakGlass.length === 0 ? "never" : breakGlass.length),
          item("refused decisions", found.refused),
          item("stops", found.stops),
          item(
            "minutes saved",
            `${minutesSaved.minutes} in ${minutesSaved.changes} changes${minutesSaved.unknown > 0 ? `; ${minutesSaved.unknown} more do not say what they take by hand` : ""}`,
          ),
          item("time to approval", waits),
        ],
      },
      ...breakGlass.map(({ id, by, reason }) => ({
        kind: "text" as const,
        text: `Break-glass: ${id} by ${by}: ${reason}`,
      })),
      safeToAutomate.length === 0
        ? {
            kind: "note" as const,
            text: `No kind of change ran at least ${RUNS_TO_TRUST} times, each time verified, without anybody saying no.`,
          }
        : {
            kind: "table" as const,
            columns: ["would have been safe to automate", "on", "runs", "waited for approval"],
            rows: safeToAutomate.map(({ runbook, kind, environment, runs, waited }) => [
              ...[runbook, [kind, environment].filter((part) => part !== undefined && part !== "").join(", ")],
              ...[String(runs), formatDuration(waited)],
            ]),
          },
    ],
  };
}

function people(counts: AuditReport["requesters"]): string {
  return counts.length === 0 ? "nobody" : counts.map(({ name, count }) => `${name} (${count})`).join(", ");
}
