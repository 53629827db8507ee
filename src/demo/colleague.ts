import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { type AddressInfo, connect } from "node:net";
import type { Duplex } from "node:stream";
import { buffer } from "node:stream/consumers";
import type { PlaygroundPerson } from "./playground-settings.ts";

/** Where the bot takes messages. */
const MESSAGES = "/api/messages";
/** Where a page gets the people and chats from, when it starts. */
const SETTINGS = "/_internal/v1/config";
/** What the Playground tells of new and changed messages, for every page that is open. */
const STREAM = "/_ws_conversation/v1/conversations/stream";
const REMEMBERED = 500;
const SETTLE_MS = 500;
const PATIENCE_MS = 20_000;
const LARGEST = 1_000_000;
/** Stands before a text that was typed at the colleague's page; takes no room, and nobody types it. */
const MARK = "\u2063\u2064";

export type Colleague = {
  /** The Playground's page as the colleague sees it. */
  readonly url: string;
  /** What the Playground is told to be the bot's address. */
  readonly endpoint: string;
  readonly stop: () => Promise<void>;
};

export type ColleagueOptions = {
  readonly person: PlaygroundPerson;
  /** The bot's own address for Teams. */
  readonly bot: string;
  /** The Playground's port on this machine. It need not listen yet. */
  readonly port: number;
};

/**
 * A second person for a Playground, which has one: its page once more at another address of this machine, where whoever sits
 * is the colleague. What is clicked there carries who clicked already; what is typed there is told apart on its way to the
 * bot, which therefore leads through here too. The page is given what the bot said before it was opened.
 */
export async function startColleague({ person, bot, port }: ColleagueOptions): Promise<Colleague> {
  const said = remember(port);
  const pages = watchPages();
  const server = createServer((incoming, outgoing) => {
    void serve(incoming, outgoing).catch(() => outgoing.destroy());
  });
  const serve = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const { url: path = "/", method = "GET", headers } = incoming;
    if (!isOwn(headers.host)) return void outgoing.writeHead(403).end();
    if (path === MESSAGES) {
      await said.start();
      return forward(bot, incoming, outgoing, (body) => asWhoTyped(body, person));
    }
    if (path === "/") pages.opened();
    const onward = `http://127.0.0.1:${port}${path}`;
    if (method === "POST" && /^\/_conversation\/v1\/conversations\/[^/]+\/messages$/.test(path))
      return forward(onward, incoming, outgoing, marked);
    if (path !== SETTINGS) return forward(onward, incoming, outgoing);
    await forward(onward, incoming, outgoing, undefined, seenBy(person));
    pages.settled();
  };
  const open = new Set<Duplex>();
  const join = async (incoming: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> => {
    const isNewPage = incoming.url === STREAM && (await pages.isNew());
    const upstream = connect(port, "127.0.0.1");
    for (const end of [socket, upstream]) {
      open.add(end);
      end.on("error", () => undefined);
      end.once("close", () => {
        open.delete(end);
        socket.destroy();
        upstream.destroy();
      });
    }
    upstream.write(`${rawHead(incoming)}\r\n\r\n`);
    upstream.write(head);
    upstream.once("data", (first: Buffer) => {
      // The answer to the handshake comes first; what was said before follows it.
      socket.write(first);
      if (isNewPage) for (const frame of said.all()) socket.write(frame);
      upstream.pipe(socket);
    });
    socket.pipe(upstream);
  };
  server.on("upgrade", (incoming: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on("error", () => undefined);
    if (!isOwn(incoming.headers.host)) return void socket.destroy();
    void join(incoming, socket, head);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const here = (server.address() as AddressInfo).port;
  return {
    url: `http://localhost:${here}`,
    endpoint: `http://127.0.0.1:${here}${MESSAGES}`,
    stop: () =>
      new Promise((resolve) => {
        said.stop();
        server.close(() => resolve());
        for (const end of open) end.destroy();
        server.closeAllConnections();
      }),
  };
}

/** Pages of other sites reach this address by other names. */
function isOwn(host: string | undefined): boolean {
  return /^(?:localhost|127\.0\.0\.1):\d+$/.test(host ?? "");
}

/** Passes a request on, and the answer back. `asked` and `told` rewrite the JSON of either; unchanged without them. */
async function forward(
  to: string,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  asked?: (body: unknown) => unknown,
  told?: (body: unknown) => unknown,
): Promise<void> {
  const body = await buffer(incoming);
  if (body.length > LARGEST) return void outgoing.writeHead(413).end();
  const sent = asked === undefined ? body : rewritten(body, asked);
  const { "transfer-encoding": _, ...kept } = incoming.headers;
  const headers = { ...kept, host: new URL(to).host, "accept-encoding": "identity", "content-length": sent.length };
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    request(to, { method: incoming.method, headers }, resolve).once("error", reject).end(sent);
  });
  const came = await buffer(answer);
  const given = told === undefined ? came : rewritten(came, told);
  const { "transfer-encoding": __, ...shown } = answer.headers;
  outgoing.writeHead(answer.statusCode ?? 502, { ...shown, "content-length": given.length }).end(given);
}

