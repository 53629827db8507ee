import { type Answer, answerOf, askButton } from "../../core/answer.ts";
import type { Entity } from "../../core/catalogue.ts";
import { escapeRegex, quote } from "../../core/concept.ts";
import { isHeartbeat as isHeartbeatName } from "../../core/incident/heartbeat.ts";
import { fold } from "../../core/language/normalise.ts";
import { shortName } from "../../core/names.ts";
import { formatDuration } from "../../core/units.ts";
import { sayTime } from "../../core/zone.ts";
import type { PrometheusAlert } from "../../ports/metrics.ts";
import { RefusedError, UnreachableError } from "../../util/errors.ts";
import { inert, inertName } from "../../util/inert.ts";
import { sayWindow } from "./query.ts";
import { scopeOf } from "./scope.ts";
import type { Turn } from "./turn.ts";

const SEVERITY_ORDER = ["critical", "page", "error", "high", "warning", "warn", "medium", "info", "low", "none"];

/** Alerts that exist to fire for ever, as a sign of life. Never counted as trouble. */
export function isHeartbeat({ name }: Pick<PrometheusAlert, "name">): boolean {
  return isHeartbeatName(name);
}

/** All alerts of the source, or the reason why they cannot be known. Alerts of the rule API; without one, the ALERTS series. */
export async function activeAlerts(
  turn: Turn,
): Promise<
  { readonly ok: true; readonly alerts: readonly PrometheusAlert[] } | { readonly ok: false; readonly reason: string }
> {
  if (Math.abs(turn.ask.now - turn.now) > 1 || turn.read.at !== undefined) return alertsFromSeries(turn);
  try {
    const alerts = await turn.ask.source.alerts(turn.signal);
    if (alerts.length > 0) {
      await turn.ask.instant(ALERTS_QUERY);
      return { ok: true, alerts };
    }
  } catch (error) {
    if (!(error instanceof UnreachableError) && !(error instanceof RefusedError)) throw error;
  }
  return alertsFromSeries(turn);
}

const ALERTS_QUERY = "ALERTS";

async function alertsFromSeries(turn: Turn): Promise<Awaited<ReturnType<typeof activeAlerts>>> {
  const answer = await turn.ask.instant(ALERTS_QUERY, { at: turn.read.at?.at ?? turn.ask.now });
  if (!answer.ok) return { ok: false, reason: answer.reason };
  return {
    ok: true,
    alerts: answer.data.map(({ labels }) => {
      const { __name__, alertname = "", alertstate, severity = "none", ...rest } = labels;
      return {
        name: alertname,
        state: alertstate === "pending" ? "pending" : "firing",
        severity,
        labels: rest,
        summary: "",
        activeAt: 0,
      };
    }),
  };
}

