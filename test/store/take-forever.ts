import { writeSync } from "node:fs";
import { openSqliteStore } from "../../src/store/sqlite.ts";

/** Run as a process of its own: takes events, several at once, until it is killed, and prints each id once it is taken. */
const retention = { conversations: 1e9, evidence: 1e9, seenEvents: 1e9, proposals: 1e9 };
const { inbox } = openSqliteStore({ dataDir: process.argv[2] ?? "", retention, now: () => 0 });
const run = `${process.pid}`;
let next = 0;
async function takeForever(): Promise<never> {
  for (;;) {
    const id = `${run}-${next++}`;
    if (await inbox.take("slack", { id, body: JSON.stringify({ text: id }), at: 0 })) writeSync(1, `${id}\n`);
  }
}
await Promise.all(Array.from({ length: 8 }, takeForever));
