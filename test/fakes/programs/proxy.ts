import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** A way to a server on loopback that can break. */
export type Line = {
  readonly port: number;
  /** Drops all connections. */
  cut(): void;
  /** From now on nothing gets through, in either direction. */
  hang(): void;
  /** Holds everything back, in both directions, or hands on what was held back and all that follows. */
  hold(isHeld: boolean): void;
  /** Breaks the line at an answer in which this stands, without handing it on. */
  deafen(answer: RegExp): void;
  stop(): Promise<void>;
};

/** Opens one to that port of 127.0.0.1. */
export async function startProxy(to: number): Promise<Line> {
  const sockets = new Set<Socket>();
  let hangs = false;
  let isHeld = false;
  let deaf: RegExp | undefined;
  const server = createServer((near) => {
    const far = connect(to, "127.0.0.1");
    for (const [from, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      if (isHeld) from.pause();
      from.on("error", () => undefined);
      from.on("data", (chunk) => {
        if (from === far && deaf?.test(chunk.toString("latin1")) === true) return void near.destroy();
        if (!hangs) other.write(chunk);
      });
      from.once("close", () => {
        sockets.delete(from);
        other.destroy();
      });
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    cut,
    deafen: (answer) => {
      deaf = answer;
    },
    hold(now) {
      isHeld = now;
      for (const socket of sockets) now ? socket.pause() : socket.resume();
    },
    hang: () => {
      hangs = true;
    },
    async stop() {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
