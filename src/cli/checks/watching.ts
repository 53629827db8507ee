import { checkWatches, WatchError } from "../../app/detection.ts";
import type { Config } from "../../config.ts";
import { type Check, failed, ok } from "./check.ts";

/** Watches of the file and the schedule, where somebody set something about them. Asks nobody. */
export async function checkWatching(config: Pick<Config, "detection">): Promise<Check[]> {
  const { watches, routes, enabled, automatic } = config.detection;
  try {
    await checkWatches(config);
  } catch (problem) {
    if (!(problem instanceof WatchError)) throw problem;
    const [, ...each] = problem.message.split("\n");
    return each.map((text) =>
      failed("watching", text.trim(), "Correct the query or the schedule, and run the doctor again."),
    );
  }
  if (watches.length === 0 && routes.length === 0) return [];
  if (!enabled) return [ok("watching", "off (schedules.detect.enabled)")];
  const own = `${watches.length} ${watches.length === 1 ? "watch" : "watches"} of your own`;
  const where = routes.length === 0 ? "posted nowhere unless a watch says so" : `posted to ${routes.length} places`;
  return [
    ok(
      "watching",
      `${own}${automatic ? " and automatic ones" : ""}, ${where.replace(/^posted to 1 places/, "posted to one place")}`,
    ),
  ];
}
