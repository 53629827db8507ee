import type { DatabaseSync } from "node:sqlite";
import { StoreError } from "./errors.ts";
import { reshapeProposals } from "./legacy-proposals.ts";

/** "SMCO": marks the file as ours, so that another program's database is not taken for an empty store. */
const APPLICATION_ID = 0x534d434f;

/** SQL, or a function for what SQL cannot do: it runs inside the step's transaction. */
type Step = string | ((db: DatabaseSync) => void);

/**
 * How the file came to its present shape: step n leads from version n - 1 to n. A step that was released is never
 * edited; a change is a new step at the end. Times are unix seconds; payloads are JSON text.
 */
export const MIGRATIONS: readonly Step[] = [
  `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

  CREATE TABLE turns (
    seq INTEGER PRIMARY KEY, platform TEXT NOT NULL, channel TEXT NOT NULL, thread TEXT NOT NULL,
    id TEXT NOT NULL, at REAL NOT NULL, author TEXT NOT NULL, user TEXT, text TEXT NOT NULL, memory TEXT,
    UNIQUE (platform, channel, thread, id)) STRICT;
  CREATE INDEX turns_place ON turns (platform, channel, thread);
  CREATE INDEX turns_at ON turns (at);

  CREATE TABLE places (
    seq INTEGER PRIMARY KEY, platform TEXT NOT NULL, channel TEXT NOT NULL, thread TEXT NOT NULL,
    reference TEXT, at REAL NOT NULL, UNIQUE (platform, channel, thread)) STRICT;
  CREATE INDEX places_at ON places (at);

  CREATE TABLE seen_events (
    seq INTEGER PRIMARY KEY, platform TEXT NOT NULL, id TEXT NOT NULL, at REAL NOT NULL, UNIQUE (platform, id)) STRICT;
  CREATE INDEX seen_events_at ON seen_events (at);

  CREATE TABLE answers (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, platform TEXT NOT NULL, channel TEXT NOT NULL,
    thread TEXT NOT NULL, at REAL NOT NULL, text TEXT NOT NULL, evidence TEXT NOT NULL, queries INTEGER NOT NULL) STRICT;
  CREATE INDEX answers_at ON answers (at);

  CREATE TABLE lessons (
    seq INTEGER PRIMARY KEY, platform TEXT NOT NULL, channel TEXT NOT NULL, word_key TEXT NOT NULL, id TEXT NOT NULL,
    word TEXT NOT NULL, meaning TEXT NOT NULL, taught_by TEXT NOT NULL, at REAL NOT NULL,
    UNIQUE (platform, channel, word_key)) STRICT;
  CREATE INDEX lessons_at ON lessons (at);

  CREATE TABLE proposals (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, at REAL NOT NULL, status TEXT NOT NULL, body TEXT NOT NULL) STRICT;
  CREATE INDEX proposals_status ON proposals (status, at);
  CREATE INDEX proposals_at ON proposals (at);
  `,
  `
  CREATE TABLE outbox (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, platform TEXT NOT NULL, channel TEXT NOT NULL, at REAL NOT NULL,
    body TEXT NOT NULL, state TEXT NOT NULL, attempts INTEGER NOT NULL, until REAL NOT NULL, reason TEXT,
    reference TEXT, done_at REAL) STRICT;
  CREATE INDEX outbox_waiting ON outbox (platform, channel, seq) WHERE state = 'waiting';
  CREATE INDEX outbox_at ON outbox (at);

  CREATE TABLE feedback (
    seq INTEGER PRIMARY KEY, answer TEXT NOT NULL, platform TEXT NOT NULL, user TEXT NOT NULL, helpful INTEGER NOT NULL,
    at REAL NOT NULL, UNIQUE (answer, platform, user)) STRICT;
  CREATE INDEX feedback_at ON feedback (at);
  `,
  reshapeProposals,
  "CREATE INDEX outbox_reference ON outbox (platform, reference) WHERE state = 'sent';",
  `
  CREATE TABLE inbox (
    seq INTEGER PRIMARY KEY, at REAL NOT NULL, body TEXT NOT NULL, attempts INTEGER NOT NULL) STRICT;
  `,
  `
  ALTER TABLE answers ADD COLUMN model TEXT;

  CREATE TABLE spending (
    seq INTEGER PRIMARY KEY, key TEXT NOT NULL, at REAL NOT NULL, tokens REAL NOT NULL, cost REAL NOT NULL,
    UNIQUE (key, at)) STRICT;
  CREATE INDEX spending_at ON spending (at);
  `,
  `
  CREATE TABLE incidents (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, at REAL NOT NULL, revision INTEGER NOT NULL, status TEXT NOT NULL,
    ended REAL, changed REAL NOT NULL, shown INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
  CREATE INDEX incidents_at ON incidents (at);
  CREATE INDEX incidents_live ON incidents (at) WHERE status <> 'resolved';
  CREATE INDEX incidents_unshown ON incidents (changed) WHERE shown < revision;

  CREATE TABLE alerts (
    seq INTEGER PRIMARY KEY, fingerprint TEXT NOT NULL UNIQUE, at REAL NOT NULL, incident TEXT, began REAL NOT NULL,
    ended REAL, body TEXT NOT NULL) STRICT;
  CREATE INDEX alerts_at ON alerts (at);
  CREATE INDEX alerts_incident ON alerts (incident);
  CREATE INDEX alerts_firing ON alerts (at) WHERE ended IS NULL;
  `,
  `
  CREATE TABLE forecasts (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, about TEXT NOT NULL, source TEXT NOT NULL, promql TEXT NOT NULL,
    series TEXT NOT NULL, at REAL NOT NULL, ends_at REAL NOT NULL, body TEXT NOT NULL, score TEXT) STRICT;
  CREATE INDEX forecasts_at ON forecasts (at);
  CREATE INDEX forecasts_due ON forecasts (ends_at) WHERE score IS NULL;
  CREATE INDEX forecasts_scored ON forecasts (about, at) WHERE score IS NOT NULL;
  `,
  "ALTER TABLE answers ADD COLUMN recording BLOB;",
  `
  CREATE TABLE jobs (job TEXT PRIMARY KEY, slot REAL NOT NULL, owner TEXT NOT NULL, until REAL NOT NULL) STRICT;

  CREATE TABLE watched_series (
    seq INTEGER PRIMARY KEY, watch TEXT NOT NULL, series TEXT NOT NULL, at REAL NOT NULL, labels TEXT NOT NULL,
    track TEXT NOT NULL, detector BLOB NOT NULL, UNIQUE (watch, series)) STRICT;
  CREATE INDEX watched_series_at ON watched_series (at);

  CREATE TABLE watch_rounds (
    seq INTEGER PRIMARY KEY, watch TEXT NOT NULL UNIQUE, at REAL NOT NULL, series INTEGER NOT NULL, matched INTEGER NOT NULL,
    problem TEXT) STRICT;
  CREATE INDEX watch_rounds_at ON watch_rounds (at);

  CREATE TABLE anomalies (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, at REAL NOT NULL, ended REAL, watch TEXT NOT NULL, message TEXT NOT NULL,
    status TEXT NOT NULL, revision INTEGER NOT NULL, shown INTEGER NOT NULL, posted INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
  CREATE INDEX anomalies_at ON anomalies (at);
  CREATE INDEX anomalies_ended ON anomalies (ended);
  CREATE INDEX anomalies_message ON anomalies (message);
  CREATE INDEX anomalies_open ON anomalies (status) WHERE status = 'open';
  CREATE INDEX anomalies_unshown ON anomalies (seq) WHERE revision > shown;

  CREATE TABLE opinions (
    seq INTEGER PRIMARY KEY, anomaly TEXT NOT NULL, watch TEXT NOT NULL, series TEXT NOT NULL, person TEXT NOT NULL,
    kind TEXT NOT NULL, at REAL NOT NULL, since REAL NOT NULL, UNIQUE (anomaly, person)) STRICT;
  CREATE INDEX opinions_at ON opinions (at);
  `,
  `
  CREATE TABLE digests (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL, at REAL NOT NULL, revision INTEGER NOT NULL,
    body TEXT NOT NULL, UNIQUE (name, at)) STRICT;
  CREATE INDEX digests_at ON digests (at);

  CREATE TABLE digest_plans (name TEXT PRIMARY KEY, revision INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
  `,
  `
  CREATE TABLE shelves (
    seq INTEGER PRIMARY KEY, shelf TEXT NOT NULL, id TEXT NOT NULL, at REAL NOT NULL, revision INTEGER NOT NULL,
    ended REAL, shown INTEGER NOT NULL, body TEXT NOT NULL, UNIQUE (shelf, id)) STRICT;
  CREATE INDEX shelves_ended ON shelves (ended);
  CREATE INDEX shelves_open ON shelves (shelf, seq) WHERE ended IS NULL;
  CREATE INDEX shelves_unshown ON shelves (shelf, seq) WHERE shown < revision;
  `,
  `
  CREATE TABLE runs (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, line TEXT NOT NULL, at REAL NOT NULL, deploys INTEGER NOT NULL,
    body TEXT NOT NULL) STRICT;
  CREATE INDEX runs_at ON runs (at);
  CREATE INDEX runs_line ON runs (line, at);
  CREATE INDEX runs_deploys ON runs (at) WHERE deploys = 1;
  `,
  `
  ALTER TABLE inbox ADD COLUMN owner TEXT NOT NULL DEFAULT '';
  ALTER TABLE inbox ADD COLUMN held REAL NOT NULL DEFAULT 0;
  ALTER TABLE outbox ADD COLUMN owner TEXT NOT NULL DEFAULT '';
  ALTER TABLE outbox ADD COLUMN held REAL NOT NULL DEFAULT 0;
  `,
  "ALTER TABLE audit ADD COLUMN cause TEXT;",
];

