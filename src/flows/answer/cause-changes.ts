import { type Answer, answerOf, askButton } from "../../core/answer.ts";
import { STEPS, stepsOf } from "../../core/cause/steps.ts";
import type { Deploy } from "../../core/deploy.ts";
import { sayTime } from "../../core/zone.ts";
import { inertName } from "../../util/inert.ts";
import { about, isHeartbeat } from "./alerts.ts";
import { deploysIn, sayDeploy, sayVersions } from "./cause-deploys.ts";
import { type Focus, nearness, ownsPod } from "./cause-focus.ts";
import { stepFor } from "./cause-signals.ts";
import { askedTime } from "./cause-symptom.ts";
import { sayWindow } from "./query.ts";
import type { Turn } from "./turn.ts";

const HOUR = 3600;
const DAY = 24 * HOUR;
const SHOWN = 16;

type Change = { readonly at: number; readonly text: string; readonly order: number };

/** "What changed?": deployments, pods that began to wait, scale changes, cordoned nodes, targets lost and new alerts, newest first. */
export async function changes(turn: Turn, focus: Focus): Promise<Answer> {
  const asked = askedTime(turn);
  const to = asked?.to ?? turn.ask.now;
  const from = asked?.from ?? to - DAY;
  const [deploys, steps, alerts] = await Promise.all([
    deploysIn(turn, from, to),
    stepChanges(turn, focus, from, to),
    newAlerts(turn, focus, from, to),
  ]);
  const about = focus.name === "" ? "" : ` of ${inertName(focus.name)}`;
  const own = (deploy: Deploy): boolean =>
    focus.name === "" || focus.names.has(deploy.service.toLowerCase()) || ownsPod(focus, deploy.service);
  const released = (deploys ?? []).filter(own);
  const list: Change[] = [
    ...released.map((deploy) => ({ at: deploy.at, text: `deployed: ${sayVersions(deploy)}`, order: 0 })),
    ...steps.found,
    ...alerts,
  ].sort((a, b) => b.at - a.at || a.order - b.order);
  const words = sayWindow(from, to, turn.now, turn.zone);
  if (deploys === undefined && steps.looked === 0)
    return answerOf("I could not ask Prometheus what changed.", {
      tone: "danger",
      details: turn.ask.degraded.slice(0, 2),
      notes: ["This says nothing about the system itself."],
    });
  const notes = [
    `Looked at: ${[...(deploys === undefined ? [] : ["deployments"]), ...steps.names, "alerts"].join(", ")}. Not looked at: configuration, code, logs, network.`,
  ];
  const values = [
    { name: "changes", value: list.length, unit: "count", labels: {}, at: to },
    ...released.map((deploy) => ({
      name: `deployment of ${inertName(deploy.service)}`,
      value: deploy.at,
      unit: "timestamp",
      labels: { service: deploy.service, ...(deploy.to === undefined ? {} : { version: deploy.to }) },
      at: deploy.at,
    })),
  ];
  if (list.length === 0)
    return answerOf(`No change${about} found ${words}: no deployment, no scale change, no new alert.`, {
      tone: "good",
      notes,
      values,
    });
  const [latest] = released;
  return answerOf(
    `${list.length} change${list.length === 1 ? "" : "s"}${about} ${words}${latest === undefined ? "; no deployment among them" : `; ${released.length} deployment${released.length === 1 ? "" : "s"}, the latest ${sayDeploy(turn, latest)}`}.`,
    {
      list: list
        .slice(0, turn.read.brief ? 5 : SHOWN)
        .map((change) => `${sayTime(change.at, turn.now, turn.zone)}: ${change.text}`),
      notes:
        list.length > SHOWN
          ? [`${list.length - SHOWN} earlier ones are not shown; ask for a shorter time.`, ...notes]
          : notes,
      values,
      next: [askButton("What is unusual right now?"), askButton("Show active alerts")],
    },
  );
}

