import { write, writeSync } from "node:fs";

/** UTF-16 units that may wait for whoever reads: some ten thousand lines. */
const MOST_WAITING = 4_000_000;
/** Of those, written at once. */
const AT_ONCE = 64_000;
/** Before a reader that takes nothing is tried again. */
const AGAIN_MS = 20;
/** For which the end of the process waits for a reader that takes nothing. */
const LAST_MS = 1000;

export type Lines = {
  /** Never waits, and never throws. */
  readonly write: (line: string) => void;
};

/**
 * Lines for an open file or pipe, in their order. Whoever reads a pipe slowly, as a supervisor or a container's log does at times, would hold up a process
 * that writes to it at once: here the lines wait, and beyond `mostWaiting` they are lost, and counted in a line made by `sayLost` once there is
 * room. What waits when the process ends is written then. A disk that is full or a reader that went away loses lines too.
 */
export function createLines(fd: number, sayLost: (count: number) => string, mostWaiting = MOST_WAITING): Lines {
  const waiting: string[] = [];
  let units = 0;
  let lost = 0;
  let isWriting = false;
  /** What of the lines before those that wait was not taken, until it is tried again. */
  let rest: Uint8Array | undefined;

  function next(): void {
    if (lost > 0 && units < mostWaiting / 2) {
      const line = sayLost(lost);
      lost = 0;
      add(line);
    }
    isWriting = waiting.length > 0;
    if (isWriting) writeAll(Buffer.from(taken()), 0);
  }

  function add(line: string): void {
    waiting.push(line);
    units += line.length;
  }

  function taken(): string {
    let [count, length] = [0, 0];
    while (count < waiting.length && (count === 0 || length + waiting[count]!.length <= AT_ONCE))
      length += waiting[count++]!.length;
    units -= length;
    return waiting.splice(0, count).join("");
  }

  function writeAll(bytes: Buffer, from: number): void {
    rest = undefined;
    write(fd, bytes, from, bytes.length - from, null, (problem, written) => {
      if (problem?.code === "EAGAIN") {
        rest = bytes.subarray(from);
        setTimeout(writeAll, AGAIN_MS, bytes, from);
      } else if (problem === null && from + written < bytes.length) writeAll(bytes, from + written);
      else next();
    });
  }

  process.once("exit", () => {
    const said = lost > 0 ? [sayLost(lost)] : [];
    const text = Buffer.from([...waiting.splice(0), ...said].join(""));
    writeLast(fd, rest === undefined ? text : Buffer.concat([rest, text]));
  });

  return {
    write(line) {
      if (units + line.length > mostWaiting) {
        lost++;
        return;
      }
      add(line);
      if (!isWriting) next();
    },
  };
}

/** Writes all of it now, part by part as a pipe has room. Gives up on a reader that takes nothing. */
function writeLast(fd: number, bytes: Buffer): void {
  const sleeper = new Int32Array(new SharedArrayBuffer(4));
  let from = 0;
  for (let waited = 0; from < bytes.length && waited < LAST_MS; ) {
    try {
      from += writeSync(fd, bytes, from);
      waited = 0;
    } catch (problem) {
      if (!(problem instanceof Error && "code" in problem && problem.code === "EAGAIN")) return;
      Atomics.wait(sleeper, 0, 0, AGAIN_MS);
      waited += AGAIN_MS;
    }
  }
}
