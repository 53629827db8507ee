import type { Anomaly } from "./anomaly.ts";

/** What begins so soon after another belongs to the same story. */
const TOGETHER_SECONDS = 1800;
/** More than these in one message are counted. */
export const GROUP_MOST = 200;

/**
 * The message that a new anomaly belongs to: that of an open one of the same thing, or of the same watch, which began at about the same
 * time; else one of its own. So a service that is slow and fails is one message, and so is a watch of which many series go.
 */
export function groupFor(
  one: Pick<Anomaly, "id" | "watch" | "source" | "subject" | "kind" | "since" | "quiet">,
  open: readonly Anomaly[],
): string {
  const near = open.filter(
    (other) =>
      other.source === one.source &&
      (other.quiet === undefined) === (one.quiet === undefined) &&
      other.kind === one.kind &&
      Math.abs(other.since - one.since) <= TOGETHER_SECONDS,
  );
  const sameThing = near.find(({ subject }) => subject === one.subject && subject !== "");
  const found = sameThing ?? near.find(({ watch }) => watch === one.watch);
  if (found === undefined) return one.id;
  const size = open.filter(({ group }) => group === found.group).length;
  return size < GROUP_MOST ? found.group : one.id;
}