/** Which alerts fire or are pending, all or about one thing. */
export async function alerts(turn: Turn): Promise<Answer> {
  const { read, now, zone } = turn;
  const past =
    read.window !== undefined && !/\b(?:now|active|firing|currently)\b/i.test(read.plain)
      ? await firedWithin(turn, read.window)
      : undefined;
  if (past !== undefined) return past;
  const found = await activeAlerts(turn);
  if (!found.ok)
    return answerOf("I could not ask Prometheus for its alerts.", {
      tone: "danger",
      details: [found.reason, "This does not mean that nothing fires."],
    });
  const wantsPending = /\bpending\b|about to fire|ausstehend|pendiente|en attente|pendente/i.test(read.plain);
  const named = found.alerts
    .filter(
      (alert) =>
        !isHeartbeat(alert) ||
        !/\b(?:not|aside|apart|except|without|besides|excluding|ignor\w*|ohne|sin|sans)\b/i.test(read.plain),
    )
    .filter((alert) => new RegExp(`(?<![\\w-])${escapeRegex(alert.name)}(?![\\w-])`, "i").test(read.text));
  const severity = named.length > 0 ? undefined : severityMeant(turn);
  const things = scopeOf(read);
  const asked = /\b[A-Z][a-z0-9]+(?:[A-Z][a-z0-9]*)+\b/.exec(read.text)?.[0];
  if (named.length === 0 && asked !== undefined && read.mentions.every((mention) => mention.text !== asked)) {
    return answerOf(`No: ${inertName(asked)} is not active, neither firing nor pending.`, {
      tone: "good",
      values: [{ name: `${asked} active`, value: 0, unit: "count", labels: {}, at: now }],
      next: [askButton("Show active alerts")],
    });
  }
  let chosen = found.alerts.filter((alert) => !isHeartbeat(alert) || named.includes(alert));
  if (named.length > 0) chosen = named;
  if (severity !== undefined) chosen = chosen.filter((alert) => severity.includes(alert.severity.toLowerCase()));
  const narrowed = things.length > 0 && named.length === 0;
  if (narrowed) chosen = chosen.filter((alert) => things.some((thing) => isAbout(alert, thing)));
  const state = wantsPending ? "pending" : "firing";
  const all = chosen;
  chosen = named.length > 0 ? chosen : chosen.filter((alert) => alert.state === state);
  const byAge = /\b(?:oldest|longest|alteste\w*|mas antigua|plus ancienne|mais antig\w*)\b/i.test(fold(read.plain))
    ? 1
    : /\b(?:newest|latest|most recent\w*|last alert|neueste\w*|mas reciente|plus recente|mais recente)\b/i.test(
          fold(read.plain),
        )
      ? -1
      : 0;
  if (byAge !== 0) {
    const [one] = [...chosen].filter((alert) => alert.activeAt > 0).sort((a, b) => byAge * (a.activeAt - b.activeAt));
    chosen = one === undefined ? chosen : [one];
  }
  const ordered = [...chosen].sort(
    (a, b) => severityRank(a) - severityRank(b) || b.activeAt - a.activeAt || a.name.localeCompare(b.name),
  );
  const words = `${severity === undefined ? "" : `${severity[0]} `}`;
  const place = narrowed
    ? ` for ${[...new Set(read.mentions.map((mention) => inertName(mention.entities[0]?.name ?? mention.text)))].join(", ")}`
    : "";
  const values = [{ name: `alerts ${state}`, value: ordered.length, unit: "count", labels: {}, at: now }];
  const pending = all.filter((alert) => alert.state === "pending").length;
  const heartbeats = found.alerts.filter(isHeartbeat).length;
  const notes = [
    ...(wantsPending || pending === 0 || named.length > 0 ? [] : [`${pending} more pending, not firing yet.`]),
    ...(heartbeats > 0 && !narrowed && severity === undefined
      ? ["The always-firing heartbeat alert is not counted."]
      : []),
  ];
  const next = [
    askButton("What is unusual right now?"),
    ...(ordered[0] === undefined ? [] : [askButton(`Why ${ordered[0].name}?`, whyText(ordered[0]))]),
  ];
  if (ordered.length === 0) {
    return answerOf(`No ${words}alerts are ${state}${place}${whenWords(turn)}.`, {
      tone: "good",
      values,
      notes,
      next: [askButton("Status of everything", "status")],
    });
  }
  const [only] = ordered;
  const asksWhen =
    /\b(since when|how long|when did|seit wann|wie lange|desde cuando|depuis quand|desde quando|started)\b/i.test(
      read.plain,
    );
  if (only !== undefined && (ordered.length === 1 || asksWhen) && only.activeAt > 0) {
    const since = `since ${sayTime(only.activeAt, now, zone)} (${formatDuration(Math.round(now - only.activeAt))})`;
    const rest = ordered.slice(1);
    return answerOf(
      `${/^\s*(is|are|any)\b/i.test(read.plain) ? "Yes: " : ""}${only.name} is ${only.state} ${since}${place}: ${about(only)}.`,
      {
        tone: toneFor(ordered),
        values: [
          ...values,
          { name: `${only.name} for`, value: now - only.activeAt, unit: "seconds", labels: only.labels, at: now },
        ],
        details: [...(only.summary === "" ? [] : [inert(only.summary)]), `Severity ${inertName(only.severity)}.`],
        list: rest.map((alert) => line(turn, alert)),
        notes,
        next,
      },
    );
  }
  return answerOf(
    `${ordered.length} ${words}alert${ordered.length === 1 ? " is" : "s are"} ${state}${place}${whenWords(turn)}${bySeverity(ordered)}.`,
    {
      tone: toneFor(ordered),
      values,
      list: ordered.slice(0, 40).map((alert) => line(turn, alert)),
      notes:
        ordered.length > 40 ? [...notes, `${ordered.length - 40} more; ask for one severity, service or host.`] : notes,
      next,
    },
  );
}

