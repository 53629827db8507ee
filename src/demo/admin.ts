import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { SERVICES } from "./shop.ts";
import type { World } from "./world.ts";

/** One change that the shop was asked for. */
export type ShopChange = { readonly service: string; readonly key: string; readonly at: number };

export type Admin = {
  readonly url: string;
  readonly token: string;
  /** What was done, in order: a key that came again is in it once. */
  readonly done: readonly ShopChange[];
  stop(): Promise<void>;
};

/**
 * The shop's own admin endpoint on loopback, behind a bearer token made for this run: `POST /restart/<service>` with an
 * `Idempotency-Key` restarts that service once for the key; `GET /changes/<key>` tells what became of it, 404 when it never
 * came. `now` gives unix seconds.
 */
export async function startAdmin(world: World, now: () => number): Promise<Admin> {
  const token = randomBytes(24).toString("base64url");
  const done: ShopChange[] = [];
  const server = createServer((request, response) => {
    request.resume();
    if (!isAllowed(request, token)) return say(response, 401, { error: "a bearer token is needed" });
    const [, what = "", name = "", ...more] = new URL(request.url ?? "/", "http://127.0.0.1").pathname.split("/");
    if (request.method === "GET" && what === "changes" && more.length === 0) {
      const found = done.find(({ key }) => key === name);
      return found === undefined ? say(response, 404, { error: "no such change" }) : say(response, 200, found);
    }
    const service = SERVICES.find((one) => one.name === name);
    if (request.method !== "POST" || what !== "restart" || more.length > 0 || service === undefined)
      return say(response, 404, { error: "no such thing" });
    const key = request.headers["idempotency-key"];
    if (typeof key !== "string" || !/^[\w-]{8,100}$/.test(key))
      return say(response, 400, { error: "an Idempotency-Key is needed" });
    const known = done.find((one) => one.key === key);
    if (known !== undefined)
      return known.service === name
        ? say(response, 200, known)
        : say(response, 422, { error: "that key is for another" });
    const change = { service: name, key, at: now() };
    done.push(change);
    world.restart(name, change.at);
    return say(response, 200, change);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    token,
    done,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function isAllowed({ headers }: IncomingMessage, token: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(headers.authorization ?? ""), digest(`Bearer ${token}`));
}

function say(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(`${JSON.stringify(body)}\n`);
}
