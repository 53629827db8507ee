import type { IncomingMessage } from "node:http";
import { HttpProblem } from "./route.ts";

/**
 * Path and query of a request target. Taken apart by hand: `new URL` throws on targets such as `//` and lets
 * `http://other.example/` choose the host. Throws `HttpProblem` 400 for anything but a plain path.
 */
export function readTarget(target: string): { path: string; query: URLSearchParams } {
  if (!target.startsWith("/") || target.startsWith("//")) throw badTarget();
  const mark = target.indexOf("?");
  const raw = mark === -1 ? target : target.slice(0, mark);
  const path = decode(raw);
  if (/[\x00-\x1f\x7f\\]/.test(path)) throw badTarget();
  return { path, query: new URLSearchParams(mark === -1 ? "" : target.slice(mark + 1)) };
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw badTarget();
  }
}

function badTarget(): HttpProblem {
  return new HttpProblem(400, "bad_request", "The address of the request is not a path this server can read.");
}

/** Whether the client announced a body. */
export function hasBody(request: IncomingMessage): boolean {
  return request.headers["transfer-encoding"] !== undefined || Number(request.headers["content-length"] ?? 0) > 0;
}

/** The whole body. Throws `HttpProblem` 413 beyond `limit` bytes and 408 when it takes more than `timeoutMs`. */
export function readBody(request: IncomingMessage, limit: number, timeoutMs: number): Promise<Buffer> {
  if (!hasBody(request)) return Promise.resolve(Buffer.alloc(0));
  // Made only when it is thrown: an error notes where it was made, which costs more than reading most bodies.
  const tooLarge = () => new HttpProblem(413, "too_large", `The body is longer than ${limit} bytes.`);
  if (Number(request.headers["content-length"] ?? 0) > limit) return Promise.reject(tooLarge());
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const timer = setTimeout(() => {
      finish(new HttpProblem(408, "timeout", `The body did not arrive within ${timeoutMs / 1000} s.`));
    }, timeoutMs);

    function onData(chunk: Buffer): void {
      size += chunk.length;
      chunks.push(chunk);
      if (size > limit) finish(tooLarge());
    }
    const onEnd = () => finish(undefined);
    const onClose = () => finish(new HttpProblem(400, "bad_request", "The body ended before it was whole."));

    function finish(problem: HttpProblem | undefined): void {
      clearTimeout(timer);
      request.off("data", onData).off("end", onEnd).off("close", onClose);
      if (problem === undefined) {
        resolve(Buffer.concat(chunks));
        return;
      }
      request.pause();
      reject(problem);
    }
    request.on("data", onData).on("end", onEnd).on("close", onClose);
  });
}
