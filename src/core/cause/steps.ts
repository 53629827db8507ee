import { shortName } from "../names.ts";
import type { Series } from "../series.ts";

/** Changes that a gauge shows: scaling, cordoned nodes, targets that were lost. */

/** What a step from one value to another means, in words; undefined where it means nothing. `name`: what it is about. */
type Say = (name: string, from: number, to: number) => string | undefined;

/** A step, and when it was seen (unix seconds). */
export type Step = { readonly at: number; readonly text: string };

/** Of one series, so many are told, the newest. */
const MOST = 3;

/** Concepts whose every step is an event. */
export const STEPS: readonly { readonly id: string; readonly say: Say }[] = [
  { id: "deployment.replicas", say: (name, from, to) => `scaled: ${name} from ${from} to ${to} replicas` },
  {
    id: "node.unschedulable",
    say: (name, _from, to) => (to === 1 ? `node ${name} cordoned` : `node ${name} uncordoned`),
  },
  {
    id: "target.up",
    say: (name, _from, to) =>
      to === 0 ? `target lost: ${name} no longer answers scrapes` : `target back: ${name} answers scrapes again`,
  },
  { id: "hpa.max", say: (name, from, to) => `autoscaler limit of ${name} from ${from} to ${to}` },
  { id: "queue.consumers", say: (name, from, to) => `consumers of ${name} from ${from} to ${to}` },
  { id: "pg.slots", say: (name, _from, to) => `replication slot ${name} became ${to === 0 ? "inactive" : "active"}` },
];

/** The steps of one series, oldest first. `self`: the label that names what it is about. */
export function stepsOf({ labels, points }: Series, self: string, say: Say): readonly Step[] {
  const name = shortName(self, labels[self] ?? "");
  const found: Step[] = [];
  for (let index = 1; index < points.length; index++) {
    const [at, value] = points[index] ?? [0, 0];
    const before = points[index - 1]?.[1] ?? value;
    const text = value === before ? undefined : say(name, before, value);
    if (text !== undefined) found.push({ at, text });
  }
  return found.slice(-MOST);
}
