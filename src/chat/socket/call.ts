import { z } from "zod";
import { connectTo } from "./connect.ts";
import { readLines } from "./line.ts";
import { findSocketPath } from "./path.ts";
import { MAX_REPLY, type SocketRequest, socketReply } from "./schema.ts";

/**
 * Sends one request to the bot that runs on that data folder and gives back what it answered, as JSON has it: read it
 * with a schema. `draft` gets what comes before that. Throws with the bot's own sentence when it refused, and with another when none runs or it took longer
 * than `timeoutMs`.
 */
export async function callSocket(
  dataDir: string,
  request: SocketRequest,
  { timeoutMs, draft }: { readonly timeoutMs: number; readonly draft?: (draft: unknown) => void },
): Promise<unknown> {
  const path = findSocketPath(dataDir);
  const socket = path === undefined ? undefined : await connectTo(path);
  if (socket === undefined) throw new Error(`no bot is running on ${dataDir}. Start one with \`smartcloudops start\`.`);
  try {
    socket.on("error", () => {}); // readLine reports it; this one is for what comes after
    socket.write(`${JSON.stringify(request)}\n`);
    const isLast = (line: string): boolean => {
      const early = Draft.safeParse(json(line)).data;
      if (early !== undefined) draft?.(early.draft);
      return early === undefined;
    };
    const line = await readLines(socket, MAX_REPLY, timeoutMs, isLast).catch((cause: Error) => {
      throw new Error(`the bot that runs on ${dataDir} gave no answer: ${cause.message}.`, { cause });
    });
    const reply = socketReply().parse(JSON.parse(line));
    if ("error" in reply) throw new Error(reply.error);
    return "ok" in reply ? reply.ok : undefined;
  } finally {
    socket.destroy();
  }
}

const Draft = z.object({ draft: z.unknown().refine((value) => value !== undefined) });

function json(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** Whether a bot runs on that data folder. One that is stuck counts as running: the system takes the call for it. */
export async function isRunning(dataDir: string): Promise<boolean> {
  const path = findSocketPath(dataDir);
  const socket = path === undefined ? undefined : await connectTo(path);
  if (socket === undefined) return false;
  socket.destroy();
  return true;
}
