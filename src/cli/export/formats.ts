import { rfc3339 } from "../../core/zone.ts";
import { csvLine } from "../../util/csv.ts";
import { htmlHead, htmlText } from "../../util/html.ts";
import { inert } from "../../util/inert.ts";
import { never } from "../../util/never.ts";
import { chartsOf } from "./charts.ts";
import type { Page, Row } from "./page.ts";

/** What is exported, as text in pieces. */

type Piece = { readonly text: string; readonly rows: number };

/** JSON is one object a line; CSV is RFC 4180 with a head; HTML is a page that stands alone. */
export function formatOf(format: "json" | "csv" | "html", page: Page, rows: readonly Row[]): Iterable<Piece> {
  switch (format) {
    case "json":
      return lines("", rows, ({ json }) => `${JSON.stringify(json)}\n`, "");
    case "csv":
      return lines(csvLine(page.columns), rows, (row) => csvLine(cellsOf(page, row)), "");
    case "html":
      return lines(
        headOf(page, rows),
        rows,
        (row) => htmlRow(cellsOf(page, row, "\n")),
        "</tbody></table></div></body></html>\n",
      );
    default:
      return never(format);
  }
}

function* lines(head: string, rows: readonly Row[], line: (row: Row) => string, foot: string): Iterable<Piece> {
  if (head !== "") yield { text: head, rows: 0 };
  for (const row of rows) yield { text: line(row), rows: 1 };
  if (foot !== "") yield { text: foot, rows: 0 };
}

/** `between` stands between the things of a list. */
function cellsOf({ columns }: Page, { json, cells = json }: Row, between = "; "): readonly string[] {
  return columns.map((column) => {
    const value = cells[column];
    const things = Array.isArray(value) ? value : [value];
    return things.map((one) => inert(sayCell(one))).join(between);
  });
}

function sayCell(value: unknown): string {
  if (value === undefined || value === null) return "";
  if (Array.isArray(value)) return value.map(sayCell).join("; ");
  if (typeof value !== "object") return String(value);
  return Object.entries(value)
    .map(([name, each]) => `${name}=${sayCell(each)}`)
    .join(" ");
}

const STYLE = `body{font:14px/1.4 system-ui,sans-serif;margin:2em;color:#1a1a1a;background:#fff}
h1{font-size:1.5em;margin-bottom:0}figure{margin:1.5em 0}
svg{max-width:100%;height:auto}table{border-collapse:collapse}div{overflow-x:auto}
td,th{border:1px solid #ccc;padding:.3em .6em;text-align:left;vertical-align:top;max-width:28em;overflow-wrap:break-word;white-space:pre-line}
th{background:#f2f2f2;white-space:nowrap}tbody tr:nth-child(even){background:#fafafa}`;

function headOf(page: Page, rows: readonly Row[]): string {
  const { title, columns, period } = page;
  const count = rows.length === 0 ? `No ${title.toLowerCase()}` : `${rows.length} ${title.toLowerCase()}`;
  const span = `${count} from ${rfc3339(period.from)} to ${rfc3339(period.to)}.`;
  return `${htmlHead(`SmartCloudOps: ${title}`, STYLE)}<h1>${htmlText(title)}</h1>
<p>${htmlText(span)}</p>
${chartsOf(page, rows)}<div><table><thead><tr>${columns.map((one) => `<th scope="col">${htmlText(one)}</th>`).join("")}</tr></thead><tbody>
`;
}

function htmlRow(cells: readonly string[]): string {
  return `<tr>${cells.map((cell) => `<td>${htmlText(cell)}</td>`).join("")}</tr>\n`;
}
