import { type Answer, answerOf, askButton } from "../../core/answer.ts";
import type { Entity } from "../../core/catalogue.ts";
import { matcher } from "../../core/concept.ts";
import { fold } from "../../core/language/normalise.ts";
import type { Subject } from "../../core/language/subject.ts";
import { canonical } from "../../core/language/vocabulary.ts";
import { shortName } from "../../core/names.ts";
import { type Labels, type Sample, seriesKey } from "../../core/series.ts";
import { inertName } from "../../util/inert.ts";
import { measure } from "./measure.ts";
import { overview } from "./overview.ts";
import { scopeOf } from "./scope.ts";
import type { Turn } from "./turn.ts";

/** Is it up? A named thing by the best sign of life it has; without a name, all scrape targets. */
export async function health(turn: Turn, subject: Subject | undefined): Promise<Answer> {
  const { read } = turn;
  const entities = scopeOf(read);
  const alive = read.subjects.find(
    ({ bound, filters, score }) =>
      bound.concept.unit === "bool" &&
      bound.concept.worse === "down" &&
      score > 0.35 &&
      bound.concept.id !== "target.up" &&
      (filters.length > 0 || entities.length === 0),
  );
  const asksAlive = read.yesNo && ALIVE.test(fold(read.plain));
  if (
    subject !== undefined &&
    subject.score > 0.5 &&
    !(asksAlive && subject.bound.concept.unit !== "bool") &&
    subject.bound.concept.id !== "target.up" &&
    (subject.bound.concept.unit !== "bool" || subject.filters.length > 0)
  )
    return measure(turn, subject);
  const job = read.tokens
    .flatMap((token) => canonical(token.fold))
    .flatMap((term) => turn.catalogue.named(term))
    .find((entity) => entity.kind === "job");
  const up = turn.index.byId.get("target.up");
  if (job !== undefined && up !== undefined && entities.length === 0) {
    return measure(
      { ...turn, read: { ...read, yesNo: true } },
      {
        bound: up,
        filters: [{ label: "job", values: [job.name] }],
        score: 1,
        covered: new Set(),
        mentions: [],
        unused: [],
      },
    );
  }
  if (alive !== undefined && (entities.length === 0 || alive.filters.length > 0)) return measure(turn, alive);
  if (entities.length === 0) return targets(turn);
  for (const id of ["probe.up", "pg.up", "redis.up", "target.up"]) {
    const bound = turn.index.byId.get(id);
    if (bound === undefined) continue;
    if (
      (id === "pg.up" || id === "redis.up") &&
      !/\b(?:postgres\w*|pg|redis|database|db|datenbank|cache|base)\b/i.test(read.plain)
    )
      continue;
    const self = bound.names["self"] ?? "instance";
    const filters = signOfLife(bound.metric.labels.get(self) ?? [], self, entities);
    if (filters === undefined) continue;
    return measure(
      { ...turn, read: { ...read, yesNo: true } },
      { bound, filters: [filters], score: 1, covered: new Set(), mentions: read.mentions.slice(0, 1), unused: [] },
    );
  }
  const workload =
    entities.find((entity) => entity.kind === "deployment") ?? entities.find((entity) => entity.kind === "service");
  const available = turn.index.byId.get("deployment.available");
  if (workload !== undefined && available?.metric.labels.get("deployment")?.includes(workload.name))
    return deploymentHealth(turn, workload.name);
  return overview(turn);
}

const ALIVE =
  /\b(?:up|alive|running|runs|reachable|online|working|responding|healthy|there|lauft|erreichbar|lebt|da|arriba|vivo|funciona\w*|en ligne|repond|marche|fonctionne|no ar|chal|chalu|zinda|down|dead|offline)\b/;

function signOfLife(
  values: readonly string[],
  label: string,
  entities: readonly Entity[],
): { readonly label: string; readonly values: readonly string[] } | undefined {
  const hit = entities
    .flatMap((entity) => entity.at)
    .filter((place) => place.label === label && values.includes(place.value))
    .map((place) => place.value);
  return hit.length === 0 ? undefined : { label, values: [...new Set(hit)].sort() };
}

async function deploymentHealth(turn: Turn, name: string): Promise<Answer> {
  const which = matcher({ label: "deployment", values: [name] });
  const [wanted, available] = await Promise.all([
    turn.ask.instant(`kube_deployment_spec_replicas{${which}}`),
    turn.ask.instant(`kube_deployment_status_replicas_available{${which}}`),
  ]);
  if (!wanted.ok || !available.ok) return overview(turn);
  const all = deploymentsIn(wanted.data, available.data, placesNamed(turn));
  const [first] = all;
  if (first === undefined) return overview(turn);
  const bad = all.filter((one) => !isWhole(one)).sort((a, b) => shareOf(a) - shareOf(b));
  const [worst = first] = bad;
  const shown = inertName(name);
  const values = all.flatMap(({ labels, ready: value }) =>
    value === undefined ? [] : [{ name: `available replicas of ${name}`, value, unit: "count", labels, at: turn.now }],
  );
  return answerOf(all.length === 1 ? `${sayDeployment(shown, worst)}.` : sayDeployments(shown, all, bad), {
    tone: bad.length === 0 ? "good" : bad.every(({ ready }) => ready === undefined) ? "warning" : "danger",
    values,
    list: all.length === 1 ? [] : [...bad, ...all.filter(isWhole)].map((one) => `${whereOf(one)}: ${sayReplicas(one)}`),
    next: [askButton(`how is ${name} doing`), askButton(`why is ${name} failing`)],
  });
}

