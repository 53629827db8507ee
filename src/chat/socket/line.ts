import type { Socket } from "node:net";

/** The first line that comes, without its end. Throws as `readLines` does. */
export function readLine(socket: Socket, limit: number, timeoutMs: number): Promise<string> {
  return readLines(socket, limit, timeoutMs, () => true);
}

/**
 * Reads lines until one is the last, which it gives back without its end. Throws when one is longer than `limit` bytes, when all of it takes
 * more than `timeoutMs`, and when the other side closes before a line is whole.
 */
export function readLines(
  socket: Socket,
  limit: number,
  timeoutMs: number,
  isLast: (line: string) => boolean,
): Promise<string> {
  return new Promise((resolve, reject) => {
    let chunks: Buffer[] = [];
    let size = 0;
    const timer = setTimeout(() => finish(new Error(`no whole line came within ${timeoutMs / 1000} s`)), timeoutMs);

    function onData(chunk: Buffer): void {
      for (let rest = chunk; rest.length > 0; ) {
        const end = rest.indexOf(0x0a);
        const part = end === -1 ? rest : rest.subarray(0, end);
        size += part.length;
        chunks.push(part);
        if (size > limit) finish(new Error(`the line is longer than ${limit} bytes`));
        if (size > limit || end === -1) return;
        const line = Buffer.concat(chunks).toString("utf8");
        if (isLast(line)) {
          finish(undefined, line);
          return;
        }
        [chunks, size, rest] = [[], 0, rest.subarray(end + 1)];
      }
    }
    const onEnd = () => finish(new Error("the other side closed before it had sent a whole line"));
    const onError = (error: Error) => finish(error);

    function finish(error: Error | undefined, line = ""): void {
      clearTimeout(timer);
      socket.off("data", onData).off("end", onEnd).off("close", onEnd).off("error", onError);
      socket.pause();
      if (error === undefined) resolve(line);
      else reject(error);
    }
    socket.on("data", onData).on("end", onEnd).on("close", onEnd).on("error", onError);
  });
}
