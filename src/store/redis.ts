import { join } from "node:path";
import { z } from "zod";
import type { Place } from "../core/chat.ts";
import type { Clock } from "../ports/clock.ts";
import type { Lease, Store } from "../ports/store.ts";
import { once } from "../util/once.ts";
import type { Secret } from "../util/secret.ts";
import { StoreError } from "./errors.ts";
import { makeDataDir } from "./file.ts";
import { deflated } from "./recording.ts";
import { redisAudit } from "./redis/audit.ts";
import { connect, type Db } from "./redis/client.ts";
import { redisDetection } from "./redis/detection.ts";
import { redisDigests } from "./redis/digests.ts";
import { redisForecasts } from "./redis/forecasts.ts";
import { greet } from "./redis/greet.ts";
import { redisIncidents } from "./redis/incidents.ts";
import { LATEST, redisLedger } from "./redis/ledger.ts";
import { redisOutbox } from "./redis/outbox.ts";
import { redisPersonal } from "./redis/personal.ts";
import { byAge, byTimeOf, feedbackIndexes, inOrderOf, onPlatform } from "./redis/plain.ts";
import { redisProposals } from "./redis/proposals.ts";
import { prune } from "./redis/prune.ts";
import { atMost, isAnothers, named, parsed, put, type Row, rowOf, table } from "./redis/rows.ts";
import { redisRuns } from "./redis/runs.ts";
import { redisShelf } from "./redis/shelf.ts";
import { type Retention, wordKey } from "./retention.ts";
import { AnswerLine, AnswerRow, HeldRow, LessonRow, PlaceRow, SpendingRow, TurnRow } from "./rows.ts";
import type { SealSettings } from "./seal.ts";
import { createStop } from "./stop.ts";

export type RedisStoreSettings = {
  /** `redis://` or `rediss://`, with the password in it. */
  readonly url: Secret;
  /** The folder of this replica: for the anchors of the audit and the file that stops. Created when missing. */
  readonly dataDir: string;
  readonly retention: Retention;
  /** Reads beside a running bot. Every write throws. */
  readonly readOnly?: boolean;
  /** Works on a Redis that keeps nothing over a restart. */
  readonly allowVolatile?: boolean;
  /** Milliseconds that a call is tried for. Default: 4000. */
  readonly patienceMs?: number;
  readonly now: Clock;
  /** Told of what does not keep the store from working. */
  readonly warn?: (problem: unknown, message: string) => void;
} & Omit<SealSettings, "now">;

/**
 * The store in Redis, which any number of replicas share. Each change is one script, so it happens whole or not at all, and never a second time.
 * What a promise of this store has confirmed is as durable as that Redis: with `appendfsync always` it survives a power cut there.
 * Throws `StoreError` when Redis cannot be reached or does not keep what it is given; its methods reject with one when they cannot
 * read or write.
 */
