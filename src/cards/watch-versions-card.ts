import type { Gate, Trial } from "../core/anomaly/versions.ts";
import type { Card } from "../core/card.ts";
import { formatDuration } from "../core/units.ts";
import { type DriftFound, LEARN_AGAIN_SECONDS, type ModelVersion, type WatchModel } from "../core/watch/model.ts";
import { sayMoment, sayTime } from "../core/zone.ts";
import { inertName } from "../util/inert.ts";

type Context = { readonly now: number; readonly zone: string };

/** Every version of what judges a watch, the newest first, with its gate and what became of it. */
export function versionsCard(model: WatchModel, context: Context): Card {
  const { watch, versions, drift, tried } = model;
  const active = versions.find(({ status }) => status === "active");
  const shadow = versions.find(({ status }) => status === "shadow");
  const beside = shadow === undefined ? "" : `; version ${shadow.number} runs beside it`;
  const name = inertName(watch, { max: 120 });
  const isOnlyFirst = versions.length === 1;
  const next = (tried?.at ?? model.madeAt) + LEARN_AGAIN_SECONDS;
  return {
    title: `Watch ${name} is judged by version ${active?.number ?? 1}${beside}.`,
    tone: "info",
    blocks: [
      { kind: "list", items: versions.toReversed().map((one) => sayVersion(one, context)) },
      ...(drift === undefined ? [] : [{ kind: "note" as const, text: sayDrift(drift, context) }]),
      ...(tried?.problem === undefined
        ? []
        : [
            {
              kind: "note" as const,
              text: `Learning it anew did not work ${sayMoment(tried.at, context.now, context.zone)}: ${inertName(tried.problem, { max: 300 })}`,
            },
          ]),
      {
        kind: "note",
        text: `${isOnlyFirst ? "It was not learnt anew yet. " : ""}It is learnt anew every week and on drift, next about ${time(Math.max(context.now, next), context)}.${isOnlyFirst ? "" : ` Back to an earlier one: smartcloudops watches rollback ${name} VERSION.`}`,
      },
    ],
  };
}

/** "v3 in force since 14:05 UTC: learnt …" */
export function sayVersion(version: ModelVersion, context: Context): string {
  const { number, why, learnt, threshold, gate, shadow, by } = version;
  const made =
    learnt === undefined
      ? "learnt as it goes, since it was first seen"
      : `learnt from ${formatDuration(learnt.to - learnt.from, { parts: 1 })} of ${learnt.series} series, ${WHY[why]}`;
  const moved = threshold === 1 ? "" : `; threshold × ${threshold}`;
  const tested = gate === undefined ? "" : `. ${sayGate(gate)}`;
  const beside =
    shadow === undefined || shadow.to === shadow.from
      ? ""
      : `. As a shadow it raised ${shadow.alerts} in ${formatDuration(shadow.to - shadow.from, { parts: 1 })}, the one in force ${shadow.activeAlerts}`;
  return `v${number} ${standing(version, context)}${by === undefined ? "" : ` (by ${inertName(by)})`}: ${made}${moved}${tested}${beside}.`;
}

const WHY: Readonly<Record<ModelVersion["why"], string>> = {
  first: "",
  weekly: "as every week",
  drift: "since they changed",
  asked: "as somebody asked",
};

function standing({ status, changedAt, madeAt }: ModelVersion, context: Context): string {
  switch (status) {
    case "active":
      return `in force since ${time(changedAt, context)}`;
    case "shadow":
      return `a shadow since ${time(madeAt, context)}`;
    case "refused":
      return `refused ${sayMoment(changedAt, context.now, context.zone)}`;
    case "retired":
      return `replaced ${sayMoment(changedAt, context.now, context.zone)}`;
  }
}

function sayGate({ candidate, current, failed }: Gate): string {
  const before = current === undefined ? "" : ` (the one then in force: ${sayTrial(current)})`;
  const why = failed
    .map(({ what, found, wanted }) =>
      what === "backtest"
        ? `${figure(found)} alerts a series and day, at most ${figure(wanted)} wanted`
        : `${NAMES[what]} ${figure(found)}, ${figure(wanted)} wanted`,
    )
    .join("; ");
  return `Gate ${failed.length === 0 ? "passed" : `not passed (${why})`}: ${sayTrial(candidate)}${before}`;
}

const NAMES = { f1: "F1", precision: "precision", recall: "recall" } as const;

function sayTrial({ f1, precision, recall, alertsADay }: Trial): string {
  return `F1 ${figure(f1)}, precision ${figure(precision)}, recall ${figure(recall)}, ${figure(alertsADay)} alerts a series and day`;
}

function sayDrift({ at, compared, drifted, inputs, scores, isDrift }: DriftFound, context: Context): string {
  const when = time(at, context);
  if (compared === 0)
    return `Whether its series changed in kind could not be told at ${when}: the same day of the week before has too little.`;
  const most =
    inputs === undefined || drifted === 0
      ? ""
      : `, at most by ${figure(Math.abs(inputs.shift))} deviations (p ${figure(inputs.p)})`;
  const score = scores?.isDrift === true ? " Its scores changed too." : "";
  return `${isDrift ? "It drifted" : "No drift"}: ${drifted} of ${compared} series differ from the same day a week before${most}, measured ${when}.${score}`;
}

function figure(value: number): string {
  return String(Number(value.toPrecision(2)));
}

function time(at: number, { now, zone }: Context): string {
  return sayTime(at, now, zone);
}
