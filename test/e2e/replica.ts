import { serve } from "../../src/cli/serve.ts";
import { explain, loadConfig } from "../../src/config.ts";
import { HARBOUR, HELPS, TYPES } from "../fakes/harbour.ts";
import { fakeMetrics } from "../fakes/metrics.ts";
import { shippedPacks } from "../fakes/world.ts";

/** One replica, in a process of its own: the whole program on the settings of its environment, with a harbour to ask about. */

const loaded = loadConfig({ env: process.env, cwd: process.cwd() });
if (!loaded.ok) throw new Error(explain(loaded.problems));
const desk = { metric: "desk_waiting", labels: { service: "ferrydesk" }, value: 40 };
const clock = () => Date.now() / 1000;
const serving = await serve(loaded.config, {
  overrides: {
    sources: [fakeMetrics({ types: TYPES, helps: HELPS, clock, series: [...HARBOUR, desk] })],
    packs: await shippedPacks(),
    limitPerPerson: false,
  },
  onBrokenStore: () => process.exit(1),
});
process.stdout.write(`${serving.port}\n`);
process.once("SIGTERM", () => void serving.stop(1000).then(() => process.exit(0)));