function rewritten(body: Buffer, change: (body: unknown) => unknown): Buffer {
  try {
    return Buffer.from(JSON.stringify(change(JSON.parse(body.toString()))));
  } catch {
    return body;
  }
}

type Fields = Readonly<Record<string, unknown>>;

/** A message typed at the colleague's page, on its way into the Playground. */
function marked(body: unknown): unknown {
  const message = body as Fields;
  return typeof message["text"] === "string" ? { ...message, text: MARK + message["text"] } : message;
}

/** The same on its way to the bot: the Playground says of all that is typed that its one person did. */
function asWhoTyped(body: unknown, person: PlaygroundPerson): unknown {
  const activity = body as Fields;
  const { text } = activity;
  if (typeof text !== "string" || !text.includes(MARK)) return activity;
  return { ...activity, text: text.replaceAll(MARK, ""), from: { ...(activity["from"] as Fields), ...person } };
}

type Chat = Fields & { readonly members: readonly string[] };
type Settings = Fields & {
  readonly currentUser: Fields;
  readonly users: readonly Fields[];
  readonly groupChats: readonly Chat[];
  readonly teams: readonly Chat[];
};

/** The Playground's settings, as they are for the page of that person: the two change places, also as members of chats. */
function seenBy({ id }: PlaygroundPerson): (body: unknown) => unknown {
  return (body) => {
    const settings = body as { readonly config: Settings };
    const { currentUser, users, groupChats, teams } = settings.config;
    const own = users.find((user) => user["id"] === id) ?? currentUser;
    const swapped = (chat: Chat) => ({
      ...chat,
      members: chat.members.map((member) => (member === id ? currentUser["id"] : member)),
    });
    return {
      ...settings,
      config: {
        ...settings.config,
        currentUser: own,
        users: users.map((user) => (user === own ? currentUser : user)),
        groupChats: groupChats.map(swapped),
        teams: teams.map(swapped),
      },
    };
  };
}

/** The request of a handshake as it came. */
function rawHead({ method, url, httpVersion, rawHeaders }: IncomingMessage): string {
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let at = 0; at < rawHeaders.length; at += 2) lines.push(`${rawHeaders[at]}: ${rawHeaders[at + 1]}`);
  return lines.join("\r\n");
}

/**
 * Tells streams of pages that were just opened, which need what was said before, from those that a page opens again. A new
 * page can make use of it only once it has its settings.
 */
function watchPages() {
  let unseen = 0;
  let waiting: (() => void)[] = [];
  return {
    opened(): void {
      unseen++;
    },
    /** A page has got its settings; it takes a moment to make them its own. */
    settled(): void {
      const ready = waiting;
      waiting = [];
      setTimeout(() => {
        for (const go of ready) go();
      }, SETTLE_MS).unref();
    },
    /** Resolves once the page that opens this stream can take messages: whether it was opened just now. */
    async isNew(): Promise<boolean> {
      if (unseen === 0) return false;
      unseen = 0;
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
        setTimeout(resolve, PATIENCE_MS).unref();
      });
      return true;
    },
  };
}

/**
 * What the bot said, as frames of the Playground's stream. It listens from the first message on, not earlier: what is said
 * before a first page is open, the Playground keeps for whoever comes first.
 */
function remember(port: number) {
  const frames: Buffer[] = [];
  let stream: WebSocket | undefined;
  let started: Promise<void> | undefined;
  return {
    start(): Promise<void> {
      started ??= new Promise((resolve) => {
        stream = new WebSocket(`ws://127.0.0.1:${port}${STREAM}`);
        stream.onopen = () => resolve();
        // Without it, the colleague's page shows what comes from then on.
        stream.onerror = () => resolve();
        stream.onmessage = ({ data }) => {
          if (typeof data !== "string" || /"action":"typing"/i.test(data)) return;
          frames.push(textFrame(data));
          if (frames.length > REMEMBERED) frames.shift();
        };
      });
      return started;
    },
    all: (): readonly Buffer[] => frames,
    stop: () => stream?.close(),
  };
}

/** A text as one frame of a WebSocket server (RFC 6455, section 5.2). */
function textFrame(text: string): Buffer {
  const payload = Buffer.from(text);
  const { length } = payload;
  const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  head[0] = 0x81;
  if (length < 126) head[1] = length;
  else if (length < 65_536) {
    head[1] = 126;
    head.writeUInt16BE(length, 2);
  } else {
    head[1] = 127;
    head.writeBigUInt64BE(BigInt(length), 2);
  }
  return Buffer.concat([head, payload]);
}
