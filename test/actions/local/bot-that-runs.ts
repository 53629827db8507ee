import { createLocalActions } from "../../../src/actions/local/index.ts";

/** Run as a process of its own: begins the command `slow` under a key, and lives until it is killed. */
const [dataDir = "", key = "", program = ""] = process.argv.slice(2);
const [action] = createLocalActions([{ name: "slow", argv: [program] }], {
  dataDir,
  clock: () => Date.now() / 1000,
  secrets: [],
  onStop: () => undefined,
});
await action?.run(
  { command: "slow", args: {} },
  {
    key,
    fence: 1,
    approvedAt: 0,
    identity: {},
    precondition: {},
    timeoutMs: 60_000,
    signal: new AbortController().signal,
    progress: () => undefined,
  },
);
