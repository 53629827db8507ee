import { escapeRegex, matcher } from "../../core/concept.ts";
import { shortName } from "../../core/names.ts";
import { linearFit } from "../../core/stats.ts";
import { formatDuration, formatValue } from "../../core/units.ts";
import { sayTime } from "../../core/zone.ts";
import { inertName } from "../../util/inert.ts";
import type { Explanation, Search } from "./cause-explain.ts";
import { ownsPod } from "./cause-focus.ts";
import { daily, promqlOf } from "./cause-signals.ts";

const HOUR = 3600;
const DAY = 24 * HOUR;

/** Who takes the CPU of the nodes in question: the pod whose use grew most there. */
export async function neighbours({ turn, focus, symptom, at, nodeOf }: Search): Promise<readonly Explanation[]> {
  const cpu = turn.index.byId.get("pod.cpu");
  if (cpu === undefined || !["latency", "errors", "cpu", "crash", "memory", "other"].includes(symptom.family))
    return [];
  const places = new Set([
    ...focus.nodes,
    ...focus.entities
      .filter((entity) => ["node", "host", "instance"].includes(entity.kind))
      .map((entity) => entity.name.toLowerCase()),
  ]);
  if (places.size === 0) return [];
  const memory = turn.index.byId.get("pod.memory");
  const bound =
    symptom.family === "memory" && symptom.bound.concept.id.startsWith("host.") && memory !== undefined ? memory : cpu;
  const promql = promqlOf(bound, [], ["pod"]);
  const host = turn.index.byId.get("host.cpu");
  const [found, hosts] = await Promise.all([
    daily(turn, bound, promql, at),
    host === undefined ? undefined : daily(turn, host, promqlOf(host), at),
  ]);
  if (found === undefined) return [];
  const explanations: Explanation[] = [];
  for (const place of places) {
    const busy = hosts?.find((one) =>
      Object.entries(one.labels).some(([label, value]) => shortName(label, value).toLowerCase() === place),
    );
    const there = found.filter(
      (one) => shortName("node", nodeOf.get(one.labels["pod"] ?? "") ?? "").toLowerCase() === place,
    );
    const total = there.reduce((sum, one) => sum + one.after, 0);
    const [top] = [...there].sort((a, b) => b.after - b.before - (a.after - a.before));
    if (top === undefined || top.after - top.before <= 0 || total === 0) continue;
    const pod = top.labels["pod"] ?? "";
    const share = top.after / total;
    const crowded = busy === undefined || busy.after > 0.75 || bound === memory;
    if (share < 0.2 || top.strength < 0.15 || (ownsPod(focus, pod) && focus.nodes.size > 0 && !crowded)) continue;
    const used =
      bound.concept.unit === "bytes"
        ? formatValue(top.after, "bytes")
        : `${Number(top.after.toPrecision(3))} CPU cores`;
    const earlier =
      bound.concept.unit === "bytes" ? formatValue(top.before, "bytes") : String(Number(top.before.toPrecision(2)));
    const node = inertName(nodeOf.get(pod) ?? place);
    const load =
      busy === undefined || bound === memory
        ? ""
        : `; the node's CPU is at ${formatValue(busy.after, "ratio")} against ${formatValue(busy.before, "ratio")} usual`;
    explanations.push({
      kind: `neighbour ${place}`,
      chain: "event",
      line: `${inertName(pod)} takes ${used} on ${node} against ${earlier} usual, ${Math.round(share * 100)} % of all pods there${load}`,
      prior: crowded ? (symptom.family === "cpu" ? 1 : 0.95) : 0.35,
      strength: top.strength,
      since: undefined,
      track: { promql, labels: top.labels, before: top.before },
      values: [
        {
          name: `${bound.concept.name} of ${inertName(pod)}`,
          value: top.after,
          unit: bound.concept.unit,
          labels: { ...top.labels, node },
          at,
        },
      ],
    });
  }
  return explanations;
}