/** A deployment in one place: how many replicas are wanted, and how many available; undefined when no series says. */
type Deployment = { readonly labels: Labels; readonly total: number; readonly ready: number | undefined };

/** Where a scrape came from, which is no part of what the deployment is: kube-state-metrics may run twice. */
const SCRAPED = new Set([
  "__name__",
  "instance",
  "job",
  "pod",
  "container",
  "endpoint",
  "service",
  "uid",
  "prometheus",
  "replica",
]);

function deploymentsIn(
  wanted: readonly Sample[],
  available: readonly Sample[],
  places: ReadonlySet<string>,
): readonly Deployment[] {
  const ready = new Map(available.map(({ labels, value }) => [seriesKey(ownLabels(labels)), value]));
  const all = new Map<string, Deployment>();
  for (const { labels, value } of wanted) {
    const own = ownLabels(labels);
    const isMeant = places.size === 0 || places.has(own["namespace"] ?? "") || places.has(own["cluster"] ?? "");
    if (isMeant) all.set(seriesKey(own), { labels: own, total: value, ready: ready.get(seriesKey(own)) });
  }
  return [...all.values()];
}

function ownLabels(labels: Labels): Labels {
  return Object.fromEntries(Object.entries(labels).filter(([label]) => !SCRAPED.has(label)));
}

/** Namespaces and clusters in the question. */
function placesNamed({ read }: Turn): ReadonlySet<string> {
  const entities = read.mentions.flatMap((mention) => mention.entities);
  return new Set(entities.filter(({ kind }) => kind === "namespace" || kind === "cluster").map(({ name }) => name));
}

/** Its labels but the name: "east", "east of eu-1". */
function whereOf({ labels: { deployment: _, namespace, cluster, ...rest } }: Deployment): string {
  const place = inertName(namespace ?? "no namespace");
  const others = [...(cluster === undefined ? [] : [cluster]), ...Object.values(rest)].map((value) => inertName(value));
  return others.length === 0 ? place : `${place} of ${others.join(", ")}`;
}

const isWhole = ({ ready, total }: Deployment): boolean => ready !== undefined && total > 0 && ready >= total;
const shareOf = ({ ready = 0, total }: Deployment): number => ready / (total || 1);

function sayReplicas({ ready, total }: Deployment): string {
  if (ready === undefined) return `no data on how many of ${total} replicas are available`;
  if (total > 0) return `${ready} of ${total} replicas available`;
  return ready === 0 ? "scaled to 0 replicas" : `being scaled to 0 replicas, ${ready} still available`;
}

function sayDeployment(name: string, one: Deployment): string {
  const { ready, total } = one;
  if (ready === undefined) return `I cannot tell whether ${name} is up: ${sayReplicas(one)}`;
  if (isWhole(one)) return `Yes: ${name} is up, ${sayReplicas(one)}`;
  if (ready > 0) return `Yes, but degraded: ${name} is up${total > 0 ? " with only " : ", "}${sayReplicas(one)}`;
  return `No: ${name} is down, ${sayReplicas(one)}`;
}

function sayDeployments(name: string, all: readonly Deployment[], bad: readonly Deployment[]): string {
  const [worst] = bad;
  if (worst === undefined) return `Yes: ${name} is up in all ${all.length} places.`;
  return `${sayDeployment(`${name} in ${whereOf(worst)}`, worst)}; ${all.length - bad.length} of ${all.length} places have all theirs.`;
}

/** All scrape targets: which are down. */
async function targets(turn: Turn): Promise<Answer> {
  const at = turn.read.at?.at ?? turn.ask.now;
  const answer = await turn.ask.instant("up", { at });
  if (!answer.ok)
    return answerOf("I could not ask Prometheus for its targets.", { tone: "danger", details: [answer.reason] });
  if (answer.data.length === 0)
    return answerOf("No data: Prometheus has no `up` series then, so I cannot tell which targets answer.", {
      tone: "warning",
    });
  const down = answer.data.filter((sample) => sample.value === 0);
  const lead = turn.read.asksForBad ? ["Yes", "No"] : ["No", "Yes"];
  const values = [
    { name: "targets down", value: down.length, unit: "count", labels: {}, at: turn.now },
    { name: "targets", value: answer.data.length, unit: "count", labels: {}, at: turn.now },
  ];
  if (down.length === 0)
    return answerOf(`${lead[1]}: all ${answer.data.length} targets are up.`, { tone: "good", values });
  const names = down.map(
    (sample) =>
      `${shortName("instance", sample.labels["instance"] ?? "")} (job ${inertName(sample.labels["job"] ?? "?")})`,
  );
  return answerOf(
    `${lead[0]}: ${answer.data.length - down.length} of ${answer.data.length} targets are up. Down: ${names.slice(0, 20).join(", ")}${names.length > 20 ? ` and ${names.length - 20} more` : ""}.`,
    { tone: "danger", values, next: [askButton("Show active alerts")] },
  );
}
