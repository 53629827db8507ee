import { serve } from "../../src/cli/serve.ts";
import { explain, loadConfig } from "../../src/config.ts";
import type { Point } from "../../src/flows/remedy/deps.ts";
import { HARBOUR, HELPS, TYPES } from "../fakes/harbour.ts";
import { fakeMetrics } from "../fakes/metrics.ts";
import { shippedPacks } from "../fakes/world.ts";
import type { Order, Report } from "./cluster.ts";

/**
 * One replica, in a process of its own: the whole program on the settings of its environment, with a harbour to ask about. Over the channel to whoever
 * started it, it makes proposals, and is told at which point to end itself or Redis.
 */

const loaded = loadConfig({ env: process.env, cwd: process.cwd() });
if (!loaded.ok) throw new Error(explain(loaded.problems));
const desk = { metric: "desk_waiting", labels: { service: "ferrydesk" }, value: 40 };
const clock = () => Date.now() / 1000;
let fatal: (Order & { readonly kind: "kill at" }) | undefined;
let left = 0;
const serving = await serve(loaded.config, {
  overrides: {
    sources: [fakeMetrics({ types: TYPES, helps: HELPS, clock, series: [...HARBOUR, desk] })],
    packs: await shippedPacks(),
    limitPerPerson: false,
    remedy: { point: reached },
  },
  onBrokenStore: () => process.exit(1),
});
process.on("message", (order: Order) => void obey(order));
process.stdout.write(`${serving.port}\n`);
process.once("SIGTERM", () => void serving.stop(1000).then(() => process.exit(0)));

function reached(point: Point): void {
  if (fatal === undefined || point !== fatal.point || --left > 0) return;
  const { pid } = fatal;
  fatal = undefined;
  process.kill(pid ?? process.pid, "SIGKILL");
  if (pid === undefined) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

async function obey(order: Order): Promise<void> {
  if (order.kind === "kill at") {
    fatal = order;
    left = order.nth;
    return;
  }
  const { service, place, requester, of } = order;
  const made = await serving.app.remedy.suggest(
    {
      action: { type: "restart", target: service, params: {} },
      kinds: [of],
      values: { service: { value: service, origin: "user" } },
      environment: undefined,
      source: undefined,
      requester,
      places: [place],
      cause: { kind: "ask", text: `restart ${service}` },
      facts: [],
    },
    AbortSignal.timeout(10_000),
  );
  const report: Report =
    made.kind === "proposed"
      ? { service, id: made.proposal.id }
      : { service, refused: made.kind === "refused" ? made.reason : made.kind };
  process.send?.(report);
}
