import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createHttpActions } from "../../../src/actions/http/index.ts";
import type { HttpSettings, Resolve } from "../../../src/actions/http/settings.ts";
import type { Action } from "../../../src/ports/changes.ts";
import { secret } from "../../../src/util/secret.ts";
import { deps } from "../context.ts";

export const TOKEN = "flags-t0ken-for-tests";

export type Seen = {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
};

/**
 * A service of feature flags on loopback that does a change once for its `Idempotency-Key`, and tells at /changes/KEY what
 * became of it. `before` and `after` the change, a test may take the answer into its own hands.
 */
export async function startFlags(host = "127.0.0.1", wantedPort = 0) {
  const seen: Seen[] = [];
  const done = new Map<string, string>();
  const flags = new Map<string, unknown>();
  type Hook = (request: Seen, response: ServerResponse) => boolean;
  const hooks: { before: Hook; after: Hook } = { before: () => false, after: () => false };
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const one: Seen = {
      method: request.method ?? "",
      url: request.url ?? "",
      headers: request.headers,
      body: Buffer.concat(chunks).toString(),
    };
    seen.push(one);
    if (hooks.before(one, response)) return undefined;
    const answer = (status: number, text: string): undefined => void response.writeHead(status).end(text);
    if (one.headers.authorization !== `Bearer ${TOKEN}`) return answer(403, "that token may not change flags");
    const [, , kind, name] = one.url.split("/");
    if (one.method === "GET") {
      const found = kind === "changes" ? done.get(name ?? "") : JSON.stringify(flags.get(name ?? ""));
      return found === undefined ? answer(404, "no such thing") : answer(200, found);
    }
    const key = String(one.headers["idempotency-key"]);
    if (!done.has(key)) {
      flags.set(name ?? "", one.body === "" ? undefined : JSON.parse(one.body));
      done.set(key, `${name} is set`);
    }
    if (hooks.after(one, response)) return undefined;
    return answer(200, done.get(key)!);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(wantedPort, host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://127.0.0.1:${port}/api`,
    seen,
    done,
    flags,
    hooks,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export function httpActions(settings: Partial<HttpSettings>, resolve?: Resolve) {
  const actions = createHttpActions(
    [
      {
        name: "flags",
        baseUrl: "https://flags.example/api",
        hosts: ["flags.example"],
        token: secret(TOKEN),
        ...settings,
      },
    ],
    deps,
    { waitMs: 1, ...(resolve === undefined ? {} : { resolve }) },
  );
  return (name: string): Action => actions.find((one) => one.name === `http/${name}`)!;
}
