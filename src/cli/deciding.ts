import { randomUUID } from "node:crypto";
import { createInterface } from "node:readline/promises";
import { callSocket } from "../chat/socket/call.ts";
import type { ConfirmDeps, DecideHere } from "../chat/terminal/index.ts";
import { readCard, readProposal } from "../chat/terminal/schema.ts";
import type { Config } from "../config.ts";
import type { Call } from "./command.ts";

/** A little longer than the bot itself takes for a click. */
const TIMEOUT_MS = 30_000;

/** Decides through the bot that runs on the data folder. Its methods throw with a sentence when none does. */
export function remoteDecider({ dataDir }: Pick<Config, "dataDir">): DecideHere {
  const timeoutMs = TIMEOUT_MS;
  return {
    async decide({ decision, proposal, code }, fields) {
      const request = { kind: "decide" as const, id: randomUUID(), proposal, decision, code, fields };
      return readCard(await callSocket(dataDir, request, { timeoutMs }));
    },
    proposal: async (id) => readProposal(await callSocket(dataDir, { kind: "proposal", id }, { timeoutMs })),
  };
}

/** Why nothing can be decided in a conversation with a bot of this terminal's own. */
export function noDecider({ dataDir }: Pick<Config, "dataDir">): string {
  return `Nothing can be decided here, because no bot runs on ${dataDir} that could carry it out. Start one with \`smartcloudops start\`.`;
}

/** Questions to the person at the terminal, in turn. `close` gives the terminal back. */
export function askHere({ stdin, stdout }: Call): ConfirmDeps & { readonly close: () => void } {
  const reader = createInterface({ input: stdin, output: stdout, terminal: true, historySize: 0 });
  const gone = new Promise<undefined>((resolve) => reader.once("close", () => resolve(undefined)));
  reader.on("SIGINT", () => reader.close());
  return {
    ask: (question) => Promise.race([reader.question(question).catch(() => undefined), gone]),
    tell: (sentence) => void stdout.write(`${sentence}\n`),
    close: () => reader.close(),
  };
}
