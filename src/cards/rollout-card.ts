import type { Block, Card, EvidenceLine } from "../core/card.ts";
import type { Rollout, Signal } from "../core/rollout/rollout.ts";
import { formatDuration, formatValue, type Unit } from "../core/units.ts";
import { sayMoment, sayTime } from "../core/zone.ts";
import { inertName } from "../util/inert.ts";

/** A deployment and what it made better or worse, as a message. */

export type RolloutContext = {
  readonly now: number;
  readonly zone: string;
  readonly linkTo?: (
    promql: string,
    window: { readonly start: number; readonly end: number; readonly step: number },
  ) => string | undefined;
};

const TONES = { worse: "danger", better: "good", same: "good", none: "info" } as const;

export function rolloutCard(one: Rollout, context: RolloutContext): Card {
  const compared = one.signals.filter(({ verdict }) => verdict !== "none");
  const missing = one.signals.filter(({ verdict }) => verdict === "none");
  return {
    title: rolloutTitle(one, context),
    tone: TONES[one.verdict],
    blocks: [
      ...(compared.length === 0
        ? []
        : [
            {
              kind: "table" as const,
              columns: ["measure", ...columnsOf(one), "verdict"],
              rows: compared.map((signal) => [
                signal.name,
                say(signal, signal.old),
                say(signal, signal.young),
                signal.verdict,
              ]),
            },
          ]),
      ...chartOf(one),
      ...backOf(one),
      { kind: "evidence", items: compared.flatMap((signal) => evidenceOf(one, signal, context)) },
      { kind: "note", text: noteOf(one, missing, context) },
    ],
  };
}

/** "orders v1 → v2 is worse than before: error ratio 4.2 %, 0.3 % before", as lists and titles have it. */
export function rolloutTitle(one: Rollout, { now, zone }: Pick<RolloutContext, "now" | "zone">): string {
  const name = nameOf(one);
  const when = sayMoment(one.at, now, zone);
  const isBeside = one.how === "versions";
  if (one.verdict === "none")
    return one.looks === 0
      ? `${name}, deployed ${when}: not compared yet`
      : `${name}, deployed ${when}, cannot be compared with what was before`;
  if (one.verdict === "same") return `${name} does as well ${isBeside ? "as the version beside it" : "as before"}`;
  const said = one.signals.filter(({ verdict }) => verdict === one.verdict).slice(0, 2);
  const than = isBeside ? "than the version beside it" : "than before";
  return `${name} is ${one.verdict} ${than}: ${said.map(sayChange).join(", ")}`;
}

/** "orders v1 → v2". */
function nameOf({ service, from, to }: Rollout): string {
  const [old, young] = [from, to].map((version) => version && inertName(version, { max: 40 }));
  const version = young === undefined ? "" : old === undefined ? ` ${young}` : ` ${old} → ${young}`;
  return `${inertName(service, { max: 80 })}${version}`;
}

function sayChange(signal: Signal): string {
  const where = signal.oldPromql === undefined ? "before" : "there";
  return `${signal.name} ${say(signal, signal.young)}, ${say(signal, signal.old)} ${where}`;
}

function say({ unit, noun }: Signal, value: number | undefined): string {
  return value === undefined ? "no value" : formatValue(value, unit as Unit, { noun });
}

function columnsOf({ how, from, to }: Rollout): readonly [string, string] {
  if (how === "versions") return [inertName(from ?? "old", { max: 24 }), inertName(to ?? "new", { max: 24 })];
  return ["before", "since"];
}

/** The measure that decided. */
function chartOf(one: Rollout): Block[] {
  const drawn = one.signals.find(({ verdict }) => verdict === one.verdict && verdict !== "none");
  if (drawn === undefined || drawn.points.young.length < 2) return [];
  const [old, young] = columnsOf(one);
  return [
    {
      kind: "chart",
      chart: {
        title: `${drawn.name} of ${inertName(one.service, { max: 80 })}`,
        unit: drawn.unit,
        series: [
          { name: old, points: drawn.points.old },
          { name: young, points: drawn.points.young },
        ],
        events: [{ at: one.at, name: inertName(one.to ?? "deployed", { max: 40 }) }],
      },
    },
  ];
}

function backOf({ back, verdict, service }: Rollout): Block[] {
  if (back === undefined || verdict !== "worse") return [];
  if ("proposal" in back)
    return [
      {
        kind: "text",
        text: `Bringing the version before it back is proposed as ${back.proposal}: nothing is changed until it is approved.`,
      },
    ];
  const ask = { kind: "ask" as const, text: `what changed in ${service}?` };
  return [
    { kind: "text", text: `I propose no way back: ${inertName(back.why, { max: 300 })}` },
    { kind: "buttons", buttons: [{ label: "What changed?", style: "plain", action: ask }] },
  ];
}

function evidenceOf(
  { source, at, how, lookedAt = at }: Rollout,
  { promql, oldPromql }: Signal,
  { linkTo }: RolloutContext,
): EvidenceLine[] {
  const start = how === "versions" ? at : at - 1800;
  return [oldPromql, promql].flatMap((query) => {
    if (query === undefined) return [];
    const url = linkTo?.(query, { start, end: lookedAt, step: 60 });
    return [{ promql: query, source, ...(url !== undefined && { url }) }];
  });
}

function noteOf(one: Rollout, missing: readonly Signal[], { now, zone }: RolloutContext): string {
  const { at, lookedAt = at, how } = one;
  if (one.signals.length === 0)
    return `Deployed at ${sayTime(at, now, zone)}. No measure of this service is known to me.`;
  const span = formatDuration(Math.max(60, Math.round((lookedAt - at) / 60) * 60));
  const compared =
    how === "versions"
      ? `Medians of both versions at the same time, ${span} since the deployment at ${sayTime(at, now, zone)}.`
      : `Medians of the half hour before the deployment at ${sayTime(at, now, zone)} and of the ${span} since; what else changed meanwhile is in it too.`;
  const none = missing.map(({ name, why }) => `${name}: ${inertName(why ?? "no values", { max: 120 })}`);
  const rest = none.length === 0 ? "" : ` Not compared: ${none.join("; ")}.`;
  return `${compared}${rest} Different is what is so by Mann and Whitney's test, and by enough to matter.`;
}
