import { join } from "node:path";
import type { SQLInputValue } from "node:sqlite";
import { setImmediate as nextTick } from "node:timers/promises";
import type { Place } from "../core/chat.ts";
import type { Clock } from "../ports/clock.ts";
import type { Lease, Store } from "../ports/store.ts";
import { openFile, writeAheadLog } from "./file.ts";
import { groupCommit } from "./group-commit.ts";
import { deflated } from "./recording.ts";
import { cutoff, type Retention, TABLES, type Table, wordKey } from "./retention.ts";
import {
  AnswerLine,
  AnswerRow,
  BegunRow,
  FateRow,
  FeedbackRow,
  HeldRow,
  LatestRow,
  LessonRow,
  NewestRow,
  PlaceRow,
  QueuedRow,
  ReferenceRow,
  ShownRow,
  SpendingRow,
  TurnRow,
  WaitingRow,
} from "./rows.ts";
import { type SealSettings, shared } from "./seal.ts";
import { sqliteAudit } from "./sqlite/audit.ts";
import { sqliteDetection } from "./sqlite/detection.ts";
import { sqliteDigests } from "./sqlite/digests.ts";
import { sqliteForecasts } from "./sqlite/forecasts.ts";
import { LIVE_SQL, sqliteIncidents } from "./sqlite/incidents.ts";
import { openLedger } from "./sqlite/ledger.ts";
import { sqlitePersonal } from "./sqlite/personal.ts";
import { sqliteProposals, UNDECIDED_SQL } from "./sqlite/proposals.ts";
import { sqliteRuns } from "./sqlite/runs.ts";
import { sqliteShelf } from "./sqlite/shelf.ts";
import { atMost, statements } from "./sqlite/statements.ts";
import { createStop } from "./stop.ts";

/** The row of an event, by its platform and id. */
const SEQ_OF_EVENT = "(SELECT seq FROM seen_events WHERE platform = ? AND id = ?)";

/** Rows deleted at once, and how often in one call of `prune`: each step holds the event loop for a few ms. */
const PRUNE_ROWS = 500;
const PRUNE_STEPS = 200;

/**
 * What retention leaves alone however old it is: changes that are still to be decided, done or looked at, those that ended within it,
 * and their messages.
 */
const KEPT: Partial<Record<Table, string>> = {
  proposals: `AND status NOT IN (${UNDECIDED_SQL}) AND coalesce(json_extract(body, '$.endedAt'), at) < ?1`,
  // What is still the matter, and its alerts: an incident that nobody ended goes on.
  incidents: `AND status NOT IN (${LIVE_SQL}) AND coalesce(ended, at) < ?1`,
  alerts: `AND NOT EXISTS (SELECT 1 FROM incidents WHERE incidents.id = alerts.incident AND incidents.status IN (${LIVE_SQL}))`,
  // The message that shows a proposal, for as long as there is one: its buttons count by it, and its end is written into it.
  outbox: `AND NOT (id LIKE 'proposal:%' AND (state = 'waiting' OR json_extract(body, '$.edits') IS NULL)
    AND EXISTS (SELECT 1 FROM proposals WHERE proposals.id = substr(outbox.id, 10, instr(substr(outbox.id, 10), ':') - 1)))
    AND NOT (id LIKE 'incident:%' AND (state = 'waiting' OR json_extract(body, '$.edits') IS NULL)
    AND EXISTS (SELECT 1 FROM incidents WHERE incidents.id = substr(outbox.id, 10, instr(substr(outbox.id, 10), ':') - 1)))`,
  anomalies: "AND status = 'over'",
  shelves: "AND ended IS NOT NULL AND ended < ?1",
};

export type SqliteSettings = {
  /** The folder of `SMARTCLOUDOPS_DATA`. Created when missing, for its owner only. */
  readonly dataDir: string;
  readonly retention: Retention;
  /** Reads beside a running bot. Every write throws. */
  readonly readOnly?: boolean;
  /** The file refuses to grow beyond this. Unlimited when left out. */
  readonly maxBytes?: number;
  readonly now: Clock;
  /** Told of what does not keep the store from working. */
  readonly warn?: (problem: unknown, message: string) => void;
} & Omit<SealSettings, "now">;

/**
 * The store in one SQLite file, `smartcloudops.db` in the data folder. What a promise of this store has confirmed is
 * on the disk and survives a kill and a power cut (but for `inbox.done`, which survives a kill only). Proposals and records
 * are written at once; for the rest the process goes on while the disk works. Throws `StoreError` when the file cannot be
 * opened; its methods reject with one when they cannot read or write.
 */