/** The version of the file: 0 for an empty one. Throws `StoreError` when it is not ours or from a newer bot. */
export function versionOf(db: DatabaseSync, path: string, known = MIGRATIONS.length): number {
  // In one statement, which sees the file at one moment: another process may be making its tables meanwhile.
  const found = db
    .prepare(
      `SELECT EXISTS (SELECT 1 FROM sqlite_schema) AS tables,
         (SELECT user_version FROM pragma_user_version) AS version, (SELECT application_id FROM pragma_application_id) AS owner`,
    )
    .get();
  const version = Number(found?.["version"]);
  if (found?.["owner"] !== APPLICATION_ID && (version > 0 || found?.["tables"] !== 0)) {
    throw new StoreError(
      "not-a-database",
      `${path} is a SQLite database of another program. Point SMARTCLOUDOPS_DATA at another folder, or move that file away.`,
    );
  }
  if (version > known) {
    throw new StoreError(
      "newer",
      `${path} was written by a newer SmartCloudOps (its store has version ${version}, this one knows ${known}). Run that newer version, or restore a backup from before the upgrade: a store is never taken back to an older version.`,
    );
  }
  return version;
}

/**
 * Brings the file to the newest version, one transaction a step: a crash in between leaves a whole older version.
 * Several processes may try at once; the version is read again under the write lock.
 */
export function migrate(db: DatabaseSync, path: string, steps: readonly Step[] = MIGRATIONS): void {
  while (versionOf(db, path, steps.length) < steps.length) {
    db.exec("BEGIN IMMEDIATE");
    try {
      const version = versionOf(db, path, steps.length);
      const step = steps[version];
      if (step !== undefined) {
        if (typeof step === "string") db.exec(step);
        else step(db);
        db.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${version + 1}`);
      }
      db.exec("COMMIT");
    } catch (cause) {
      if (db.isTransaction) db.exec("ROLLBACK");
      throw cause;
    }
  }
}
