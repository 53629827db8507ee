import { type Agent, request } from "node:http";

/** Longer than the bot itself lets a request take. */
const PATIENCE_MS = 30_000;

export type Sent = {
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: string;
};

/** The status of what a bot on this machine answers, or how the connection ended. */
export function answerTo(agent: Agent, port: number, { method, path, headers, body }: Sent): Promise<number | string> {
  return new Promise((resolve) => {
    const outgoing = request({ agent, host: "127.0.0.1", port, path, method, headers }, (answer) => {
      answer.resume();
      answer.on("end", () => resolve(answer.statusCode ?? 0));
      answer.on("error", () => resolve("cut off"));
    });
    outgoing.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? "error"));
    outgoing.setTimeout(PATIENCE_MS, () => {
      resolve(`no answer to ${method} ${path}`);
      outgoing.destroy();
    });
    outgoing.end(body);
  });
}
