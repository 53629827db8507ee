import type { Anomaly } from "../../core/watch/anomaly.ts";
import type { Detection, DetectionChange, SeriesState, WatchRecord } from "../../ports/detection.ts";
import { AnomalyRow, OpinionRow, SeriesStateRow, SlotRow, WatchRoundRow } from "../rows-detection.ts";
import type { Db, Found, Op } from "./client.ts";
import { atMost, type Indexes, named, parsed, put, type Row, rowOf, still, table } from "./rows.ts";

const JOBS = "jobs";
const SERIES = "watched_series";
const ROUNDS = "watch_rounds";
const ANOMALIES = "anomalies";
const OPINIONS = "opinions";

/** What the scheduled detector keeps, in Redis. One `commit` is one step. */
export function redisDetection(db: Db): Detection {
  const anomalies = table(db, ANOMALIES, AnomalyRow, anomalyIndexes);
  const opinionTable = table(db, OPINIONS, OpinionRow, opinionIndexes);

  async function page(index: string, range: Parameters<Db["page"]>[2]): Promise<readonly (Found & { row: Row })[]> {
    return (await db.page(ANOMALIES, index, range)).map((found) => ({ ...found, row: rowOf(found.text) }));
  }

  return {
    async claim(job, slot, owner, now, until) {
      for (;;) {
        const text = await db.get(JOBS, job);
        const held = text === undefined ? undefined : parsed(SlotRow, rowOf(text));
        if (held !== undefined && (held.slot >= slot || (held.owner !== owner && held.until > now))) return "lost";
        const write = put(JOBS, job, { slot, owner, until }, {});
        if ((await db.step([still(JOBS, job, text), write])) === "ok") return held?.owner === owner ? "won" : "anew";
      }
    },
    async release(job, owner) {
      await table(db, JOBS, SlotRow, () => ({})).change(job, (row) =>
        row["owner"] === owner ? { ...row, until: 0 } : undefined,
      );
    },
    async states(watch) {
      const found = (await db.page(SERIES, `of ${watch}`)).map(({ text }) => rowOf(text));
      const bytes = ({ detector, ...row }: Row): Row => ({ ...row, detector: Buffer.from(String(detector), "base64") });
      return found
        .map((row) => parsed(SeriesStateRow, bytes(row)))
        .map((state) => ("broken" in state ? state : { ...state, detector: new Uint8Array(state.detector) }))
        .sort((a, b) => (a.series < b.series ? -1 : 1));
    },
    async commit(change) {
      for (;;) {
        const found = change.anomalies ?? [];
        const before = await db.many(
          ANOMALIES,
          found.map(({ id }) => id),
        );
        const written = found.flatMap((one, i) => newer(one, before[i]));
        const checks = found.map(({ id }, i) => still(ANOMALIES, id, before[i]));
        const ops = [...checks, ...roundOps(change), ...written.map((row) => anomalies.put(String(row["id"]), row))];
        if (ops.length === checks.length || (await db.step(ops)) === "ok") return;
      }
    },
    async rounds() {
      const found = (await db.page(ROUNDS, "age")).map(({ text }) => parsed(WatchRoundRow, rowOf(text)));
      return found.sort((a, b) => (a.watch < b.watch ? -1 : 1));
    },
    anomaly: (id) => anomalies.get(id),
    async anomalies({ status, since, until, group, limit }) {
      const index = group !== undefined ? `group ${group}` : status === undefined ? "all" : `status ${status}`;
      const isExact = since === undefined && (group === undefined || status === undefined);
      const rows = await page(index, {
        max: until ?? "+inf",
        newestFirst: true,
        ...(isExact && { limit: atMost(limit) }),
      });
      return rows
        .map(({ row }) => row)
        .filter((row) => status === undefined || row["status"] === status)
        .filter(
          ({ status: now, at, ended }) =>
            since === undefined || now === "open" || Number(at) >= since || Number(ended ?? 0) >= since,
        )
        .slice(0, atMost(limit))
        .map((row) => parsed(AnomalyRow, row));
    },
    unshown: (limit) => anomalies.page("unshown", { limit: atMost(limit) }),
    async shown(id, revision, posted) {
      await anomalies.change(id, (row) => ({
        ...row,
        shown: Math.max(Number(row["shown"]), revision),
        posted: row["posted"] === 1 || posted ? 1 : 0,
      }));
    },
    async postedOf(group) {
      const rows = await page(`group ${group}`, {});
      return rows.filter(({ row }) => row["posted"] === 1).map(({ row }) => String(row["id"]));
    },
    async judge({ by, ...opinion }) {
      const id = named(opinion.anomaly, by);
      const { kind, at } = opinion;
      while (
        !(await opinionTable.add(id, { ...opinion, person: by })) &&
        !(await opinionTable.change(id, (row) => ({ ...row, kind, at })))
      );
    },
    opinions: (since) => opinionTable.page("age", { min: since }),
    async records(since) {
      const rows = (await page("all", { min: since })).map(({ row }) => row).filter((row) => row["posted"] === 1);
      const said = Map.groupBy(await opinionTable.page("age"), ({ anomaly }) => anomaly);
      const groupsOf = (list: readonly Row[], kind?: string) =>
        new Set(
          list
            .filter(({ id }) => kind === undefined || said.get(String(id))?.some((one) => one.kind === kind))
            .map(({ message }) => message),
        ).size;
      return new Map(
        [...Map.groupBy(rows, ({ watch }) => String(watch))].map(([watch, list]): [string, WatchRecord] => [
          watch,
          {
            posts: groupsOf(list),
            useful: groupsOf(list, "useful"),
            notUseful: groupsOf(list, "not useful"),
            expected: groupsOf(list, "expected"),
          },
        ]),
      );
    },
  };
}

