import type { Socket } from "node:net";

/**
 * The first line that comes, without its end. Throws when it is longer than `limit` bytes, when it takes more than
 * `timeoutMs`, and when the other side closes before the line is whole.
 */
export function readLine(socket: Socket, limit: number, timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const timer = setTimeout(() => finish(new Error(`no whole line came within ${timeoutMs / 1000} s`)), timeoutMs);

    function onData(chunk: Buffer): void {
      const end = chunk.indexOf(0x0a);
      const part = end === -1 ? chunk : chunk.subarray(0, end);
      size += part.length;
      chunks.push(part);
      if (size > limit) finish(new Error(`the line is longer than ${limit} bytes`));
      else if (end !== -1) finish(undefined);
    }
    const onEnd = () => finish(new Error("the other side closed before it had sent a whole line"));
    const onError = (error: Error) => finish(error);

    function finish(error: Error | undefined): void {
      clearTimeout(timer);
      socket.off("data", onData).off("end", onEnd).off("close", onEnd).off("error", onError);
      socket.pause();
      if (error === undefined) resolve(Buffer.concat(chunks).toString("utf8"));
      else reject(error);
    }
    socket.on("data", onData).on("end", onEnd).on("close", onEnd).on("error", onError);
  });
}
