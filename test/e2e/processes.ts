import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, request } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text as textOf } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

export type Ended = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

export type Running = {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves with all its stderr said when it has said so; rejects with that when it ends before. */
  says(text: string): Promise<string>;
};

/** The program as a user's shell runs it, each time in a home of its own unless one is given. `clean` ends what is left. */
export function programs() {
  const homes: string[] = [];
  const children = new Set<ChildProcess>();

  function newHome(): string {
    const home = mkdtempSync(join(tmpdir(), "e2e-"));
    homes.push(home);
    return home;
  }

  function launch(args: readonly string[], options: Launch = {}): Running {
    const home = options.home ?? newHome();
    const child = spawn(process.execPath, [MAIN, ...args], {
      cwd: home,
      env: { PATH: process.env.PATH, HOME: home, SMARTCLOUDOPS_DATA: join(home, "data"), PORT: "0", ...options.env },
    });
    children.add(child);
    // A program that has already ended does not read on: its exit code tells what the matter was.
    child.stdin.on("error", () => undefined);
    child.stdin.end(options.input ?? "");
    let said = "";
    child.stderr.on("data", (chunk) => {
      said += String(chunk);
    });
    const code = new Promise<number | null>((resolve) => child.on("exit", resolve));
    const ended = Promise.all([code, textOf(child.stdout), textOf(child.stderr)]).then(
      ([exit, stdout, stderr]): Ended => ({ code: exit, stdout, stderr }),
    );
    const says = (text: string) =>
      new Promise<string>((resolve, reject) => {
        const look = () => said.includes(text) && resolve(said);
        child.stderr.on("data", look);
        child.on("exit", () => reject(new Error(`it ended before it said ${text}: ${said}`)));
        look();
      });
    return { child, ended, says };
  }

  return {
    newHome,
    launch,
    run: (args: readonly string[], options: Launch = {}): Promise<Ended> => launch(args, options).ended,
    clean: () => {
      for (const child of children) child.kill("SIGKILL");
      for (const home of homes) rmSync(home, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

export type Launch = {
  readonly home?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
};

/** A door in front of a server, to shut while somebody is going through. */
export async function door(to: string): Promise<{ readonly url: string; shut(): void; close(): void }> {
  const sockets = new Set<Socket>();
  const server = createServer((incoming, outgoing) => {
    const { hostname, port } = new URL(to);
    const { url: path = "/", method = "GET", headers } = incoming;
    const onward = request({ hostname, port, path, method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on("error", () => outgoing.destroy());
    incoming.pipe(onward);
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const shut = () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, shut, close: shut };
}
