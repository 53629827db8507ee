import type { Config } from "../../config.ts";
import { NOTHING_LIVE } from "../../flows/live.ts";
import type { SurfaceDeps } from "../../ports/chat.ts";
import { createMemoryStore } from "../../store/memory.ts";
import { reasonOf } from "../../util/errors.ts";
import type { Log } from "../../util/log.ts";
import { type Check, failed, ok, skipped } from "./check.ts";

/** Whether each chat platform takes the credentials. Nothing is said there, and nothing received. */
export async function checkChat(config: Config, log: Log): Promise<Check[]> {
  return Promise.all([
    look("Slack", config.slack, async (settings) => {
      const { checkSlack } = await import("../../chat/slack/check.ts");
      return checkSlack({ ...settings, command: "/ops" }, log);
    }),
    look("Microsoft Teams", config.teams, async (settings) => {
      if (settings.appId === undefined) return "is open without authentication, for a client on this machine";
      const { createTeams } = await import("../../chat/teams/index.ts");
      const surface = createTeams(settings, depsFor(config), log);
      try {
        await surface.start();
        await surface.check(AbortSignal.timeout(10_000));
      } finally {
        await surface.stop(0);
      }
      return "takes the app id and its password";
    }),
  ]);
}

async function look<T>(name: string, settings: T | undefined, check: (settings: T) => Promise<string>): Promise<Check> {
  if (settings === undefined) return skipped(name, "is off: it has no credentials");
  try {
    return ok(name, await check(settings));
  } catch (problem) {
    return failed(name, reasonOf(problem), "Set its credentials again, or see whether this machine reaches it.");
  }
}

/** A surface that nobody can reach: no route of it is served. */
function depsFor(config: Config): SurfaceDeps {
  return {
    ask: async () => ({ card: { title: "The doctor answers no questions.", tone: "info", blocks: [] } }),
    enough: async () => "over",
    live: NOTHING_LIVE,
    decide: async () => ({ title: "The doctor decides nothing.", tone: "info", blocks: [] }),
    proposal: async () => undefined,
    proposalsFor: async () => ({ waiting: [], own: [], decided: [] }),
    mayRead: () => ({ allowed: false, reason: "The doctor answers no questions." }),
    store: createMemoryStore({ retention: config.limits.retentionSeconds }),
    receive: () => ({ offer: async () => "full", start: async () => {}, stop: async () => {} }),
    wake: () => {},
    drawChart: async () => new Uint8Array(),
    clock: () => Date.now() / 1000,
  };
}
