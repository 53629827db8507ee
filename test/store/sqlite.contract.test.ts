import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import type { Store } from "../../src/ports.ts";
import type { Retention } from "../../src/store/retention.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { storeContract } from "../contracts/store.ts";

const root = mkdtempSync(join(tmpdir(), "store-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let folders = 0;
function settings(retention: Retention) {
  folders += 1;
  return { dataDir: join(root, String(folders)), retention, now: () => 1_790_000_000 };
}

storeContract("the SQLite store", (retention) => openSqliteStore(settings(retention)));

storeContract(
  "the SQLite store, opened again before every single call",
  (retention) => reopening(settings(retention)),
  { many: 20 },
);

/** A store that lives only in its file: each call opens it, works and closes it. */
function reopening(where: ReturnType<typeof settings>): Store {
  let closed = false;
  async function once<T>(work: (store: Store) => Promise<T>): Promise<T> {
    const store = openSqliteStore(where);
    if (closed) await store.close();
    try {
      return await work(store);
    } finally {
      await store.close();
    }
  }
  function part<
    K extends "conversations" | "places" | "seen" | "evidence" | "lessons" | "proposals" | "outbox" | "feedback",
  >(name: K): Store[K] {
    return new Proxy({} as Store[K], {
      get:
        (_, method) =>
        (...args: unknown[]) =>
          once((store) =>
            (store[name] as unknown as Record<string | symbol, (...args: unknown[]) => Promise<unknown>>)[method]!(
              ...args,
            ),
          ),
    });
  }
  return {
    conversations: part("conversations"),
    places: part("places"),
    seen: part("seen"),
    evidence: part("evidence"),
    lessons: part("lessons"),
    proposals: part("proposals"),
    outbox: part("outbox"),
    feedback: part("feedback"),
    prune: (now) => once((store) => store.prune(now)),
    check: () => once((store) => store.check()),
    close: async () => {
      closed = true;
    },
  };
}
