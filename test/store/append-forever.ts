import { writeSync } from "node:fs";
import { acquireStart } from "../../src/store/lock.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";

/** Run as a process of its own: takes the start lock, appends turns until it is killed, and prints each id once it is stored. */
const dataDir = process.argv[2] ?? "";
const lock = acquireStart(dataDir);
process.on("exit", () => lock.release()); // held until then: a lock that nobody refers to is let go
const retention = { conversations: 1e9, evidence: 1e9, seenEvents: 1e9, proposals: 1e9 };
const store = openSqliteStore({ dataDir, retention, now: () => 0 });
const place = { platform: "terminal", channel: "local", thread: "t" };
for (let n = 0; ; n++) {
  const turn = { id: `t${n}`, at: n, author: "bot" as const, user: undefined, text: "x".repeat(500), memory: { n } };
  if (await store.conversations.append(place, turn)) writeSync(1, `${turn.id}\n`);
}