async function stepChanges(
  turn: Turn,
  focus: Focus,
  from: number,
  to: number,
): Promise<{ readonly found: readonly Change[]; readonly looked: number; readonly names: readonly string[] }> {
  const step = stepFor(to - from);
  const names: string[] = [];
  const lists = await Promise.all([
    ...STEPS.map(async ({ id, say }): Promise<Change[]> => {
      const bound = turn.index.byId.get(id);
      if (bound === undefined) return [];
      const answer = await turn.ask.range(bound.metric.name, { start: from, end: to, step });
      if (!answer.ok) return [];
      names.push(bound.concept.name);
      const self = bound.names["self"] ?? "";
      return answer.data.flatMap(({ labels, points }) => {
        if (focus.name !== "" && nearness(focus, labels) < 0.9) return [];
        return stepsOf({ labels, points }, self, say).map((one) => ({ ...one, order: 1 }));
      });
    }),
    pods(turn, focus, from, to, step, names),
    flags(turn, focus, from, to, step, names),
  ]);
  return { found: lists.flat(), looked: names.length, names };
}

/** Pods that began to wait (CrashLoopBackOff, ImagePullBackOff, …) or restarted. */
async function pods(
  turn: Turn,
  focus: Focus,
  from: number,
  to: number,
  step: number,
  names: string[],
): Promise<Change[]> {
  const waiting = turn.index.byId.get("pod.waiting");
  if (waiting === undefined) return [];
  const answer = await turn.ask.range(`${waiting.metric.name} == 1`, { start: from, end: to, step });
  if (!answer.ok) return [];
  names.push("waiting pods");
  return answer.data.flatMap(({ labels, points }) => {
    const [begin] = points;
    if (begin === undefined || begin[0] <= from + step || (focus.name !== "" && !ownsPod(focus, labels["pod"] ?? "")))
      return [];
    return [
      {
        at: begin[0],
        text: `pod ${inertName(labels["pod"] ?? "")} in ${inertName(labels["reason"] ?? "waiting")}`,
        order: 1,
      },
    ];
  });
}

/** Feature flags that were switched. */
async function flags(
  turn: Turn,
  focus: Focus,
  from: number,
  to: number,
  step: number,
  names: string[],
): Promise<Change[]> {
  const metric = [...turn.catalogue.metrics.values()].find((one) => /feature_?flags?(_enabled)?$/.test(one.name));
  if (metric === undefined || focus.name !== "") return [];
  const answer = await turn.ask.range(metric.name, { start: from, end: to, step }, { background: true });
  if (!answer.ok) return [];
  names.push("feature flags");
  return answer.data.flatMap(({ labels, points }) =>
    points.flatMap(([at, value], index) => {
      const before = points[index - 1]?.[1] ?? value;
      return value === before
        ? []
        : [
            {
              at,
              text: `feature flag ${inertName(labels["flag"] ?? Object.values(labels).join(" "))} switched ${value === 0 ? "off" : "on"}`,
              order: 1,
            },
          ];
    }),
  );
}

/** Alerts that began to fire in that time. */
export async function newAlerts(turn: Turn, focus: Focus, from: number, to: number): Promise<Change[]> {
  if (turn.catalogue.metrics.get("ALERTS") === undefined) return [];
  const step = Math.max(300, Math.ceil((to - from) / 300 / 60) * 60);
  const answer = await turn.ask.range('ALERTS{alertstate="firing"}', { start: from - step, end: to, step });
  if (!answer.ok) return [];
  return answer.data.flatMap(({ labels, points }) => {
    const [begin] = points;
    const { alertname = "", severity = "", ...rest } = labels;
    const alert = { name: alertname, state: "firing" as const, severity, labels: rest, summary: "", activeAt: 0 };
    if (
      begin === undefined ||
      begin[0] <= from ||
      isHeartbeat(alert) ||
      (focus.name !== "" && nearness(focus, rest) < 0.9)
    )
      return [];
    const { __name__: _, alertstate: _state, ...shown } = rest;
    return [
      {
        at: begin[0],
        text: `alert ${inertName(alertname)} began to fire for ${about({ ...alert, labels: shown })}`,
        order: 2,
      },
    ];
  });
}
