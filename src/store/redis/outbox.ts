import { incidentOf } from "../../core/incident/message.ts";
import { proposalOf } from "../../core/proposal-message.ts";
import type { Outbox, Outgoing } from "../../ports/outbox.ts";
import { FateRow, QueuedRow, ReferenceRow } from "../rows.ts";
import type { Db, Op } from "./client.ts";
import { atMost, type Indexes, isAnothers, named, parsed, type Row, rowOf, still, table } from "./rows.ts";

const TABLE = "outbox";
/** The check for which an edit is tried again: the message that it edits is not as it was read. */
const SOMEBODY_ELSE_CHANGED_IT = 2;

/** `Outbox` in Redis. */
export function redisOutbox(db: Db): Outbox {
  const rows = table(db, TABLE, QueuedRow, outboxIndexes);
  /** Only what waits can change. */
  const change = async (id: string, by: (row: Row) => Row) => {
    await rows.change(id, (row) => (row["state"] === "waiting" ? { ...row, ...by(row) } : undefined));
  };
  const rowOfId = async (id: string) => {
    const text = await db.get(TABLE, id);
    return text === undefined ? undefined : rowOf(text);
  };

  return {
    async put(message) {
      const { id, place, at, edits, revision } = message;
      const { platform, channel } = place;
      const first = { platform, channel, at, state: "waiting", attempts: 0, until: 0 };
      const row = { ...first, body: JSON.stringify(message) };
      const joined: Op = ["join", `${TABLE}:channels ${platform}`, channel];
      for (;;) {
        const text = edits === undefined || revision === undefined ? undefined : await db.get(TABLE, edits);
        if (edits === undefined || text === undefined) return rows.add(id, row, joined);
        const edited = rowOf(text);
        const shown = messageOf(edited["body"]);
        if ((shown.revision ?? 0) > revision!) return false;
        const known = { ...edited, body: JSON.stringify({ ...shown, revision }) };
        const checks = [still(TABLE, id, undefined), still(TABLE, edits, text)];
        const made = await db.step([...checks, rows.put(edits, known), rows.put(id, row), joined]);
        if (made !== SOMEBODY_ELSE_CHANGED_IT) return made === "ok";
      }
    },
    async due(platform, now, limit) {
      const firsts = await db.firsts(TABLE, `${TABLE}:channels ${platform}`, `queue ${platform} `);
      return firsts
        .map(({ stands, text }) => ({ stands, row: rowOf(text) }))
        .filter(({ row }) => Number(row["until"]) <= now && Number(row["held"] ?? 0) <= now)
        .sort((a, b) => (a.stands < b.stands ? -1 : 1))
        .slice(0, atMost(limit))
        .map(({ row }) => parsed(QueuedRow, row));
    },
    async begin(id, lease) {
      let begun: number | undefined;
      await rows.change(id, (row) => {
        begun = undefined;
        if (row["state"] !== "waiting" || isAnothers(row, lease)) return undefined;
        begun = Number(row["attempts"]) + 1;
        return { ...row, attempts: begun, owner: lease?.owner, held: lease?.until };
      });
      return begun;
    },
    async hold(id, lease) {
      await rows.change(id, (row) => {
        const isHeld = row["state"] === "waiting" && row["owner"] === lease.owner && Number(row["held"]) > 0;
        return isHeld ? { ...row, held: lease.until } : undefined;
      });
    },
    hint: (id, hint) => change(id, ({ body }) => ({ body: JSON.stringify({ ...messageOf(body), hint }) })),
    postpone: (id, until, reason) => change(id, () => ({ until, reason, held: 0 })),
    sent: (id, reference, at) =>
      change(id, ({ body }) => ({
        ...{ state: "sent", reference, done_at: at, reason: undefined },
        ...withoutHint(body),
      })),
    gaveUp: (id, reason, at) =>
      change(id, ({ body }) => ({ state: "given up", reason, done_at: at, ...withoutHint(body) })),
    async fateOf(id) {
      const row = await rowOfId(id);
      return row && parsed(FateRow, { ...row, reason: row["reason"] ?? null });
    },
    async referenceOf(id) {
      const row = await rowOfId(id);
      return row?.["state"] === "sent" ? parsed(ReferenceRow, row) : undefined;
    },
    async answerOf({ platform, channel }, reference) {
      const index = `reference ${named(platform, channel, reference)}`;
      const [newest] = await rows.page(index, { newestFirst: true, limit: 1 });
      return newest?.answer;
    },
    async waiting(platform) {
      const key = `${TABLE}:waiting ${platform}`;
      const [count, oldest] = await db.read((redis, prefix) =>
        Promise.all([redis.zcard(`${prefix}z:${key}`), redis.zrange(`${prefix}z:${key}`, "0", "0", "WITHSCORES")]),
      );
      return { count, oldest: oldest[1] === undefined ? undefined : Number(oldest[1]) };
    },
  };
}

/** Where a message is found. */
export function outboxIndexes({ state, platform, channel, at, reference }: Row): Indexes {
  const found: Indexes =
    state === "waiting"
      ? { [`queue ${String(platform)} ${String(channel)}`]: 0, [`waiting ${String(platform)}`]: Number(at) }
      : state === "sent"
        ? { [`reference ${named(String(platform), String(channel), String(reference))}`]: 0 }
        : {};
  return { age: Number(at), ...found };
}

function messageOf(body: unknown): Outgoing {
  return JSON.parse(String(body)) as Outgoing;
}

/** What is done needs its hint no more. */
function withoutHint(body: unknown): Row {
  const { hint: _, ...message } = messageOf(body);
  return { body: JSON.stringify(message) };
}

/**
 * Whether retention leaves a message alone however old it is: it shows a proposal or an incident that is still there, whose buttons
 * count by it and whose end is written into it.
 */
export async function isStillShown(db: Db, texts: readonly string[]): Promise<readonly boolean[]> {
  const rows = texts
    .map(rowOf)
    .map((row) => ({ message: messageOf(row["body"]), isWaiting: row["state"] === "waiting" }));
  const [proposals, incidents] = await Promise.all([
    db.many(
      "proposals",
      rows.map(({ message }) => proposalOf(message.id) ?? ""),
    ),
    db.many(
      "incidents",
      rows.map(({ message }) => incidentOf(message.id) ?? ""),
    ),
  ]);
  return rows.map(
    ({ message, isWaiting }, i) =>
      (isWaiting || message.edits === undefined) && (proposals[i] !== undefined || incidents[i] !== undefined),
  );
}
