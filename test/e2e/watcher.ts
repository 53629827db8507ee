import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { serve } from "../../src/cli/serve.ts";
import { explain, loadConfig } from "../../src/config.ts";
import type { Metrics } from "../../src/ports/metrics.ts";
import { fakeMetrics } from "../fakes/metrics.ts";
import { course } from "../fakes/watched.ts";
import { shippedPacks } from "../fakes/world.ts";

/**
 * One replica that watches, in a process of its own: the whole program on the settings of its environment. Its working folder is shared with the test: `asked` is
 * what each replica asked for, `incident` holds the time from which the orders go wrong, and where there is a file `hang-NAME`, that replica
 * stops for ever when it first reads of that.
 */

const { REPLICA: NAME = "", WATCHES = "" } = process.env;
const loaded = loadConfig({ env: process.env, cwd: process.cwd() });
if (!loaded.ok) throw new Error(explain(loaded.problems));
const clock = () => Date.now() / 1000;

let incident = Number.POSITIVE_INFINITY;
const names = WATCHES.split(",");
const series = names.flatMap((metric, level) =>
  ["orders", "billing", "suggest", "mail"].map((service) =>
    course(metric, { service }, 1 + level, (at, value) => (service === "orders" && at >= incident ? value * 6 : value)),
  ),
);
const fake = fakeMetrics({
  name: "default",
  series,
  clock,
  answers: [
    [/^up == 0/, []],
    [/timestamp\(up/, []],
  ],
});
const range: Metrics["range"] = async (promql, window, signal) => {
  if (existsSync("incident")) incident = Number(readFileSync("incident", "utf8"));
  appendFileSync("asked", `${NAME} ${promql} ${window.start} ${window.end}\n`);
  if (window.end >= incident && existsSync(`hang-${NAME}`)) await new Promise(() => {});
  return fake.range(promql, window, signal);
};
const source: Metrics = Object.assign(Object.create(fake) as Metrics, { range });

const serving = await serve(loaded.config, {
  overrides: { sources: [source], packs: await shippedPacks(), limitPerPerson: false },
  onBrokenStore: () => process.exit(1),
});
process.stdout.write(`${serving.port}\n`);
process.once("SIGTERM", () => void serving.stop(1000).then(() => process.exit(0)));