/** What grows on a disk: byte gauges of the same host, against the free space lost in the same time. */
export async function growth({ turn, focus, symptom, at }: Search): Promise<readonly Explanation[]> {
  if (symptom.family !== "disk") return [];
  const instance = symptom.labels["instance"] ?? symptom.labels["host"];
  const place = instance === undefined ? undefined : shortName("instance", instance).toLowerCase();
  const avail = turn.index.byId.get("host.disk_free");
  const lostAnswer =
    avail === undefined || instance === undefined
      ? undefined
      : await turn.ask.range(
          `${avail.metric.name}{${Object.entries(symptom.labels)
            .filter(([label]) => label !== "fstype" && label !== "device")
            .map(([label, value]) => matcher({ label, values: [value] }))
            .join(",")}}`,
          { start: at - DAY, end: at, step: DAY },
          { background: true },
        );
  const points = lostAnswer?.ok === true ? (lostAnswer.data[0]?.points ?? []) : [];
  const lost = points.length >= 2 ? (points[0]?.[1] ?? 0) - (points.at(-1)?.[1] ?? 0) : undefined;
  const gauges = [...turn.catalogue.metrics.values()].filter(
    (metric) =>
      metric.type === "gauge" &&
      /bytes$/.test(metric.name) &&
      !/^(?:node_|container_|process_|go_|kube_)|memory/.test(metric.name) &&
      [...(metric.labels.get("instance") ?? [])].some(
        (value) => shortName("instance", value).toLowerCase() === (place ?? focus.name),
      ),
  );
  const lists = await Promise.all(
    gauges.slice(0, 10).map(async (metric): Promise<Explanation[]> => {
      const selector = `${metric.name}{${matcher({ label: "instance", values: [], regex: `${escapeRegex(place ?? "")}(:.*)?` })}}`;
      const answer = await turn.ask.range(selector, { start: at - DAY, end: at, step: DAY });
      if (!answer.ok) return [];
      return answer.data.flatMap((series): Explanation[] => {
        const begin = series.points[0]?.[1];
        const end = series.points.at(-1)?.[1];
        if (begin === undefined || end === undefined || series.points.length < 2 || end - begin < 32 * 2 ** 20)
          return [];
        const grew = end - begin;
        const share = lost === undefined || lost <= 0 ? undefined : grew / lost;
        const name = ["datname", "slot_name", "topic", "queue"]
          .map((label) => series.labels[label])
          .find((value) => value !== undefined);
        const what = /wal/.test(metric.name)
          ? "the write-ahead log (WAL)"
          : `${metric.name}${name === undefined ? "" : ` ${inertName(name)}`}`;
        return [
          {
            kind: `growth ${metric.name} ${name ?? ""}`,
            chain: "state",
            line: `${what} on ${inertName(place ?? "")} grew by ${formatValue(grew, "bytes")} in 24 h to ${formatValue(end, "bytes")}${share === undefined ? "" : `, ${Math.round(Math.min(share, 9.99) * 100)} % of the ${formatValue(lost ?? 0, "bytes")} of free space lost`}`,
            prior: share === undefined ? 0.6 : Math.min(1, share),
            strength: 1,
            since: undefined,
            values: [{ name: `growth of ${metric.name}`, value: grew, unit: "bytes", labels: series.labels, at }],
          },
        ];
      });
    }),
  );
  return lists.flat();
}

