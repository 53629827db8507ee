import { type Answer, answerOf, askButton } from "../../core/answer.ts";
import type { Entity } from "../../core/catalogue.ts";
import { matcher, quote } from "../../core/concept.ts";
import { fold } from "../../core/language/normalise.ts";
import type { Subject } from "../../core/language/subject.ts";
import { canonical } from "../../core/language/vocabulary.ts";
import { inertName } from "../../util/inert.ts";
import { measure } from "./measure.ts";
import { overview } from "./overview.ts";
import { shortName } from "./rows.ts";
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
  const [wanted, available] = await Promise.all([
    turn.ask.instant(`kube_deployment_spec_replicas{deployment=${quote(name)}}`),
    turn.ask.instant(`kube_deployment_status_replicas_available{${matcher({ label: "deployment", values: [name] })}}`),
  ]);
  if (!wanted.ok || !available.ok) return overview(turn);
  const total = wanted.data[0]?.value;
  const ready = available.data[0]?.value;
  if (total === undefined || ready === undefined) return overview(turn);
  const good = ready >= total && total > 0;
  const values = [{ name: `available replicas of ${name}`, value: ready, unit: "count", labels: {}, at: turn.now }];
  return answerOf(
    good
      ? `Yes: ${inertName(name)} is up, ${ready} of ${total} replicas available.`
      : ready > 0
        ? `Yes, but degraded: ${inertName(name)} is up with only ${ready} of ${total} replicas available.`
        : `No: ${inertName(name)} is down, 0 of ${total} replicas available.`,
    {
      tone: good ? "good" : "danger",
      values,
      next: [askButton(`how is ${name} doing`), askButton(`why is ${name} failing`)],
    },
  );
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