/** Seconds: two evaluations of a rule at the usual minute each. */
const STILL_FIRING = 120;

/** Alerts that fired within a window of the past, from the ALERTS series; those named, or all. */
async function firedWithin(
  turn: Turn,
  window: { readonly from: number; readonly to: number },
): Promise<Answer | undefined> {
  const { read, ask, now, zone } = turn;
  const end = Math.min(window.to, now);
  const step = Math.max(60, Math.ceil((end - window.from) / 600 / 60) * 60);
  const steps = Math.max(1, Math.ceil((end - window.from) / step));
  const name = /\b[A-Z][a-z0-9]+(?:[A-Z][a-z0-9]*)+\b/.exec(read.text)?.[0];
  const severity = name === undefined ? severityMeant(turn) : undefined;
  const selector = `ALERTS{alertstate="firing"${name === undefined ? "" : `,alertname=${quote(name)}`}}`;
  // Each point says when the series was last seen in the step before it, so that no alert is too short to be found.
  const lastSeen = `max_over_time(timestamp(${selector})[${step}s:${Math.max(15, Math.round(step / 100))}s])`;
  const answer = await ask.range(lastSeen, { start: end - (steps - 1) * step, end, step });
  if (!answer.ok)
    return answerOf("I could not ask Prometheus which alerts fired then.", {
      tone: "danger",
      details: [answer.reason],
    });
  const things = scopeOf(read);
  const spans = answer.data
    .map(({ labels, points }) => {
      const { __name__, alertname = "", alertstate, severity = "none", ...rest } = labels;
      const alert: PrometheusAlert = {
        name: alertname,
        state: "firing",
        severity,
        labels: rest,
        summary: "",
        activeAt: Math.max(window.from, (points[0]?.[0] ?? end) - step),
      };
      return { alert, last: points.at(-1)?.[1] ?? end };
    })
    .filter(({ last }) => last >= window.from)
    .filter(({ alert }) => !isHeartbeat(alert) || name !== undefined)
    .filter(({ alert }) => severity === undefined || severity.includes(alert.severity.toLowerCase()))
    .filter(({ alert }) => things.length === 0 || things.some((thing) => isAbout(alert, thing)))
    .sort((a, b) => a.alert.activeAt - b.alert.activeAt);
  const when = sayWindow(window.from, end, now, zone);
  const words = severity === undefined ? "" : `${severity[0]} `;
  const values = [{ name: "alerts that fired", value: spans.length, unit: "count", labels: {}, at: end }];
  if (spans.length === 0)
    return answerOf(
      `No: ${name === undefined ? `no ${words}alert` : inertName(name)} ${name === undefined ? "fired" : "did not fire"} ${when}.`,
      { tone: "good", values },
    );
  const sayFired = ({ alert, last }: (typeof spans)[number]): string =>
    `${inertName(alert.name)} (${inertName(alert.severity)}): ${about(alert)}, ${sayTime(alert.activeAt, now, zone)} ${last >= now - STILL_FIRING ? "until now" : `to ${sayTime(last, now, zone)}`}`;
  const lead = read.yesNo ? "Yes: " : "";
  return answerOf(
    `${lead}${name === undefined ? `${spans.length} ${words}alert${spans.length === 1 ? "" : "s"}` : inertName(name)} fired ${when}.`,
    {
      tone: "warning",
      values,
      list: spans.slice(0, 40).map(sayFired),
      notes: spans.length > 40 ? [`${spans.length - 40} more.`] : [],
    },
  );
}

function whenWords(turn: Turn): string {
  return turn.read.at === undefined ? "" : ` at ${sayTime(turn.read.at.at, turn.now, turn.zone)}`;
}

function line(turn: Turn, alert: PrometheusAlert): string {
  const since = alert.activeAt > 0 ? `, since ${sayTime(alert.activeAt, turn.now, turn.zone)}` : "";
  return `${inertName(alert.name)} (${inertName(alert.severity)}): ${about(alert)}${since}`;
}

/** What the alert is about, by its labels. */
export function about(alert: PrometheusAlert): string {
  const { severity: _, alertname: _name, ...labels } = alert.labels;
  const parts = Object.entries(labels)
    .filter(([label]) => !["job", "prometheus", "container", "namespace", "endpoint"].includes(label))
    .map(([label, value]) => shortName(label, value));
  return parts.join(" ") || "everything";
}

