import type { Incident } from "../incident.ts";
import { SILENT } from "../names.ts";

/**
 * Past incidents that are like one: by the alerts in them, the thing and the words of their rules. Each is a vector of such features, rare
 * ones counting more; how alike two are is the cosine between them (TF-IDF: Salton and Buckley, Information Processing & Management 24, 1988).
 */

export type Similar = {
  readonly incident: Incident;
  /** 0 to 1. */
  readonly score: number;
  /** The same alert fired in both, and both were about the same thing. */
  readonly sameAlert: string | undefined;
  readonly isSameThing: boolean;
};

/** Below this, what they share is chance. */
const LEAST = 0.25;
/** How much a feature of each kind says, before it is weighed by how rare it is. */
const WEIGHTS = { alert: 3, thing: 2, kind: 0.5, label: 0.7, word: 1, summary: 0.4 } as const;
/** Labels whose values are of one occasion: they tell nothing about others. */
const PASSING = /^(?:alertname|pod|instance|container_id|id|uid|ip|address|fingerprint|trace_id)$/;
const MOST_WORDS = 60;

/** At most `limit` of `past` that are like `incident`, the most alike first, the newer of equals first. */
export function similarTo(incident: Incident, past: readonly Incident[], limit: number): readonly Similar[] {
  const others = past.filter(({ id, isStorm }) => id !== incident.id && !isStorm);
  const vectors = others.map(featuresOf);
  const own = featuresOf(incident);
  const seenIn = new Map<string, number>();
  for (const vector of [own, ...vectors])
    for (const feature of vector.keys()) seenIn.set(feature, (seenIn.get(feature) ?? 0) + 1);
  const rarity = (feature: string) => Math.log(1 + (others.length + 1) / (seenIn.get(feature) ?? 1));
  const weighed = (vector: ReadonlyMap<string, number>) =>
    new Map([...vector].map(([feature, weight]) => [feature, weight * rarity(feature)]));
  const mine = weighed(own);
  const length = norm(mine);
  return others
    .map((other, at): Similar => {
      const theirs = weighed(vectors[at] ?? new Map());
      let dot = 0;
      for (const [feature, weight] of mine) dot += weight * (theirs.get(feature) ?? 0);
      const names = new Set(other.names.map(({ name }) => name));
      return {
        incident: other,
        score: length === 0 ? 0 : dot / (length * norm(theirs) || 1),
        sameAlert: incident.names.find(({ name }) => names.has(name))?.name,
        isSameThing: incident.subject !== undefined && incident.subject.name === other.subject?.name,
      };
    })
    .filter(({ score }) => score >= LEAST)
    .sort((a, b) => b.score - a.score || b.incident.startedAt - a.incident.startedAt)
    .slice(0, limit);
}

function norm(vector: ReadonlyMap<string, number>): number {
  return Math.sqrt([...vector.values()].reduce((sum, weight) => sum + weight ** 2, 0));
}

/** What tells an incident from others, with how much it says. */
function featuresOf({ names, subject, lines }: Incident): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  const add = (kind: keyof typeof WEIGHTS, value: string): void => {
    const feature = `${kind} ${value}`;
    if (value !== "") found.set(feature, WEIGHTS[kind]);
  };
  for (const { name } of names) {
    add("alert", name);
    for (const word of wordsOf(name)) add("word", word);
  }
  if (subject !== undefined) {
    add("thing", `${subject.kind} ${subject.name}`);
    add("kind", subject.kind);
  }
  for (const { labels, summary } of lines) {
    for (const [label, value] of Object.entries(labels))
      if (!PASSING.test(label) && (!SILENT.has(label) || label === "job") && !label.startsWith("__"))
        add("label", `${label}=${value}`);
    for (const word of wordsOf(summary).slice(0, MOST_WORDS)) add("summary", word);
  }
  return found;
}

/** "KubePodCrashLooping" -> kube, pod, crash, looping. Numbers change each time. */
function wordsOf(text: string): readonly string[] {
  return text
    .replace(/(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/g, " ")
    .toLowerCase()
    .split(/[^\p{L}]+/u)
    .filter((word) => word.length > 2);
}
