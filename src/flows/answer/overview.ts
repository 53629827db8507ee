import { type Answer, answerOf, askButton, type Value } from "../../core/answer.ts";
import type { Entity } from "../../core/catalogue.ts";
import { stateQuery } from "../../core/concept.ts";
import { sayTime } from "../../core/zone.ts";
import { inertName } from "../../util/inert.ts";
import { filtersFor, findTrouble, linesOf } from "./findings.ts";
import { rowsOf, say, valuesOf } from "./rows.ts";
import { scopeOf } from "./scope.ts";
import type { Turn } from "./turn.ts";

const SHOWN = 15;

/** State of everything, or of the things a question names: what is wrong first, and what was checked. */
export async function overview(turn: Turn): Promise<Answer> {
  const scope = scopeOf(turn.read);
  const [trouble, signals] = await Promise.all([
    findTrouble(turn, scope),
    scope.length === 0 ? [] : keySignals(turn, scope),
  ]);
  const lines = linesOf(trouble.found);
  const name = scope.length === 0 ? "" : inertName(scope[0]?.name ?? "");
  const when = turn.read.at === undefined ? "" : ` at ${sayTime(turn.read.at.at, turn.now, turn.zone)}`;
  const critical = trouble.found.filter((one) => one.rank <= 1).length;
  const place = name === "" ? "" : ` with ${name}`;
  const failed =
    trouble.failed.length === 0
      ? []
      : [
          `Could not check: ${trouble.failed.slice(0, 6).join(", ")}${trouble.failed.length > 6 ? ` and ${trouble.failed.length - 6} more` : ""}.`,
        ];
  const values: Value[] = [
    ...signals.flatMap((signal) => signal.values),
    { name: "things wrong", value: lines.length, unit: "count", labels: {}, at: turn.now },
  ];
  const base = {
    values,
    notes: [...failed, `Checked: alerts and ${trouble.checked} limits${scope.length === 0 ? "" : ` for ${name}`}.`],
  };
  const signalLines = signals.map((signal) => signal.line);
  if (trouble.failed.length > 0 && trouble.checked === 0 && !trouble.alertsKnown) {
    return answerOf("I could not ask Prometheus, so I cannot tell how things are.", {
      tone: "danger",
      details: turn.ask.degraded.slice(0, 2),
      notes: ["This says nothing about the system itself."],
    });
  }
  if (lines.length === 0 && (trouble.checked === 0 || !trouble.alertsKnown || trouble.failed.length > 0)) {
    const why =
      trouble.alertsKnown && trouble.failed.length === 0 ? "no check has data" : "not everything could be asked";
    return answerOf(`Nothing wrong found${place}${when}, but I cannot call it healthy: ${why}.`, {
      ...base,
      tone: "warning",
      details: trouble.checked === 0 ? ["Prometheus answered without any current series for it."] : [],
      list: signalLines,
      next: [askButton("Which targets are down?"), askButton("Show active alerts")],
    });
  }
  if (lines.length === 0) {
    return answerOf(
      `${name === "" ? "All looks healthy" : `${name} looks healthy`}${when}: no alert fires and nothing checked is beyond its limit.`,
      {
        ...base,
        tone: "good",
        list: signalLines,
        next: [askButton("Anything unusual?", name === "" ? "anything unusual?" : `is anything unusual with ${name}?`)],
      },
    );
  }
  const shown = turn.read.brief ? 5 : SHOWN;
  const verdict = turn.read.brief
    ? `${lines.length} thing${lines.length === 1 ? "" : "s"} wrong${place}${when}; worst: ${lines[0]}.`
    : `${lines.length} thing${lines.length === 1 ? "" : "s"} need${lines.length === 1 ? "s" : ""} attention${place}${when}${critical > 0 ? `, ${critical} of them serious` : ""}.`;
  return answerOf(verdict, {
    ...base,
    tone: critical > 0 ? "danger" : "warning",
    details: signalLines,
    list:
      lines.length > shown
        ? [
            ...lines.slice(turn.read.brief ? 1 : 0, shown),
            `… and ${lines.length - shown} more; ask for one service, host or namespace, or show active alerts.`,
          ]
        : lines,
    next: [
      askButton(`Why? (${trouble.found[0]?.subject ?? ""})`, `why: ${trouble.found[0]?.subject ?? ""}`),
      askButton("Show active alerts"),
      askButton("What changed today?", "deployments today"),
    ],
  });
}

const SIGNALS = [
  "service.requests",
  "service.errors",
  "service.latency",
  "host.cpu",
  "host.memory",
  "host.disk",
  "pod.memory",
  "queue.depth",
  "queue.consumers",
  "deployment.available",
  "pod.count",
  "pod.restarts",
  "probe.up",
  "cert.expiry",
  "ci.status",
  "pg.connections",
  "deploy.version",
];

type Signal = { readonly line: string; readonly values: readonly Value[] };

/** The golden signals of one thing, as they are now. */
export async function keySignals(turn: Turn, scope: readonly Entity[]): Promise<Signal[]> {
  const at = turn.read.at?.at ?? turn.ask.now;
  const signals = await Promise.all(
    SIGNALS.map(async (id): Promise<Signal[]> => {
      const bound = turn.index.byId.get(id);
      const filters = bound === undefined ? undefined : filtersFor(bound, scope);
      if (bound === undefined || filters === undefined || filters.length === 0) return [];
      const promql = stateQuery(bound, filters);
      const answer = await turn.ask.instant(promql, { at });
      if (!answer.ok) return [];
      const { rows } = rowsOf(bound, answer.data);
      if (rows.length === 0) return [];
      const label = id === "service.latency" ? "p95 latency" : bound.concept.name;
      if (bound.concept.shows !== undefined)
        return [
          {
            line: `${label}: ${rows.map((row) => inertName(row.labels[bound.concept.shows ?? ""] ?? "")).join(", ")}.`,
            values: [],
          },
        ];
      const said =
        rows.length === 1
          ? say(bound, rows[0]?.value ?? Number.NaN)
          : rows
              .slice(0, 4)
              .map((row) => `${row.name} ${say(bound, row.value)}`)
              .join(", ") + (rows.length > 4 ? `, and ${rows.length - 4} more` : "");
      return [{ line: `${label}: ${said}.`, values: valuesOf(bound, rows) }];
    }),
  );
  return signals.flat();
}
