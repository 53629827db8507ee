import { NOTHING_LIVE } from "../../src/flows/live.ts";
import { receive } from "../../src/flows/receive.ts";
import { createHttpServer } from "../../src/http/server.ts";
import type { Surface, SurfaceDeps } from "../../src/ports/chat.ts";
import type { Outgoing } from "../../src/ports/outbox.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { createLog } from "../../src/util/log.ts";
import { tellFigures } from "./side-by-side.ts";

const YEAR = 365 * 86_400;

/**
 * In the process of a server: a surface as the bot serves it, behind the bot's own HTTP server and with a real store, but
 * for the answers: each question is answered at once with the same card. What it says goes to `say` instead of the
 * outbox. A question counts as dealt with when its answer was said.
 */
export async function serveSurface(
  platform: string,
  dataDir: string,
  open: (deps: SurfaceDeps) => Surface,
  say: (surface: Surface, message: Outgoing) => Promise<unknown> = async () => {},
): Promise<void> {
  const log = createLog({ level: "error" });
  const clock = () => Date.now() / 1000;
  const retention = { conversations: YEAR, evidence: YEAR, seenEvents: YEAR, proposals: YEAR };
  const store = openSqliteStore({ dataDir, retention, now: clock });
  const card = { title: "checkout answers in 812 ms", tone: "info", blocks: [] } as const;
  let dealt = 0;
  const surface: Surface = open({
    ask: async () => ({ card }),
    enough: async () => "over",
    live: NOTHING_LIVE,
    decide: async () => card,
    proposal: async () => undefined,
    proposalsFor: async () => ({ waiting: [], own: [], decided: [] }),
    mayRead: () => ({ allowed: true }),
    wake: () => {},
    drawChart: async () => new Uint8Array(),
    clock,
    receive: (deal, urgencyOf) =>
      receive({
        platform,
        inbox: store.inbox,
        clock,
        deal,
        urgencyOf,
        report: ({ problem, ...facts }) => log.error({ ...facts, err: problem }, "it could not be dealt with"),
      }),
    store: {
      ...store,
      outbox: {
        ...store.outbox,
        put: async (message) => {
          void say(surface, message).then(
            () => dealt++,
            (err: unknown) => log.error({ err }, "it could not be said"),
          );
          return true;
        },
      },
    },
  });
  const server = createHttpServer({
    host: "127.0.0.1",
    port: 0,
    metricsToken: undefined,
    readiness: async () => [],
    metrics: async () => ({ contentType: "text/plain", body: "" }),
    routes: surface.routes,
    log,
  });
  const { port } = await server.start();
  await surface.start();
  tellFigures(port, () => dealt);
}
