import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text as textOf } from "node:stream/consumers";

export type Scraped = {
  readonly status?: number;
  readonly date?: Date;
  readonly newest?: number;
  readonly up?: number;
  /** Anybody else is refused. */
  readonly bearer?: string;
};

/** A Prometheus that knows as much of the API as the doctor asks. */
export async function startScraped({
  status = 200,
  date,
  newest = Date.now() / 1000,
  up = 7,
  bearer,
}: Scraped = {}): Promise<{ readonly url: string; readonly stop: () => void }> {
  const server = createServer(async (request, response) => {
    if (date !== undefined) response.setHeader("date", date.toUTCString());
    const url = new URL(request.url ?? "/", "http://fake");
    const query = new URLSearchParams(await textOf(request)).get("query") ?? url.searchParams.get("query") ?? "";
    const isStranger = bearer !== undefined && request.headers.authorization !== `Bearer ${bearer}`;
    const given = isStranger ? 401 : status;
    response.writeHead(given, { "content-type": "application/json" });
    response.end(JSON.stringify(given === 200 ? { status: "success", data: dataOf(url.pathname, query) } : {}));
  });
  const dataOf = (path: string, query: string): unknown => {
    if (path.endsWith("/buildinfo"))
      return { version: "3.7.1", revision: "", branch: "", buildUser: "", buildDate: "", goVersion: "" };
    if (path.endsWith("/metadata")) return { up: [{ type: "gauge", help: "", unit: "" }] };
    if (path.endsWith("/values")) return ["up"];
    if (path.endsWith("/series")) return [{ __name__: "up", instance: "web-1:9100", job: "node" }];
    const value = query === "count(up)" ? up : newest;
    const result = up === 0 ? [] : [{ metric: {}, value: [Date.now() / 1000, String(value)] }];
    return { resultType: "vector", result };
  };
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, stop: () => void server.close() };
}