/** Memory that grows steadily towards the limit between restarts: a leak. */
export async function leaks({ turn, focus, symptom, at }: Search): Promise<readonly Explanation[]> {
  const bound = turn.index.byId.get("pod.memory");
  if (
    bound === undefined ||
    focus.workloads.length === 0 ||
    !["memory", "crash", "errors", "latency", "other"].includes(symptom.family)
  )
    return [];
  const own = `(${focus.workloads.map(escapeRegex).join("|")})-[a-z0-9]+(-[a-z0-9]+)?`;
  const filters = [{ label: "pod", values: [], regex: own }];
  const limit = turn.index.byId.get("pod.memory_limit");
  const restarts = turn.index.byId.get("pod.restarts");
  const [used, limits, again] = await Promise.all([
    turn.ask.range(promqlOf(bound, filters, ["pod"]), { start: at - DAY, end: at, step: 600 }),
    limit === undefined ? undefined : turn.ask.instant(promqlOf(limit, filters), { at, background: true }),
    restarts === undefined
      ? undefined
      : turn.ask.instant(
          `sum by (pod) (increase(${restarts.metric.name}{${matcher({ label: "pod", values: [], regex: own })}}[1d]))`,
          { at, background: true },
        ),
  ]);
  if (!used.ok) return [];
  const found = used.data.flatMap((series): Explanation[] => {
    const points = series.points;
    let from = 0;
    for (let index = 1; index < points.length; index++)
      if ((points[index]?.[1] ?? 0) < 0.75 * (points[index - 1]?.[1] ?? 0)) from = index;
    // The longest stretch without a restart tells most; the current one may be minutes old.
    const stretch = points.length - from >= 12 ? points.slice(from) : points.slice(0, from);
    const fit = stretch.length < 12 ? undefined : linearFit(stretch);
    const pod = series.labels["pod"] ?? "";
    const most = limits?.ok === true ? limits.data.find((one) => one.labels["pod"] === pod)?.value : undefined;
    if (fit === undefined || most === undefined || most <= 0) return [];
    const perHour = fit.slope * HOUR;
    const residual = Math.sqrt(
      stretch.reduce((sum, [time, value]) => sum + (value - fit.at(time)) ** 2, 0) / stretch.length,
    );
    const rise = Math.abs(fit.slope) * ((stretch.at(-1)?.[0] ?? 0) - (stretch[0]?.[0] ?? 0));
    if (perHour * 24 < 0.3 * most || residual > 0.25 * rise) return [];
    const times = again?.ok === true ? Math.round(again.data.find((one) => one.labels["pod"] === pod)?.value ?? 0) : 0;
    const often = times === 0 ? "" : `, restarted ${times === 1 ? "once" : `${times} times`} in 24 h`;
    return [
      {
        kind: "leak",
        chain: "state",
        line: `memory of ${inertName(pod)} grows steadily by ${formatValue(perHour, "bytes")} an hour towards its limit of ${formatValue(most, "bytes")}${often}: a memory leak`,
        prior: 0.85,
        strength: 1,
        since: symptom.family === "memory" || symptom.family === "crash" ? symptom.onset?.since : undefined,
        values: [
          {
            name: `memory growth of ${inertName(pod)} per hour`,
            value: perHour,
            unit: "bytes",
            labels: series.labels,
            at,
          },
        ],
      },
    ];
  });
  return found.slice(0, 1);
}

/** A failing pipeline: which branch, since when, how many runs, and whether others of the project pass. */
export async function pipelines({ turn, symptom, at, onset }: Search): Promise<readonly Explanation[]> {
  if (symptom.bound.concept.id !== "ci.status") return [];
  const failures = turn.index.byId.get("ci.failures");
  const self = symptom.bound.names["self"] ?? "project";
  const branch = symptom.labels["branch"];
  const project = symptom.labels[self];
  if (failures === undefined || project === undefined) return [];
  const hours = Math.max(2, Math.ceil((at - onset) / HOUR));
  const filters = [
    { label: self, values: [project] },
    ...(branch === undefined ? [] : [{ label: "branch", values: [branch] }]),
  ];
  const ask = (id: string) => {
    const bound = turn.index.byId.get(id);
    return bound === undefined
      ? undefined
      : turn.ask.instant(promqlOf({ ...bound, concept: { ...bound.concept, window: `${hours}h` } }, filters, [self]), {
          at,
        });
  };
  const [failed, runs] = await Promise.all([ask("ci.failures"), ask("ci.runs")]);
  const bad = failed?.ok === true ? Math.round(failed.data[0]?.value ?? 0) : undefined;
  const all = runs?.ok === true ? Math.round(runs.data[0]?.value ?? 0) : undefined;
  const counts =
    bad === undefined || all === undefined || all === 0
      ? "its last run failed"
      : `${Math.min(bad, all)} of ${all} runs failed in the last ${formatDuration(hours * HOUR)}`;
  return [
    {
      kind: "pipeline",
      chain: "event",
      line: `branch ${inertName(branch ?? "")} of ${inertName(project)} is broken: ${counts}, so look at what was merged there before ${sayTime(onset, turn.now, turn.zone)}`,
      prior: 0.85,
      strength: 1,
      since: onset,
      values: [
        { name: `failed runs of ${inertName(project)}`, value: bad ?? 0, unit: "count", labels: symptom.labels, at },
      ],
    },
  ];
}

