import { parseDuration } from "../../config/values.ts";
import type { AuditRecord } from "../../core/audit.ts";
import type { Audit } from "../../ports/store.ts";
import { type Call, flag, UsageError } from "../command.ts";

const PAGE = 1000;

/** All records in order, a page at a time. */
export async function* pages(audit: Audit): AsyncGenerator<readonly AuditRecord[]> {
  for (let after = 0; ; ) {
    const page = await audit.range(after, PAGE);
    if (page.length === 0) return;
    yield page;
    after = page.at(-1)!.seq;
  }
}

/** `--period` as unix seconds up to `now`; undefined when it was not given. Throws `UsageError`. */
export function readPeriod(call: Call, now: number): { readonly from: number; readonly to: number } | undefined {
  const said = flag(call, "period");
  if (said === undefined) return undefined;
  const ms = parseDuration(said);
  if (ms === undefined || ms <= 0)
    throw new UsageError(`--period must be a time such as 30d or 12h: it is ${JSON.stringify(said)}.`);
  return { from: now - ms / 1000, to: now };
}
