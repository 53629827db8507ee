import { request as ask, createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { WebSocketServer } from "ws";
import { type Colleague, startColleague } from "../../src/demo/colleague.ts";
import { playgroundPerson, playgroundYaml } from "../../src/demo/playground-settings.ts";
import { COLLEAGUE, YOU } from "../../src/demo/remedy.ts";

/** A Playground with one person, and a bot, both as small as they can be. */

const STREAM = "/_ws_conversation/v1/conversations/stream";
const robin = playgroundPerson(COLLEAGUE);
const you = playgroundPerson(YOU);

type Told = { readonly path: string; readonly body: Record<string, unknown> };

describe("a colleague's page of the Playground", () => {
  const told: Told[] = [];
  const heard: Record<string, unknown>[] = [];
  const streams = new WebSocketServer({ noServer: true });
  const playground = createServer((request, response) => void answer(request).then((body) => response.end(body)));
  const bot = createServer((request, response) => {
    void json(request).then((body) => {
      heard.push(body as Record<string, unknown>);
      response.end("{}");
    });
  });
  let colleague: Colleague;

  async function answer(request: IncomingMessage): Promise<string> {
    if (request.method === "POST") told.push({ path: request.url ?? "", body: (await json(request)) as Told["body"] });
    if (request.url !== "/_internal/v1/config") return "{}";
    const { users, currentUser } = JSON.parse(playgroundYaml());
    const members = users.map(({ id }: { id: string }) => id);
    return JSON.stringify({ config: { users, currentUser, groupChats: [{ members }], teams: [{ members }] } });
  }

  beforeEach(async () => {
    told.length = 0;
    heard.length = 0;
    playground.on("upgrade", (request, socket, head) => {
      streams.handleUpgrade(request, socket, head, (stream) => streams.emit("connection", stream));
    });
    for (const server of [playground, bot])
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const at = (server: typeof bot) => (server.address() as AddressInfo).port;
    const address = `http://127.0.0.1:${at(bot)}/api/messages`;
    colleague = await startColleague({ person: robin, bot: address, port: at(playground) });
  });
  afterEach(async () => {
    await colleague.stop();
    for (const client of streams.clients) client.terminate();
    playground.removeAllListeners("upgrade");
    for (const server of [playground, bot]) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });

  const post = (url: string, body: unknown) =>
    fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  /** What the Playground tells the bot of a message: that its one person typed it. */
  const activity = (text: unknown) => ({ type: "message", text, from: you });

  it("shows the chats as the colleague: the two have changed places", async () => {
    const { config } = (await (await fetch(`${colleague.url}/_internal/v1/config`)).json()) as {
      config: Record<string, unknown>;
    };
    expect(config["currentUser"]).toMatchObject(robin);
    const members = [you.id, "29:kim", "29:luca", "29:mina", "29:noor"];
    expect((config["users"] as { id: string }[]).map(({ id }) => id)).toEqual(members);
    expect(config).toMatchObject({ groupChats: [{ members }], teams: [{ members }] });
  });

  it("what is typed there reaches the bot as the colleague's, without a trace; what is typed elsewhere as it was", async () => {
    await post(`${colleague.url}/_conversation/v1/conversations/c/messages`, { text: "restart orders", from: robin });
    await post(colleague.endpoint, activity(told[0]?.body["text"]));
    await post(colleague.endpoint, activity("status"));
    expect(heard).toEqual([{ ...activity("restart orders"), from: robin }, activity("status")]);
  });

  it("is given what was said before it was opened, once it has its settings; a stream that comes back is not", async () => {
    await post(colleague.endpoint, activity("status"));
    for (const stream of streams.clients) stream.send('{"message":"all is well"}');
    const open = () => {
      const stream = new WebSocket(`${colleague.url.replace("http", "ws")}${STREAM}`);
      const first = new Promise((resolve) => stream.addEventListener("message", ({ data }) => resolve(data)));
      return { stream, first };
    };
    await fetch(`${colleague.url}/`);
    const { stream, first } = open();
    await fetch(`${colleague.url}/_internal/v1/config`);
    expect(await first).toBe('{"message":"all is well"}');
    stream.close();

    const again = open();
    await new Promise((resolve) => again.stream.addEventListener("open", resolve));
    for (const one of streams.clients) one.send('{"message":"something new"}');
    expect(await again.first).toBe('{"message":"something new"}');
    again.stream.close();
  });

  it("takes nothing from a page of another site that got its address by a name of its own", async () => {
    const { port } = new URL(colleague.url);
    const status = await new Promise((resolve) => {
      ask({ port, host: "127.0.0.1", headers: { host: "evil.example" } }, ({ statusCode }) =>
        resolve(statusCode),
      ).end();
    });
    expect(status).toBe(403);
  });
});