export function isAbout(alert: PrometheusAlert, thing: Entity): boolean {
  const name = thing.name.toLowerCase();
  return Object.entries(alert.labels).some(([label, value]) => {
    if (label === "severity" || label === "alertname") return false;
    const short = value
      .replace(/^https?:\/\//, "")
      .replace(/:\d+$/, "")
      .toLowerCase();
    return short === name || (label === "pod" && short.startsWith(`${name}-`));
  });
}

function bySeverity(list: readonly PrometheusAlert[]): string {
  const counts = new Map<string, number>();
  for (const alert of list) counts.set(alert.severity, (counts.get(alert.severity) ?? 0) + 1);
  if (counts.size < 2) return "";
  return ` (${[...counts]
    .sort(([a], [b]) => rankOf(a) - rankOf(b))
    .map(([severity, count]) => `${count} ${inertName(severity)}`)
    .join(", ")})`;
}

export function severityRank(alert: PrometheusAlert): number {
  return rankOf(alert.severity);
}

function rankOf(severity: string): number {
  const rank = SEVERITY_ORDER.indexOf(severity.toLowerCase());
  return rank < 0 ? SEVERITY_ORDER.length : rank;
}

function toneFor(list: readonly PrometheusAlert[]): "danger" | "warning" {
  return list.some((alert) => rankOf(alert.severity) <= 3 && alert.state === "firing") ? "danger" : "warning";
}

/** The severity asked for; "only those of checkout" after "critical alerts" still means critical ones. */
function severityMeant({ read }: Turn): readonly string[] | undefined {
  const said = severityIn(fold(read.plain));
  if (
    said !== undefined ||
    read.textBefore === undefined ||
    /\b(?:all|every|any|alle|tod[oa]s|tous|toutes)\b/i.test(read.plain)
  )
    return said;
  return severityIn(fold(read.textBefore));
}

function severityIn(text: string): readonly string[] | undefined {
  if (/\b(crits?|criticals?|kritisch\w*|critic[ao]s?|critiques?|p1|sev ?1|page|pages|paging)\b/i.test(text))
    return ["critical", "page"];
  if (/\b(warnings?|warnung(?:en)?|advertencias?|avertissements?|avisos?|sev ?2)\b/i.test(text))
    return ["warning", "warn"];
  if (/\binfo(?:rmational)?\b/i.test(text)) return ["info"];
  return undefined;
}

function whyText(alert: PrometheusAlert): string {
  return `why is ${alert.name} firing for ${about(alert)}`;
}

/** Silences of the Alertmanager, when one is configured. */
export async function silences(turn: Turn): Promise<Answer> {
  const { alertmanager, now, zone } = turn;
  if (alertmanager === undefined)
    return answerOf("I cannot list silences: no Alertmanager is configured.", {
      tone: "warning",
      details: ["Set ALERTMANAGER_URL to connect one."],
    });
  if (alertmanager === "closed")
    return answerOf("I may not list silences for you here.", {
      details: [
        "Alertmanager holds those of all sources together, and not all sources are open to you.",
        "The bot's owner can change that under `access` in its configuration.",
      ],
    });
  try {
    const active = (await alertmanager.silences(turn.signal)).filter((silence) => silence.endsAt > now);
    if (active.length === 0)
      return answerOf("No active silences: nothing is muted.", {
        tone: "good",
        next: [askButton("Show active alerts")],
      });
    return answerOf(`${active.length} active silence${active.length === 1 ? "" : "s"}.`, {
      values: [{ name: "active silences", value: active.length, unit: "count", labels: {}, at: now }],
      list: active.map(
        (silence) =>
          `${silence.matchers.map((one) => `${inertName(one.name)}${one.isEqual ? (one.isRegex ? "=~" : "=") : one.isRegex ? "!~" : "!="}${inertName(one.value)}`).join(", ")}: until ${sayTime(silence.endsAt, now, zone)}, by ${inertName(silence.createdBy)}`,
      ),
    });
  } catch (error) {
    if (!(error instanceof UnreachableError) && !(error instanceof RefusedError)) throw error;
    return answerOf("I could not ask the Alertmanager for its silences.", { tone: "danger", details: [error.message] });
  }
}
