import * as z from "zod";
import type { AuditRecord } from "../../core/audit.ts";
import { type Endpoint, endpoint } from "../../http/api/endpoint.ts";
import type { Store } from "../../ports/store.ts";
import { auditLine, auditSchema } from "../../wire/audit.ts";
import { pageQuery, pageSchema, readCursor, secondsOf, writeCursor } from "./pages.ts";
import { insistOnAll } from "./records.ts";

const BATCH = 250;
const MOST_LOOKED_AT = 2000;

/** The record of what happened, newest first: numbers follow each other without a hole, so a page is found by the last of them. */
export function auditEndpoint({ audit }: Pick<Store, "audit">): Endpoint {
  return endpoint({
    ...{ method: "GET", path: "/audit", scope: "audit", name: "listAudit" },
    summary: "The audit, the newest first",
    description:
      "`smartcloudops audit verify` checks the chain; all of it in order gives `smartcloudops audit export`.",
    query: () =>
      pageQuery({
        action: z.string().max(100).optional().describe("Only this action."),
        id: z.string().max(200).optional().describe("Only about this proposal, incident, …"),
      }),
    answer: () => pageSchema(auditSchema()),
    async handle({ caller, query }) {
      insistOnAll(caller, "The audit tells of all sources");
      const since = secondsOf(query.since) ?? Number.NEGATIVE_INFINITY;
      const until = secondsOf(query.until) ?? Number.POSITIVE_INFINITY;
      const isWanted = ({ at, action, id }: AuditRecord) =>
        at <= until && (query.action ?? action) === action && (query.id ?? id) === id;
      // A cursor may be of a longer chain: of the time before a restore.
      const newest = (await audit.head())?.seq ?? 0;
      let last = query.cursor === undefined ? newest : Math.min(newest, Math.floor(readCursor(query.cursor)[0]));
      const found: AuditRecord[] = [];
      let isOver = false;
      for (let looked = 0; last > 0 && looked < MOST_LOOKED_AT && found.length < query.limit && !isOver; ) {
        const first = Math.max(0, last - BATCH);
        for (const record of (await audit.range(first, last - first)).toReversed()) {
          isOver = record.at < since;
          if (isOver || found.length === query.limit) break;
          last = record.seq - 1;
          looked++;
          if (isWanted(record)) found.push(record);
        }
      }
      const accounts = await audit.accounts([...new Set(found.map(({ actor }) => actor))]);
      return {
        items: found.map((one) => auditLine(one, accounts.get(one.actor) ?? [])),
        next: isOver || last <= 0 ? null : writeCursor([last, 0]),
      };
    },
  });
}