export async function openRedisStore(settings: RedisStoreSettings): Promise<Store> {
  const { url, dataDir, readOnly = false, now } = settings;
  const warn = settings.warn ?? (() => undefined);
  if (!readOnly) makeDataDir(dataDir);
  const on = await connect(url, {
    patienceMs: settings.patienceMs ?? PATIENCE_MS,
    greet: (db) => greet(db, { ...settings, warn }),
    warn,
  });
  const db: Db = readOnly ? { ...on, step: () => Promise.reject(NO_WRITES) } : on;
  const ledger = redisLedger(db, { ...settings, warn });
  const turns = table(db, "turns", TurnRow, inOrderOf);
  const places = table(db, "places", PlaceRow, onPlatform);
  const held = table(db, "inbox", HeldRow, onPlatform);
  const answers = table(db, "answers", AnswerLine, byAge);
  const answered = table(db, "answered", AnsweredRow, () => ({}));
  const lessons = table(db, "lessons", LessonRow, byTimeOf);
  const opinions = table(db, "feedback", SaidRow, feedbackIndexes);
  const spending = table(db, "spending", SpendingRow, byAge);

  /** Puts a row whether it is there or not. */
  async function set(name: ReturnType<typeof table<unknown>>, id: string, row: Row): Promise<void> {
    await db.step([name.put(id, row)]);
  }

  return {
    conversations: {
      append(place, turn) {
        const { id, user, memory, ...rest } = turn;
        const has = memory === undefined ? 0 : 1;
        const texts = { user: toJson(user), memory: toJson(memory), has_memory: has };
        return turns.add(named(...parts(place), id), { id, ...rest, ...texts, of: named(...parts(place)) });
      },
      async recent(place, limit) {
        const newest = await turns.page(`of ${named(...parts(place))}`, { newestFirst: true, limit: atMost(limit) });
        return newest.reverse();
      },
    },

    places: {
      save: (place, reference, at) =>
        set(places, named(...parts(place)), { ...onlyPlace(place), reference: toJson(reference), at }),
      async get(place) {
        const found = await places.get(named(...parts(place)));
        return found && { reference: found.reference, at: found.at };
      },
      all: async (platform) =>
        (await places.page(`on ${platform}`)).map(({ place, reference }) => ({ place, reference })),
      async remove(place) {
        await db.step([["del", "places", named(...parts(place))]]);
      },
    },

    inbox: {
      async take(platform, { id, body, at }, lease) {
        const key = named(platform, id);
        const seen = put("seen_events", key, { at }, { age: at });
        const wait = held.put(key, { platform, id, body, at, attempts: 1, ...handOf(lease) });
        return (await db.step([["none", "t:seen_events", key], seen, wait])) === "ok";
      },
      async done(platform, id) {
        await db.step([["del", "inbox", named(platform, id)]]);
      },
      async left(platform, now = Number.POSITIVE_INFINITY) {
        const rows = (await db.page("inbox", `on ${platform}`)).map(({ text }) => rowOf(text));
        return rows.filter((row) => Number(row["held"] ?? 0) <= now).map((row) => parsed(HeldRow, row));
      },
      begin: (platform, id, lease) =>
        held.change(named(platform, id), (row) =>
          isAnothers(row, lease) ? undefined : { ...row, attempts: Number(row["attempts"]) + 1, ...handOf(lease) },
        ),
      async hold(platform, ids, lease) {
        const renew = (id: string) =>
          held.change(named(platform, id), (row) =>
            row["owner"] === lease.owner ? { ...row, ...handOf(lease) } : undefined,
          );
        for (let at = 0; at < ids.length; at += AT_ONCE) await Promise.all(ids.slice(at, at + AT_ONCE).map(renew));
      },
    },

    evidence: {
      async save({ id, place, at, text, evidence, model, recording }) {
        const bytes = deflated(recording);
        const whole = {
          ...{ id, at, text, queries: evidence.length, evidence: JSON.stringify(evidence), model: toJson(model) },
          ...onlyPlace(place),
          recording: bytes === null ? null : Buffer.from(bytes).toString("base64"),
        };
        const { evidence: _, model: __, recording: ___, ...line } = whole;
        await answers.add(id, line, answered.put(id, whole));
      },
      get: (answerId) => answered.get(answerId),
      since: (at, limit) => answers.page("age", { min: at, newestFirst: true, limit: atMost(limit) }),
    },

    lessons: {
      async teach({ platform, channel }, { by, ...lesson }) {
        const id = named(platform, channel, wordKey(lesson.word));
        const row = { ...lesson, taught_by: by, of: named(platform, channel) };
        for (;;) {
          const before = await db.get("lessons", id);
          const unchanged =
            before === undefined ? (["none", "t:lessons", id] as const) : (["is", "t:lessons", id, before] as const);
          // Deleted first, so that the new one is the youngest.
          if ((await db.step([unchanged, ["del", "lessons", id], lessons.put(id, row)])) === "ok")
            return before === undefined ? undefined : parsed(LessonRow, rowOf(before));
        }
      },
      of: ({ platform, channel }) => lessons.page(`of ${named(platform, channel)}`),
      async forget({ platform, channel }, word) {
        const id = named(platform, channel, wordKey(word));
        for (;;) {
          const before = await db.get("lessons", id);
          if (before === undefined) return false;
          if (
            (await db.step([
              ["is", "t:lessons", id, before],
              ["del", "lessons", id],
            ])) === "ok"
          )
            return true;
        }
      },
    },

    proposals: redisProposals(db, ledger),
    incidents: redisIncidents(db, ledger),
    silences: redisShelf("silence", db, ledger),
    overrides: redisShelf("override", db, ledger),
    rollouts: redisShelf("rollout", db, ledger),
    models: redisShelf("model", db, ledger),
    waste: redisShelf("waste", db, ledger),
    looks: redisShelf("look", db, ledger),
    digests: redisDigests(db, ledger),
    runs: redisRuns(db),
    audit: redisAudit(db, ledger),
    personal: redisPersonal(db, ledger),
    stop: createStop(ledger, join(dataDir, "STOP"), { isShared: true }),
    outbox: redisOutbox(db),

    feedback: {
      save: ({ answer, user, helpful, at }) =>
        set(opinions, named(answer, user.platform, user.id), { answer, helpful: helpful ? 1 : 0, at }),
      async count(answer) {
        const said = await opinions.page(`of ${answer}`);
        const helpful = said.filter((one) => one.helpful === 1).length;
        return { helpful, unhelpful: said.length - helpful };
      },
    },

    spending: {
      async add(day, keys, { tokens, cost }) {
        for (const key of new Set(keys)) {
          const id = named(key, String(day));
          const more = (row: Row) => ({
            ...{ at: day * DAY, tokens: Number(row["tokens"]) + tokens, cost: Number(row["cost"]) + cost },
          });
          while (!(await spending.add(id, more({ tokens: 0, cost: 0 }))) && !(await spending.change(id, more)));
        }
      },
      of: (day, keys) =>
        Promise.all(keys.map(async (key) => (await spending.get(named(key, String(day)))) ?? { tokens: 0, cost: 0 })),
    },

    forecasts: redisForecasts(db),
    detection: redisDetection(db),
    prune: (at) => prune(db, settings.retention, at),
    async check() {
      await db.step([["most", "meta", LATEST, now()]]);
      await ledger.anchor();
    },
    latest: async () => Number((await ledger.metaOf(LATEST)) ?? 0),
    async close() {
      db.close();
    },
  };
}

const DAY = 86_400;
const PATIENCE_MS = 4000;
/** Claims that are renewed on one trip. */
const AT_ONCE = 200;

const NO_WRITES = new StoreError("read-only", "the store in Redis was opened for reading only. Nothing was stored.");

/** All of an answer, whose line is a row of its own so that lists stay small. */
const AnsweredRow = once(() =>
  z
    .looseObject({ recording: z.string().nullable() })
    .transform(({ recording, ...row }) => ({
      ...row,
      recording: recording === null ? null : new Uint8Array(Buffer.from(recording, "base64")),
    }))
    .pipe(AnswerRow()),
);

const SaidRow = once(() => z.object({ helpful: z.number() }));

/** In whose hand something is, as a row has it. */
function handOf(lease: Lease | undefined): Row {
  return { owner: lease?.owner, held: lease?.until };
}

function parts({ platform, channel, thread }: Place): [string, string, string] {
  return [platform, channel, thread];
}

function onlyPlace({ platform, channel, thread }: Place): Place {
  return { platform, channel, thread };
}

function toJson(value: unknown): string | null {
  return JSON.stringify(value) ?? null;
}