/** The row that takes the place of the one before, if it is newer. */
function newer(anomaly: Anomaly, text: string | undefined): readonly Row[] {
  const before = text === undefined ? { revision: 0, shown: 0, posted: 0 } : rowOf(text);
  if (text !== undefined && Number(before["revision"]) >= anomaly.revision) return [];
  const { id, openedAt, endedAt, watch, group, status, revision } = anomaly;
  const found = { id, at: openedAt, ended: endedAt, watch, message: group, status, revision };
  return [{ ...found, shown: before["shown"], posted: before["posted"], body: JSON.stringify(anomaly) }];
}

/** Where an anomaly is found. */
export function anomalyIndexes({ at, status, message, revision, shown }: Row): Indexes {
  return {
    all: Number(at),
    [`status ${String(status)}`]: Number(at),
    [`group ${String(message)}`]: Number(at),
    ...(Number(revision) > Number(shown) && { unshown: 0 }),
    ...(status === "over" && { age: Number(at) }),
  };
}

/** Where an opinion is found. */
export function opinionIndexes({ at, anomaly }: Row): Indexes {
  return { age: Number(at), [`of ${String(anomaly)}`]: 0 };
}

function roundOps({ watch: round, states = [], dropped = [] }: DetectionChange): readonly Op[] {
  if (round === undefined) return [];
  const { watch, at } = round;
  return [
    put(ROUNDS, watch, { ...round, problem: round.problem ?? null }, { age: at }),
    ...dropped.map((series): Op => ["del", SERIES, named(watch, series)]),
    ...states.map((state) => put(SERIES, named(watch, state.series), stateRow(state, at), seriesIndexes(watch, at))),
  ];
}

/** Where the state of a series is found. */
export function seriesIndexes(watch: string, at: number): Indexes {
  return { age: at, [`of ${watch}`]: 0 };
}

function stateRow({ series, labels, track, detector }: SeriesState, at: number): Row {
  const texts = { labels: JSON.stringify(labels), track: JSON.stringify(track) };
  return { series, at, ...texts, detector: Buffer.from(detector).toString("base64") };
}
