import { endOf, type KeptForecast } from "../core/forecast/score.ts";
import type { AlertRecord, Incident } from "../core/incident.ts";
import type { Proposal } from "../core/proposal.ts";
import type { Shelvable } from "../ports/shelf.ts";
import type { Op } from "./redis/client.ts";
import { anomalyIndexes, opinionIndexes, seriesIndexes } from "./redis/detection.ts";
import { digestIndexes } from "./redis/digests.ts";
import { forecastIndexes } from "./redis/forecasts.ts";
import { putAlert, putIncident } from "./redis/incidents.ts";
import { outboxIndexes } from "./redis/outbox.ts";
import { byAge, byTimeOf, feedbackIndexes, inOrderOf, onPlatform } from "./redis/plain.ts";
import { putProposal } from "./redis/proposals.ts";
import { type Indexes, named, put, type Row } from "./redis/rows.ts";
import { runIndexes } from "./redis/runs.ts";
import { putShelved } from "./redis/shelf.ts";
import { sameKey } from "./same.ts";

/** A row as SQLite has it, by column. */
export type SqlRow = Readonly<Record<string, string | number | null | Uint8Array>>;

/** How rows of one table go from SQLite to Redis and back. Where they are found follows from what they hold. */
export type Transfer = {
  /** The table in SQLite, and in Redis the one that holds its rows whole. */
  readonly table: string;
  readonly redis: string;
  /** What gives its rows, oldest first. */
  readonly select: string;
  readonly toRedis: (row: SqlRow) => readonly Op[];
  /** Columns of SQLite. `id` is the row's key in Redis. */
  readonly toSql: (row: Row, id: string) => Row;
};

const all = (table: string, order = "seq") => `SELECT * FROM ${table} ORDER BY ${order}`;
const text = (value: SqlRow[string] | undefined) => String(value);
const base64 = (value: SqlRow[string] | undefined) =>
  value instanceof Uint8Array ? Buffer.from(value).toString("base64") : null;
const bytes = (value: unknown) => (typeof value === "string" ? new Uint8Array(Buffer.from(value, "base64")) : null);
const idsIn = (id: string) => JSON.parse(id) as readonly string[];
const bodyOf = <T>(row: Row) => JSON.parse(String(row["body"])) as T;
const pick = (row: Row, columns: readonly string[]): Row =>
  Object.fromEntries(columns.map((column) => [column, row[column] ?? null]));

/** A table whose rows have the same columns in both. */
function same(
  table: string,
  columns: readonly string[],
  idOf: (row: SqlRow) => string,
  indexesOf: (row: Row) => Indexes,
  order?: string,
): Transfer {
  return {
    ...{ table, redis: table, select: all(table, order) },
    toRedis: (row) => {
      const kept = Object.fromEntries(Object.entries(pick(row, columns)).filter(([, value]) => value !== null));
      return [put(table, idOf(row), table === "watch_rounds" ? pick(row, columns) : kept, indexesOf(kept))];
    },
    toSql: (row) => pick(row, columns),
  };
}

const OUTBOX = ["platform", "channel", "at", "body", "state", "attempts", "until", "reason", "reference", "done_at"];

const place = ({ platform, channel, thread }: SqlRow) => named(text(platform), text(channel), text(thread));