/** A probe that fails or a certificate that runs out: what the endpoint itself shows, and whether others share its fate. */
export async function endpoints({ turn, symptom, at, onset }: Search): Promise<readonly Explanation[]> {
  const { bound, labels, family, name } = symptom;
  const since = symptom.onset?.since;
  if (family === "cert") {
    const metric = bound.metric.name;
    const renewed = await turn.ask.instant(
      `changes(${metric}{${Object.entries(labels)
        .map(([label, value]) => matcher({ label, values: [value] }))
        .join(",")}}[13d])`,
      { at },
    );
    const changed = renewed.ok ? renewed.data[0]?.value : undefined;
    if (changed === undefined) return [];
    return [
      {
        kind: "certificate",
        chain: "event",
        line:
          changed === 0
            ? `the certificate of ${name} was not renewed: its end has been the same date for 13 days, ${sayTime(at + symptom.after, turn.now, turn.zone)}`
            : `the certificate of ${name} was replaced ${changed} times in 13 days and still ends ${sayTime(at + symptom.after, turn.now, turn.zone)}`,
        prior: 0.95,
        strength: 1,
        since,
        values: [{ name: `certificate changes of ${name} in 13 days`, value: changed, unit: "count", labels, at }],
      },
    ];
  }
  if (bound.concept.id === "target.up") {
    const all = await turn.ask.instant(bound.metric.name, { at });
    const host = shortName("instance", labels["instance"] ?? "");
    const beside = all.ok
      ? all.data.filter(
          (one) => shortName("instance", one.labels["instance"] ?? "") === host && one.labels["job"] !== labels["job"],
        )
      : [];
    const answering = beside.filter((one) => one.value === 1).map((one) => inertName(one.labels["job"] ?? ""));
    const what =
      answering.length > 0
        ? `only its exporter, since ${answering.join(", ")} on the same host still answers`
        : beside.length > 0
          ? "the whole host, since nothing on it answers"
          : "the host or its exporter; no other target there tells which";
    return [
      {
        kind: "target",
        chain: "event",
        line: `${host} does not answer scrapes of job ${inertName(labels["job"] ?? "")}: ${what}`,
        prior: 0.7,
        strength: 1,
        since,
        values: [{ name: `target ${host}`, value: symptom.after, unit: "bool", labels, at }],
      },
    ];
  }
  const self = bound.names["self"];
  const target = self === undefined ? undefined : labels[self];
  const probe = turn.index.byId.get("probe.up");
  if (
    family !== "probe" ||
    self === undefined ||
    target === undefined ||
    probe === undefined ||
    bound.metric.name !== probe.metric.name
  )
    return [];
  const status = turn.index.byId.get("probe.status");
  const filter = matcher({ label: self, values: [target] });
  const start = at - Math.max(2 * HOUR, Math.min(at - onset, DAY));
  const window = { start, end: at, step: 120 };
  const [up, codes] = await Promise.all([
    turn.ask.range(probe.metric.name, window),
    status === undefined ? undefined : turn.ask.range(`${status.metric.name}{${filter}}`, window),
  ]);
  if (!up.ok) return [];
  const own = up.data.find((one) => one.labels[self] === target)?.points ?? [];
  const failures = own.filter(([, value]) => value === 0).map(([time]) => time);
  if (failures.length === 0) return [];
  const alike = up.data
    .filter((one) => one.labels[self] !== target && one.points.some(([, value]) => value === 0))
    .map((one) => shortName(self, one.labels[self] ?? ""));
  const failed = new Set(failures);
  const seen =
    codes?.ok === true
      ? [
          ...new Set(
            codes.data.flatMap((one) => one.points.filter(([time]) => failed.has(time)).map(([, value]) => value)),
          ),
        ].sort()
      : [];
  const said =
    seen.length === 0
      ? ""
      : ` with ${seen.map((code) => (code === 0 ? "no HTTP answer" : `HTTP ${code}`)).join(" or ")}`;
  const turns = own.filter(([, value], index) => index > 0 && value !== own[index - 1]?.[1]).length;
  const flaps = turns >= 4 ? `it flaps, with ${turns} state changes and ` : "";
  const others =
    alike.length === 0
      ? `no other of ${up.data.length} probes fails, so it is the endpoint itself: an unstable backend, or its name or network path`
      : `the probes of ${alike.slice(0, 3).join(", ")} fail too, so it is something they share`;
  return [
    {
      kind: "endpoint",
      chain: "event",
      line: `${name} itself is ${turns >= 4 ? "unstable" : "failing"}: ${flaps}${Math.round((100 * failures.length) / own.length)} % of probes failing in ${formatDuration(Math.round((at - start) / 60) * 60)}${said}; ${others}`,
      prior: 0.7,
      strength: 1,
      since,
      values: [{ name: `state changes of the probe of ${name}`, value: turns, unit: "count", labels, at }],
    },
  ];
}
