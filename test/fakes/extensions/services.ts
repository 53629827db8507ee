import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text as textOf } from "node:stream/consumers";

/** Real servers for the example extensions in docker/config/extensions. */

export const TOKEN = "extension-s3cret-token";

type Asked = {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: unknown;
};
type Answer = { readonly status: number; readonly body?: unknown; readonly headers?: Record<string, string> };

/** `before` answers in the place of the service, or cuts the connection; it is asked first. `after` may cut it once the work is done. */
type Hooks = {
  before?: (asked: Asked) => Answer | "cut" | "hang" | undefined;
  after?: (asked: Asked) => "cut" | undefined;
};

async function service(handle: (asked: Asked) => Answer) {
  const asked: Asked[] = [];
  const hooks: Hooks = {};
  const send = (response: ServerResponse, { status, body, headers = {} }: Answer) =>
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body ?? {}));
  const server = createServer(async (request, response) => {
    const text = await textOf(request);
    const { method = "", url: path = "", headers } = request;
    const one: Asked = { method, path, headers, body: text === "" ? undefined : JSON.parse(text) };
    asked.push(one);
    const instead = hooks.before?.(one);
    if (instead === "hang") return;
    if (instead === "cut") return void request.socket.destroy();
    if (instead !== undefined) return void send(response, instead);
    if (headers.authorization !== `Bearer ${TOKEN}`) return void send(response, { status: 401 });
    const answer = handle(one);
    if (hooks.after?.(one) === "cut") return void request.socket.destroy();
    send(response, answer);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    asked,
    hooks,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.closeAllConnections();
      return new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** The service that docker/config/extensions/switchboard.ts speaks to. */
export async function switches() {
  const board = new Map([["new-checkout", { id: "s-1", state: "on", revision: 7 }]]);
  const changes = new Map<string, number>();
  const running = await service(({ method, path, headers, body }) => {
    const [, kind, name = ""] = path.split("/");
    if (kind === "changes") return { status: changes.has(name) ? 200 : 404 };
    const found = board.get(name);
    if (found === undefined) return { status: 404 };
    if (method === "GET") return { status: 200, body: found };
    const key = String(headers["idempotency-key"]);
    if (changes.has(key)) return { status: 200, body: found };
    if (headers["if-match"] !== String(found.revision)) return { status: 412 };
    const next = { ...found, state: (body as { state: string }).state, revision: found.revision + 1 };
    board.set(name, next);
    changes.set(key, next.revision);
    return { status: 200, body: next };
  });
  return { ...running, board, changes };
}

/** The page that docker/config/extensions/status-page.ts speaks to. */
export async function statusPage() {
  const incidents = new Map<string, { title: string; open: boolean; readonly updates: Map<string, string> }>();
  const running = await service(({ method, path, body }) => {
    if (path === "/health") return { status: 200 };
    const [, , id = "", , update] = path.split("/").map(decodeURIComponent);
    if (method !== "PUT") return { status: 405 };
    const before = incidents.get(id) ?? { title: "", open: true, updates: new Map<string, string>() };
    if (update !== undefined) before.updates.set(update, (body as { text: string }).text);
    else Object.assign(before, body);
    incidents.set(id, before);
    return { status: 200 };
  });
  return { ...running, incidents };
}