export const TRANSFERS: readonly Transfer[] = [
  {
    ...{ table: "turns", redis: "turns", select: all("turns") },
    toRedis: (row) => {
      const kept = { ...pick(row, ["id", "at", "author", "user", "text", "memory"]), of: place(row) };
      const id = named(...idsIn(place(row)), text(row["id"]));
      return [put("turns", id, { ...kept, has_memory: row["memory"] === null ? 0 : 1 }, inOrderOf(kept))];
    },
    toSql: (row) => {
      const [platform, channel, thread] = idsIn(String(row["of"]));
      return { platform, channel, thread, ...pick(row, ["id", "at", "author", "user", "text", "memory"]) };
    },
  },
  {
    ...{ table: "places", redis: "places", select: all("places") },
    toRedis: (row) => {
      const kept = pick(row, ["platform", "channel", "thread", "reference", "at"]);
      return [put("places", place(row), kept, onPlatform(kept))];
    },
    toSql: (row) => pick(row, ["platform", "channel", "thread", "reference", "at"]),
  },
  {
    ...{ table: "seen_events", redis: "seen_events", select: all("seen_events") },
    toRedis: ({ platform, id, at }) => [put("seen_events", named(text(platform), text(id)), { at }, byAge({ at }))],
    toSql: ({ at }, key) => {
      const [platform, id] = idsIn(key);
      return { platform, id, at };
    },
  },
  {
    ...{ table: "inbox", redis: "inbox" },
    select:
      "SELECT platform, id, inbox.at AS at, body, attempts FROM inbox JOIN seen_events USING (seq) ORDER BY inbox.seq",
    toRedis: (row) => [put("inbox", named(text(row["platform"]), text(row["id"])), row, onPlatform(row))],
    toSql: (row) => pick(row, ["platform", "id", "at", "body", "attempts"]),
  },
  {
    ...{ table: "answers", redis: "answered", select: all("answers") },
    toRedis: (row) => {
      const line = pick(row, ["id", "at", "text", "queries", "platform", "channel", "thread"]);
      const whole = { ...line, ...pick(row, ["evidence", "model"]), recording: base64(row["recording"]) };
      return [put("answers", text(row["id"]), line, byAge(line)), put("answered", text(row["id"]), whole, {})];
    },
    toSql: (row) => ({
      ...pick(row, ["id", "platform", "channel", "thread", "at", "text", "evidence", "queries", "model"]),
      recording: bytes(row["recording"]),
    }),
  },
  {
    ...{ table: "lessons", redis: "lessons", select: all("lessons") },
    toRedis: (row) => {
      const of = named(text(row["platform"]), text(row["channel"]));
      const kept = { ...pick(row, ["id", "word", "meaning", "taught_by", "at"]), of };
      return [put("lessons", named(...idsIn(of), text(row["word_key"])), kept, byTimeOf(kept))];
    },
    toSql: (row, key) => {
      const [platform, channel, word_key] = idsIn(key);
      return { platform, channel, word_key, ...pick(row, ["id", "word", "meaning", "taught_by", "at"]) };
    },
  },
  {
    ...{ table: "proposals", redis: "proposals", select: all("proposals") },
    toRedis: (row) => [
      putProposal(bodyOf<Proposal>(row), { changed: Number(row["changed"]), shown: Number(row["shown"]) }),
    ],
    toSql: (row) => {
      const proposal = bodyOf<Proposal>(row);
      const { id, spec, revision, hash, status } = proposal;
      const found = { target: spec.target.key, runbook: spec.runbook?.id ?? null, same: sameKey(proposal) };
      return { id, at: spec.createdAt, revision, hash, status, ...found, ...pick(row, ["changed", "shown", "body"]) };
    },
  },
  {
    ...{ table: "incidents", redis: "incidents", select: all("incidents") },
    toRedis: (row) => [putIncident(bodyOf<Incident>(row), Number(row["shown"]))],
    toSql: (row) => {
      const { id, openedAt, revision, status, endedAt, changedAt } = bodyOf<Incident>(row);
      const times = { at: openedAt, ended: endedAt ?? null, changed: changedAt };
      return { id, revision, status, ...times, ...pick(row, ["shown", "body"]) };
    },
  },
  {
    ...{ table: "alerts", redis: "alerts", select: all("alerts") },
    toRedis: (row) => [putAlert(bodyOf<AlertRecord>(row))],
    toSql: ({ body }) => {
      const { fingerprint, seenAt, incident, startsAt, endsAt } = bodyOf<AlertRecord>({ body });
      return { fingerprint, at: seenAt, incident: incident ?? null, began: startsAt, ended: endsAt ?? null, body };
    },
  },
  {
    ...{ table: "shelves", redis: "shelves", select: all("shelves") },
    toRedis: (row) => [putShelved(text(row["shelf"]), bodyOf<Shelvable>(row), Number(row["shown"]))],
    toSql: (row, key) => {
      const [shelf, id] = idsIn(key);
      const { revision, madeAt, endedAt } = bodyOf<Shelvable>(row);
      return { shelf, id, at: madeAt, revision, ended: endedAt ?? null, ...pick(row, ["shown", "body"]) };
    },
  },
  {
    ...{ table: "digests", redis: "digests", select: all("digests") },
    toRedis: (row) => {
      const kept = { name: row["name"], slot: row["at"], ...pick(row, ["revision", "body"]) };
      return [put("digests", text(row["id"]), kept, digestIndexes(kept))];
    },
    toSql: (row, id) => ({ id, at: row["slot"], ...pick(row, ["name", "revision", "body"]) }),
  },
  {
    ...{ table: "digest_plans", redis: "digest_plans", select: all("digest_plans", "name") },
    toRedis: ({ name, body }) => [put("digest_plans", text(name), { body }, { all: 0 })],
    toSql: ({ body }) => {
      const { name, revision } = bodyOf<{ readonly name: string; readonly revision: number }>({ body });
      return { name, revision, body };
    },
  },
  {
    ...{ table: "outbox", redis: "outbox", select: all("outbox") },
    toRedis: (row) => {
      const kept = Object.fromEntries(Object.entries(pick(row, OUTBOX)).filter(([, value]) => value !== null));
      const joins: Op = ["join", `outbox:channels ${text(row["platform"])}`, text(row["channel"])];
      return [
        put("outbox", text(row["id"]), kept, outboxIndexes(kept)),
        ...(row["state"] === "waiting" ? [joins] : []),
      ];
    },
    toSql: (row, id) => ({
      id,
      ...pick(row, OUTBOX),
    }),
  },
  {
    ...{ table: "feedback", redis: "feedback", select: all("feedback") },
    toRedis: (row) => {
      const kept = pick(row, ["answer", "helpful", "at"]);
      return [
        put(
          "feedback",
          named(text(row["answer"]), text(row["platform"]), text(row["user"])),
          kept,
          feedbackIndexes(kept),
        ),
      ];
    },
    toSql: (row, key) => {
      const [answer, platform, user] = idsIn(key);
      return { answer, platform, user, ...pick(row, ["helpful", "at"]) };
    },
  },
  {
    ...{ table: "spending", redis: "spending", select: all("spending") },
    toRedis: ({ key, at, tokens, cost }) => {
      const kept = { at, tokens, cost };
      return [put("spending", named(text(key), String(Number(at) / DAY)), kept, byAge(kept))];
    },
    toSql: (row, key) => ({ key: idsIn(key)[0], ...pick(row, ["at", "tokens", "cost"]) }),
  },
  {
    ...{ table: "forecasts", redis: "forecasts", select: all("forecasts") },
    toRedis: (row) => {
      const of = named(text(row["source"]), text(row["promql"]), text(row["series"]));
      const score = row["score"] === null ? {} : { score: row["score"] };
      const kept = { ...pick(row, ["about", "at", "ends_at", "body"]), of, ...score };
      return [put("forecasts", text(row["id"]), kept, forecastIndexes(kept))];
    },
    toSql: (row, id) => {
      const forecast = bodyOf<KeptForecast>(row);
      const { about, source, promql, series, at } = forecast;
      return { id, about, source, promql, series, at, ends_at: endOf(forecast), ...pick(row, ["body", "score"]) };
    },
  },
  {
    ...{ table: "watched_series", redis: "watched_series", select: all("watched_series") },
    toRedis: (row) => {
      const [watch, series] = [text(row["watch"]), text(row["series"])];
      const kept = { ...pick(row, ["series", "at", "labels", "track"]), detector: base64(row["detector"]) };
      return [put("watched_series", named(watch, series), kept, seriesIndexes(watch, Number(row["at"])))];
    },
    toSql: (row, key) => ({
      watch: idsIn(key)[0],
      ...pick(row, ["series", "at", "labels", "track"]),
      detector: bytes(row["detector"]),
    }),
  },
  same("watch_rounds", ["watch", "at", "series", "matched", "problem"], ({ watch }) => text(watch), byAge),
  same(
    "anomalies",
    ["id", "at", "ended", "watch", "message", "status", "revision", "shown", "posted", "body"],
    ({ id }) => text(id),
    anomalyIndexes,
  ),
  same(
    "opinions",
    ["anomaly", "watch", "series", "person", "kind", "at", "since"],
    ({ anomaly, person }) => named(text(anomaly), text(person)),
    opinionIndexes,
  ),
  {
    ...{ table: "runs", redis: "runs", select: all("runs") },
    toRedis: (row) => {
      const kept = pick(row, ["line", "at", "deploys", "body"]);
      return [put("runs", text(row["id"]), kept, runIndexes(kept))];
    },
    toSql: (row, id) => ({ id, ...pick(row, ["line", "at", "deploys", "body"]) }),
  },
  same(
    "actors",
    ["id", "person", "platform", "account", "name", "is_linked"],
    ({ person, platform, account }) => named(text(person), text(platform), text(account)),
    ({ person, id }) => ({ [`person ${String(person)}`]: 0, [`id ${String(id)}`]: 0 }),
  ),
];

const DAY = 86_400;
