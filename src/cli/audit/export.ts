import type { AuditRecord } from "../../core/audit.ts";
import type { Audit } from "../../ports/store.ts";
import { csvLine } from "../../util/csv.ts";
import { htmlHead, htmlText } from "../../util/html.ts";
import { inert } from "../../util/inert.ts";
import { auditLine, AUDIT_COLUMNS as COLUMNS, type AuditLine as Line } from "../../wire/audit.ts";
import { type Call, EXIT, flag, UsageError } from "../command.ts";
import { readStore } from "../read-store.ts";
import { readConfig } from "../settings.ts";
import { pages, readPeriod } from "./pages.ts";

type Format = { readonly head: string; readonly line: (line: Line) => string; readonly foot: string };

/** `audit export`: all records, oldest first, on stdout. */
export async function exportAll(call: Call): Promise<number> {
  const name = flag(call, "format") ?? "json";
  const format = Object.hasOwn(FORMATS, name) ? FORMATS[name] : undefined;
  if (format === undefined)
    throw new UsageError(`--format must be ${Object.keys(FORMATS).join(", ")}: it is ${JSON.stringify(name)}.`);
  const period = readPeriod(call, Date.now() / 1000);
  const isWanted = ({ at }: AuditRecord) => period === undefined || (at >= period.from && at < period.to);
  call.stdout.write(format.head);
  await readStore(readConfig(call), async ({ audit }) => {
    for await (const page of pages(audit)) {
      const lines = await named(audit, page.filter(isWanted));
      if (lines.length > 0 && !call.stdout.write(lines.map(format.line).join(""))) await drained(call);
    }
  });
  call.stdout.write(format.foot);
  return EXIT.ok;
}

async function named(audit: Audit, records: readonly AuditRecord[]): Promise<readonly Line[]> {
  const accounts = await audit.accounts([...new Set(records.map(({ actor }) => actor))]);
  return records.map((record) => auditLine(record, accounts.get(record.actor) ?? []));
}

/** Until the reader has taken what was written, or went away: an export may be far larger than memory. */
function drained({ stdout }: Call): Promise<void> {
  return new Promise((resolve) => stdout.once("drain", resolve).once("close", resolve));
}

const STYLE =
  "body{font:14px sans-serif;margin:2em}table{border-collapse:collapse}td,th{border:1px solid #ccc;padding:.3em .6em;text-align:left;vertical-align:top;word-break:break-word}";

const FORMATS: Readonly<Record<string, Format>> = {
  json: { head: "", line: (line) => `${JSON.stringify(line)}\n`, foot: "" },
  csv: {
    head: csvLine(COLUMNS),
    line: (line) => csvLine(COLUMNS.map((column) => textOf(line, column))),
    foot: "",
  },
  html: {
    head: `${htmlHead("Audit", STYLE)}<h1>Audit</h1>
<table><thead><tr>${COLUMNS.map((column) => `<th>${column}</th>`).join("")}</tr></thead><tbody>
`,
    line: (line) => `<tr>${COLUMNS.map((column) => `<td>${htmlText(textOf(line, column))}</td>`).join("")}</tr>\n`,
    foot: "</tbody></table></body></html>\n",
  },
};

function textOf(line: Line, column: (typeof COLUMNS)[number]): string {
  return inert(String((line as Readonly<Record<string, unknown>>)[column] ?? ""));
}
