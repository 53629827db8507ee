/** The yardstick of `npm run bench -- alerts`: an HTTP server that parses what it is sent and stores each alert in SQLite, and nothing else. */
import { createServer } from "node:http";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

const db = new DatabaseSync(join(process.argv[2] ?? ".", "bare.db"));
db.exec(
  "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE alerts (id INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT",
);
const insert = db.prepare("INSERT INTO alerts (body) VALUES (?)");
const server = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const { alerts } = JSON.parse(Buffer.concat(chunks).toString("utf8")) as { readonly alerts: readonly unknown[] };
  db.exec("BEGIN IMMEDIATE");
  for (const alert of alerts) insert.run(JSON.stringify(alert));
  db.exec("COMMIT");
  response.end("{}");
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (typeof address === "object" && address !== null) console.error(`listening on ${address.port}`);
});