export function openSqliteStore(settings: SqliteSettings): Store {
  const { db, path } = openFile(settings);
  const sql = statements(db, path);
  const ledger = openLedger(db, sql, settings);
  const log = writeAheadLog(path);
  const group = groupCommit((work) => sql.unsynced(() => sql.together(work)), log.sync);
  /** Writes that share their wait for the disk with others. */
  const later = {
    run: (text: string, values: readonly SQLInputValue[]) => group.add(() => sql.run(text, values)),
    inserted: (text: string, values: readonly SQLInputValue[]) => group.add(() => sql.inserted(text, values)),
  };

  return {
    conversations: {
      async append(place, turn) {
        return later.inserted(
          `INSERT INTO turns (platform, channel, thread, id, at, author, user, text, memory) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
           ON CONFLICT DO NOTHING`,
          [...columns(place), turn.id, turn.at, turn.author, toJson(turn.user), turn.text, toJson(turn.memory)],
        );
      },
      async recent(place, limit) {
        const rows = sql.all(
          TurnRow,
          `SELECT id, at, author, user, text, memory, memory IS NOT NULL AS has_memory FROM turns
           WHERE platform = ? AND channel = ? AND thread = ? ORDER BY seq DESC LIMIT ?`,
          [...columns(place), atMost(limit)],
        );
        return rows.reverse();
      },
    },

    places: {
      async save(place, reference, at) {
        await later.run(
          `INSERT INTO places (platform, channel, thread, reference, at) VALUES (?, ?, ?, ?, ?)
           ON CONFLICT (platform, channel, thread) DO UPDATE SET reference = excluded.reference, at = excluded.at`,
          [...columns(place), toJson(reference), at],
        );
      },
      async get(place) {
        const [found] = sql.all(
          PlaceRow,
          "SELECT platform, channel, thread, reference, at FROM places WHERE platform = ? AND channel = ? AND thread = ?",
          columns(place),
        );
        return found && { reference: found.reference, at: found.at };
      },
      async all(platform) {
        return sql
          .all(
            PlaceRow,
            "SELECT platform, channel, thread, reference, at FROM places WHERE platform = ? ORDER BY seq",
            [platform],
          )
          .map(({ place, reference }) => ({ place, reference }));
      },
      async remove(place) {
        await later.run("DELETE FROM places WHERE platform = ? AND channel = ? AND thread = ?", columns(place));
      },
    },

    inbox: {
      take: (platform, { id, body, at }, { owner, until } = NOBODY) =>
        group.add(() => {
          const values = [platform, id, at];
          if (
            !sql.inserted("INSERT INTO seen_events (platform, id, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", values)
          )
            return false;
          sql.run(
            "INSERT OR REPLACE INTO inbox (seq, at, body, attempts, owner, held) VALUES (last_insert_rowid(), ?, ?, 1, ?, ?)",
            [at, body, owner, until],
          );
          return true;
        }),
      async done(platform, id) {
        await group.note(() => sql.run(`DELETE FROM inbox WHERE seq = ${SEQ_OF_EVENT}`, [platform, id]));
      },
      async left(platform, now = Number.MAX_VALUE) {
        return sql.all(
          HeldRow,
          `SELECT id, body, inbox.at, attempts FROM inbox JOIN seen_events USING (seq)
           WHERE platform = ? AND held <= ? ORDER BY seq`,
          [platform, now],
        );
      },
      async begin(platform, id, { owner, until, now } = NOBODY) {
        const began = await later.run(
          `UPDATE inbox SET attempts = attempts + 1, owner = ?1, held = ?2
           WHERE seq = (SELECT seq FROM seen_events WHERE platform = ?3 AND id = ?4) AND (owner = ?1 OR held <= ?5)`,
          [owner, until, platform, id, now],
        );
        return began > 0;
      },
      async hold(platform, ids, { owner, until }) {
        await later.run(
          `UPDATE inbox SET held = ? WHERE owner = ? AND seq IN
           (SELECT seq FROM seen_events WHERE platform = ? AND id IN (SELECT value FROM json_each(?)))`,
          [until, owner, platform, JSON.stringify(ids)],
        );
      },
    },

    evidence: {
      async save({ id, place, at, text, evidence, model, recording }) {
        await later.run(
          `INSERT INTO answers (id, platform, channel, thread, at, text, evidence, queries, model, recording)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
          [id, ...columns(place), at, text, toJson(evidence), evidence.length, toJson(model), deflated(recording)],
        );
      },
      async get(answerId) {
        return sql.all(AnswerRow, "SELECT at, text, evidence, model, recording FROM answers WHERE id = ?", [
          answerId,
        ])[0];
      },
      async since(at, limit) {
        return sql.all(
          AnswerLine,
          "SELECT id, at, text, queries FROM answers WHERE at >= ? ORDER BY at DESC, seq DESC LIMIT ?",
          [at, atMost(limit)],
        );
      },
    },

    lessons: {
      async teach({ platform, channel }, lesson) {
        const where = [platform, channel, wordKey(lesson.word)];
        return group.add(() => {
          const [replaced] = sql.all(
            LessonRow,
            `DELETE FROM lessons WHERE platform = ? AND channel = ? AND word_key = ?
             RETURNING id, word, meaning, taught_by, at`,
            where,
          );
          sql.run(
            "INSERT INTO lessons (platform, channel, word_key, id, word, meaning, taught_by, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [...where, lesson.id, lesson.word, lesson.meaning, lesson.by, lesson.at],
          );
          return replaced;
        });
      },
      async of({ platform, channel }) {
        return sql.all(
          LessonRow,
          "SELECT id, word, meaning, taught_by, at FROM lessons WHERE platform = ? AND channel = ? ORDER BY at, seq",
          [platform, channel],
        );
      },
      async forget({ platform, channel }, word) {
        const where = [platform, channel, wordKey(word)];
        return (await later.run("DELETE FROM lessons WHERE platform = ? AND channel = ? AND word_key = ?", where)) > 0;
      },
    },

    proposals: sqliteProposals(sql, ledger),
    incidents: sqliteIncidents(sql, ledger),
    silences: sqliteShelf("silence", sql, ledger),
    overrides: sqliteShelf("override", sql, ledger),
    rollouts: sqliteShelf("rollout", sql, ledger),
    models: sqliteShelf("model", sql, ledger),
    waste: sqliteShelf("waste", sql, ledger),
    looks: sqliteShelf("look", sql, ledger),
    digests: sqliteDigests(sql, ledger),
    runs: sqliteRuns(sql, later),
    audit: sqliteAudit(sql, ledger),
    personal: sqlitePersonal(sql, ledger),
    stop: createStop(shared(ledger), join(settings.dataDir, "STOP")),

    outbox: {
      put: (message) =>
        group.add(() => {
          const { id, place, at, edits, revision } = message;
          if (edits !== undefined && revision !== undefined) {
            const [edited] = sql.all(
              NewestRow,
              "SELECT json_extract(body, '$.revision') AS revision FROM outbox WHERE id = ?",
              [edits],
            );
            if ((edited?.revision ?? 0) > revision) return false;
            sql.run("UPDATE outbox SET body = json_set(body, '$.revision', ?) WHERE id = ?", [revision, edits]);
          }
          return sql.inserted(
            `INSERT INTO outbox (id, platform, channel, at, body, state, attempts, until) VALUES (?, ?, ?, ?, ?, 'waiting', 0, 0)
             ON CONFLICT DO NOTHING`,
            [id, place.platform, place.channel, at, toJson(message)],
          );
        }),
      async due(platform, now, limit) {
        return sql.all(
          QueuedRow,
          `SELECT body, attempts FROM outbox AS one WHERE platform = ?1 AND state = 'waiting' AND until <= ?2 AND held <= ?2
           AND NOT EXISTS (SELECT 1 FROM outbox AS before WHERE before.platform = one.platform
             AND before.channel = one.channel AND before.state = 'waiting' AND before.seq < one.seq)
           ORDER BY seq LIMIT ?3`,
          [platform, now, atMost(limit)],
        );
      },
      begin: (id, { owner, until, now } = NOBODY) =>
        group.add(() => {
          const [began] = sql.all(
            BegunRow,
            `UPDATE outbox SET attempts = attempts + 1, owner = ?1, held = ?2
             WHERE id = ?3 AND state = 'waiting' AND (owner = ?1 OR held <= ?4) RETURNING attempts`,
            [owner, until, id, now],
          );
          return began?.attempts;
        }),
      async hold(id, { owner, until }) {
        await later.run("UPDATE outbox SET held = ? WHERE id = ? AND state = 'waiting' AND owner = ? AND held > 0", [
          ...[until, id, owner],
        ]);
      },
      async hint(id, hint) {
        await later.run("UPDATE outbox SET body = json_set(body, '$.hint', ?) WHERE id = ? AND state = 'waiting'", [
          hint,
          id,
        ]);
      },
      async postpone(id, until, reason) {
        await later.run("UPDATE outbox SET until = ?, reason = ?, held = 0 WHERE id = ? AND state = 'waiting'", [
          until,
          reason,
          id,
        ]);
      },
      async sent(id, reference, at) {
        await later.run(
          `UPDATE outbox SET state = 'sent', reference = ?, done_at = ?, reason = NULL, body = json_remove(body, '$.hint')
           WHERE id = ? AND state = 'waiting'`,
          [reference, at, id],
        );
      },
      async gaveUp(id, reason, at) {
        await later.run(
          `UPDATE outbox SET state = 'given up', reason = ?, done_at = ?, body = json_remove(body, '$.hint')
           WHERE id = ? AND state = 'waiting'`,
          [reason, at, id],
        );
      },
      async fateOf(id) {
        return sql.all(FateRow, "SELECT state, reason FROM outbox WHERE id = ?", [id])[0];
      },
      async referenceOf(id) {
        return sql.all(ReferenceRow, "SELECT reference FROM outbox WHERE id = ? AND state = 'sent'", [id])[0];
      },
      async answerOf({ platform, channel }, reference) {
        const [found] = sql.all(
          ShownRow,
          `SELECT json_extract(body, '$.answer') AS answer FROM outbox
           WHERE state = 'sent' AND platform = ? AND reference = ? AND channel = ? ORDER BY seq DESC LIMIT 1`,
          [platform, reference, channel],
        );
        return found?.answer;
      },
      async waiting(platform) {
        const [found] = sql.all(
          WaitingRow,
          "SELECT count(*) AS count, min(at) AS oldest FROM outbox WHERE platform = ? AND state = 'waiting'",
          [platform],
        );
        return found ?? { count: 0, oldest: undefined };
      },
    },

    feedback: {
      async save({ answer, user, helpful, at }) {
        await later.run(
          `INSERT INTO feedback (answer, platform, user, helpful, at) VALUES (?, ?, ?, ?, ?)
           ON CONFLICT (answer, platform, user) DO UPDATE SET helpful = excluded.helpful, at = excluded.at`,
          [answer, user.platform, user.id, helpful ? 1 : 0, at],
        );
      },
      async count(answer) {
        const [found] = sql.all(
          FeedbackRow,
          `SELECT count(*) FILTER (WHERE helpful = 1) AS helpful, count(*) FILTER (WHERE helpful = 0) AS unhelpful
           FROM feedback WHERE answer = ?`,
          [answer],
        );
        return found ?? { helpful: 0, unhelpful: 0 };
      },
    },

    spending: {
      async add(day, keys, { tokens, cost }) {
        for (const key of keys)
          sql.run(
            `INSERT INTO spending (key, at, tokens, cost) VALUES (?, ?, ?, ?)
             ON CONFLICT (key, at) DO UPDATE SET tokens = tokens + excluded.tokens, cost = cost + excluded.cost`,
            [key, day * DAY, tokens, cost],
          );
      },
      async of(day, keys) {
        return keys.map((key) => {
          const [found] = sql.all(SpendingRow, "SELECT tokens, cost FROM spending WHERE key = ? AND at = ?", [
            key,
            day * DAY,
          ]);
          return found ?? { tokens: 0, cost: 0 };
        });
      },
    },

    forecasts: sqliteForecasts(sql, later),
    detection: sqliteDetection(sql, group),

    async prune(now) {
      const gone: Record<string, number> = {};
      for (const table of TABLES) {
        gone[table] = 0;
        const before = cutoff(table, settings.retention, now);
        if (before === undefined) continue;
        for (let step = 0; step < PRUNE_STEPS; step++) {
          const rows = sql.run(
            `DELETE FROM ${table} WHERE seq IN (SELECT seq FROM ${table} WHERE at < ?1 ${KEPT[table] ?? ""} LIMIT ${PRUNE_ROWS})`,
            [before],
          );
          gone[table] += rows;
          if (rows < PRUNE_ROWS) break;
          await nextTick();
        }
      }
      return gone;
    },

    async check() {
      sql.run(
        `INSERT INTO meta (key, value) VALUES ('checked_at', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value
         WHERE CAST(excluded.value AS REAL) > CAST(value AS REAL)`,
        [String(settings.now())],
      );
    },

    async latest() {
      const [found] = sql.all(
        LatestRow,
        `SELECT max(coalesce((SELECT max(at) FROM audit), 0),
          coalesce((SELECT CAST(value AS REAL) FROM meta WHERE key = 'checked_at'), 0)) AS latest`,
        [],
      );
      return found?.latest ?? 0;
    },

    async close() {
      await group.settled();
      log.close();
      if (db.isOpen) db.close();
    },
  };
}

const DAY = 86_400;

/** Where nobody else could have it in hand. */
const NOBODY: Lease = { owner: "", now: Number.MAX_VALUE, until: 0 };

function columns(place: Place): [string, string, string] {
  return [place.platform, place.channel, place.thread];
}

function toJson(value: unknown): string | null {
  return JSON.stringify(value) ?? null;
}
