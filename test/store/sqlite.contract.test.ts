import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import type { Store } from "../../src/ports/store.ts";
import type { Retention } from "../../src/store/retention.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { type AuditSettings, auditContract } from "../contracts/audit.ts";
import { detectionContract } from "../contracts/detection.ts";
import { digestsContract } from "../contracts/digests.ts";
import { incidentsContract } from "../contracts/incidents.ts";
import { personalContract } from "../contracts/personal.ts";
import { proposalsContract } from "../contracts/proposals.ts";
import { runsContract } from "../contracts/runs.ts";
import { shelfContract } from "../contracts/shelf.ts";
import { RETENTION, storeContract } from "../contracts/store.ts";

const root = mkdtempSync(join(tmpdir(), "store-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let folders = 0;
function settings(retention: Retention, more: Partial<AuditSettings> = {}) {
  folders += 1;
  return { dataDir: join(root, String(folders)), retention, now: () => 1_790_000_000, ...more };
}

storeContract("the SQLite store", (retention) => openSqliteStore(settings(retention)));

incidentsContract("the SQLite store", (retention) => openSqliteStore(settings(retention)));
personalContract("the SQLite store", (retention) => openSqliteStore(settings(retention)));
shelfContract("the SQLite store", (retention) => openSqliteStore(settings(retention)));
incidentsContract("the SQLite store, opened again before every single call", (retention) =>
  reopening(settings(retention)),
);

runsContract("the SQLite store", (retention) => openSqliteStore(settings(retention)));
digestsContract("the SQLite store", (retention) => openSqliteStore(settings(retention)));
digestsContract("the SQLite store, opened again before every single call", (retention) =>
  reopening(settings(retention)),
);

storeContract(
  "the SQLite store, opened again before every single call",
  (retention) => reopening(settings(retention)),
  { many: 20 },
);

proposalsContract("the SQLite store", () => openSqliteStore(settings(RETENTION)));
auditContract("the SQLite store", (more) => openSqliteStore(settings(RETENTION, more)));

const OPENED_AGAIN = "the SQLite store, opened again before every single call";
proposalsContract(OPENED_AGAIN, () => reopening(settings(RETENTION)), { clicks: 20 });
auditContract(OPENED_AGAIN, (more) => reopening(settings(RETENTION, more)));

detectionContract("the SQLite store", (retention) => openSqliteStore(settings(retention)));
detectionContract(OPENED_AGAIN, (retention) => reopening(settings(retention)));

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
  function part<K extends Exclude<keyof Store, "prune" | "check" | "close">>(name: K): Store[K] {
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
    inbox: part("inbox"),
    evidence: part("evidence"),
    lessons: part("lessons"),
    proposals: part("proposals"),
    incidents: part("incidents"),
    silences: part("silences"),
    overrides: part("overrides"),
    rollouts: part("rollouts"),
    models: part("models"),
    waste: part("waste"),
    looks: part("looks"),
    audit: part("audit"),
    stop: part("stop"),
    outbox: part("outbox"),
    feedback: part("feedback"),
    spending: part("spending"),
    digests: part("digests"),
    runs: part("runs"),
    forecasts: part("forecasts"),
    detection: part("detection"),
    personal: part("personal"),
    prune: (now) => once((store) => store.prune(now)),
    check: () => once((store) => store.check()),
    latest: () => once((store) => store.latest()),
    close: async () => {
      closed = true;
    },
  };
}
