import type { Block, Card } from "../core/card.ts";
import type { ChanceScore } from "../core/ci/chance.ts";
import type { Dora } from "../core/ci/dora.ts";
import type { Run } from "../core/ci/run.ts";
import type { DoraRow } from "../core/ci/teams.ts";
import { formatDuration, formatValue } from "../core/units.ts";
import { sayTime } from "../core/zone.ts";
import { inertName } from "../util/inert.ts";
import { plural } from "./plural.ts";

/** Pipelines, and what they deliver, as messages. */

/** One pipeline on one branch. */
export type PipelineLine = {
  readonly newest: Run;
  /** Runs within the stretch that ended well or badly, and those of them that failed. */
  readonly runs: number;
  readonly failed: number;
  /** Median seconds of a successful run. Undefined where none ended well, or none told when it began. */
  readonly typical: number | undefined;
  /** Probability that the next run fails. */
  readonly chance: number;
};

export type PipelinesContext = {
  readonly now: number;
  readonly zone: string;
  readonly days: number;
  readonly project: string | undefined;
  /** How such probabilities did, over all lines together. */
  readonly score: ChanceScore | undefined;
};

const SHOWN = 20;
const NONE_KNOWN: readonly Block[] = [
  {
    kind: "text",
    text: "Pipelines tell of their runs by a webhook: POST /webhooks/ci. The README says how, under CI and deployments.",
  },
];

/** Each pipeline with its newest run: those that fail first, then main branches, then the newest. */
export function pipelinesCard(lines: readonly PipelineLine[], context: PipelinesContext): Card {
  const { now, zone, days, project, score } = context;
  if (lines.length === 0)
    return project === undefined
      ? { title: `No pipeline told of a run in ${days} days.`, tone: "info", blocks: NONE_KNOWN }
      : {
          title: `No pipeline of ${inertName(project, { max: 80 })} told of a run in ${days} days.`,
          tone: "info",
          blocks: [{ kind: "note", text: "`ci` shows all that did." }],
        };
  const isRed = ({ newest }: PipelineLine) => newest.outcome === "failure";
  const main = lines.filter(({ newest }) => newest.isMain);
  const red = main.filter(isRed).length;
  const sorted = [...lines].sort(
    (a, b) =>
      Number(b.newest.isMain) - Number(a.newest.isMain) ||
      Number(isRed(b)) - Number(isRed(a)) ||
      b.newest.endedAt - a.newest.endedAt,
  );
  const rows = sorted
    .slice(0, SHOWN)
    .map(({ newest, runs, failed, typical, chance }) => [
      inertName(`${newest.project} ${newest.pipeline}`, { max: 80 }),
      inertName(newest.branch, { max: 40 }),
      `${{ success: "ok", failure: "failed", cancelled: "cancelled" }[newest.outcome]}, ${sayTime(newest.endedAt, now, zone)}`,
      `${failed} of ${runs}`,
      typical === undefined ? "not known" : formatValue(typical, "seconds"),
      chance < 0.01 ? "under 1 %" : `${Math.round(chance * 100)} %`,
    ]);
  const title =
    main.length === 0
      ? `${lines.length} ${plural(lines.length, "pipeline")}, none of a main branch.`
      : red === 0
        ? `All ${main.length} ${plural(main.length, "pipeline")} of main branches ended well last.`.replace(
            /^All 1 pipeline of main branches/,
            "The one pipeline of a main branch",
          )
        : `${red} of ${main.length} ${plural(main.length, "pipeline")} of main branches ${red === 1 ? "fails" : "fail"}.`;
  return {
    title,
    tone: red > 0 ? "warning" : "good",
    blocks: [
      {
        kind: "table",
        columns: ["pipeline", "branch", "last run", `failed in ${days} d`, "usual time", "next fails"],
        rows,
      },
      ...(lines.length > SHOWN
        ? [{ kind: "note" as const, text: `${lines.length - SHOWN} more. One project: ci PROJECT` }]
        : []),
      ...(score === undefined ? [] : [{ kind: "note" as const, text: sayScore(score) }]),
      { kind: "note", text: "Told by the pipelines themselves." },
    ],
  };
}

/** "How good “next fails” is: Brier score 0.041 over 312 runs, against 0.062 for always saying the share that failed (0 is best)." */
function sayScore({ runs, brier, base }: ChanceScore): string {
  return `How good “next fails” is: Brier score ${brier.toFixed(3)} over ${runs} ${plural(runs, "run")}, against ${base.toFixed(3)} for always saying the share that failed before (0 is best).`;
}

export type DoraContext = {
  readonly days: number;
  /** Seconds since the first deployment in that time: rates of a bot that was told of none before are too small. */
  readonly ago: number;
  /** Environments that count. */
  readonly environments: readonly string[];
  /** None of them is called production. */
  readonly isAnywhere: boolean;
};

/** The four figures of all together, and of each project and team. */
export function doraCard(
  all: Dora,
  rows: readonly DoraRow[],
  { days, ago, environments, isAnywhere }: DoraContext,
): Card {
  if (all.deployments + all.failed === 0)
    return { title: `No deployment was told of in ${days} days.`, tone: "info", blocks: NONE_KNOWN };
  const shown =
    rows.length > 1 ? [...rows].sort((a, b) => b.dora.deployments - a.dora.deployments).slice(0, SHOWN) : [];
  const named = environments.map((one) => inertName(one, { max: 40 })).join(", ");
  return {
    title: `In ${days} ${plural(days, "day")}: ${all.deployments} ${plural(all.deployments, "deployment")} (${sayRate(all.perDay)})${sayFailed(all)}.`,
    tone: "info",
    blocks: [
      {
        kind: "table",
        columns: ["project", "deployments", "commit to deployed", "failed", "until well again"],
        rows: [
          ...shown.map(({ name, kind, dora }) => ({ name: kind === "team" ? `team ${name}` : name, dora })),
          { name: "all", dora: all },
        ].map(({ name, dora }) => [
          inertName(name, { max: 80 }),
          `${dora.deployments} (${sayRate(dora.perDay)})`,
          dora.leadSeconds === undefined ? "not known" : formatDuration(Math.round(dora.leadSeconds)),
          dora.failedShare === undefined ? "none" : `${dora.failed} (${formatValue(dora.failedShare, "ratio")})`,
          dora.restoreSeconds === undefined ? "none ended" : formatDuration(Math.round(dora.restoreSeconds)),
        ]),
      },
      ...(rows.length > SHOWN
        ? [
            {
              kind: "note" as const,
              text: `${rows.length - SHOWN} more with fewer deployments are in the last line alone.`,
            },
          ]
        : []),
      {
        kind: "note",
        text: `The first of them was ${formatDuration(Math.max(60, Math.round(ago / 60) * 60), { parts: 1 })} ago. Deployments to ${named}${isAnywhere ? ", since no environment is called production" : ""}. Times are medians. Failed: the run failed, an incident about that service began within an hour of it (near in time, which is no proof), or the version before it was brought back.`,
      },
    ],
  };
}

/** ", 20 % of them failed"; "; 33.3 % of 3 tries failed" where some did not arrive. */
function sayFailed({ deployments, tries, failedShare }: Dora): string {
  if (failedShare === undefined) return "";
  const share = formatValue(failedShare, "ratio");
  return tries === deployments ? `, ${share} of them failed` : `; ${share} of ${tries} tries failed`;
}

/** "1.4 a day", "2.1 a week". */
function sayRate(perDay: number): string {
  return perDay >= 1 ? `${Number(perDay.toPrecision(2))} a day` : `${Number((perDay * 7).toPrecision(2))} a week`;
}
