import { setTimeout as sleep } from "node:timers/promises";
import type { App } from "../app.ts";
import { titleOf } from "../cards/anomaly-title.ts";
import type { Demo } from "../demo/run.ts";

const EVERY_MS = 500;
const PATIENCE_MS = 5 * 60_000;

/** Waits until the schedule has found the demo's incident by itself, and says how. False when it does not in five minutes. */
export async function foundByItself(
  { store }: Pick<App, "store">,
  { service }: Pick<Demo["story"], "service">,
  show: (line: string) => void,
  signal: AbortSignal,
): Promise<boolean> {
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end; await sleep(EVERY_MS, undefined, { signal })) {
    const open = await store.detection.anomalies({ status: "open", limit: 500 });
    const found = open.filter(({ subject, quiet }) => subject === service && quiet === undefined);
    const latency = found.find(({ watch }) => watch === "service.latency");
    if (latency === undefined) continue;
    show(`ok     the schedule found by itself -> ${titleOf(latency, { now: Date.now() / 1000, zone: "UTC" })}`);
    return true;
  }
  show(`FAILED the schedule found nothing unusual about ${service} by itself`);
  return false;
}
