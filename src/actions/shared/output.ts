import { StringDecoder } from "node:string_decoder";
import { redactor } from "../../util/redact.ts";
import { HIDDEN, type Secret } from "../../util/secret.ts";

/** What an action may hand back, in bytes of UTF-8: threat T04 of the security design. */
export const MOST_OUTPUT = 64 * 1024;

/** Collects what a target says. Memory stays bounded however much arrives. */
export type Output = {
  /** Adds what came. Bytes that end inside a character wait for the next ones of the same `stream`. */
  write(chunk: Uint8Array | string, stream?: string): void;
  /** True when something had to be left out. */
  readonly isCut: boolean;
  /** What is kept: secrets hidden, terminal codes gone, at most the cap, with a line where something is missing. */
  text(): string;
};

export type Redact = (text: string) => string;

/** At an edge where text was cut, a secret's stump is left: so much goes with it, unless a line ends earlier. */
const STUMP = 4096;
/** For the sentence that says how much is missing. */
const NOTICE = 200;
const PEM_BEGIN = /-----BEGIN [A-Z ]*PRIVATE KEY-----/;
const PEM_END = /-----END [A-Z ]*PRIVATE KEY-----/;

/**
 * Makes a function that hides these secrets and whatever looks like a token (util/redact.ts) line by line, and private
 * keys in PEM whole. Of a line, 16,000 characters are kept.
 */
export function redactLines(secrets: readonly Secret[]): Redact {
  const values = secrets.map((one) => one.reveal());
  // A secret of several lines comes out line by line.
  const lines = values.flatMap((value) => value.split(/\r?\n/).map((line) => line.trim()));
  const redact = redactor([...values, ...lines.filter((line) => line.length >= 8)]);
  return (text) =>
    hideKeys(text.split("\n"))
      .map((line) => redact(line) as string)
      .join("\n");
}

/**
 * Keeps the beginning and the end of what is written, at most `maxBytes` in all (default 64 KB): errors come first or
 * last. `redact` is redactLines'.
 */
export function createOutput(redact: Redact, maxBytes: number = MOST_OUTPUT): Output {
  const half = Math.floor((maxBytes - NOTICE) / 2);
  const decoders = new Map<string, StringDecoder>();
  let head = "";
  let tail = "";
  let missing = 0;

  function add(text: string): void {
    const room = half - head.length;
    const first = room > 0 ? text.slice(0, room) : "";
    head += first;
    tail += text.slice(first.length);
    if (tail.length <= 2 * half) return;
    missing += tail.length - half;
    tail = tail.slice(-half);
  }

  return {
    write(chunk, stream = "") {
      if (typeof chunk === "string") return add(chunk);
      const decoder = decoders.get(stream) ?? new StringDecoder("utf8");
      decoders.set(stream, decoder);
      add(decoder.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)));
    },
    get isCut() {
      return missing > 0 || Buffer.byteLength(head) + Buffer.byteLength(tail) > maxBytes;
    },
    text() {
      const whole = head + tail;
      if (missing === 0) return capped(redact(plain(whole)), maxBytes);
      // Hidden first, cut to whole lines after: a cut through a secret would leave the half that nothing recognises.
      const before = endAtLine(redact(plain(head)));
      const after = startAtLine(redact(plain(tail)));
      return capped(
        `${before}\n… (about ${missing.toLocaleString("en-US")} characters left out) …\n${after}`,
        maxBytes,
      );
    },
  };
}

/** Text from outside as an action's output: hidden, cleaned and cut as `createOutput` does. */
export function outputOf(text: string, redact: Redact, maxBytes: number = MOST_OUTPUT): string {
  const output = createOutput(redact, maxBytes);
  output.write(text);
  return output.text();
}

/** Without terminal codes (ECMA-48 sequences) and control characters: they could split a secret, or draw over a line. */
function plain(text: string): string {
  return text
    .replace(/\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[@-Z\\-_]/g, "")
    .replace(/\r\n?/g, "\n")
    .replace(/[\0-\x08\x0b-\x1f\x7f-\x9f]/g, "")
    .toWellFormed();
}

function endAtLine(text: string): string {
  const line = text.lastIndexOf("\n");
  return text.slice(0, Math.max(line, text.length - STUMP, 0));
}

function startAtLine(text: string): string {
  const line = text.indexOf("\n");
  return text.slice(line === -1 ? STUMP : Math.min(line + 1, STUMP));
}

/** A private key's lines become one `<hidden>`, also when its beginning or its end is missing. */
function hideKeys(lines: readonly string[]): readonly string[] {
  const shown: string[] = [];
  let isInside = false;
  for (const line of lines) {
    if (PEM_END.test(line)) {
      // The beginning was cut off: what stands above and is nothing but base64 belongs to it.
      if (!isInside) while (shown.length > 0 && /^[A-Za-z0-9+/=]+$/.test(shown.at(-1)!)) shown.pop();
      if (!isInside) shown.push(HIDDEN);
      isInside = false;
    } else if (PEM_BEGIN.test(line)) {
      isInside = true;
      shown.push(HIDDEN);
    } else if (!isInside) shown.push(line);
  }
  return shown;
}

/** At most so many bytes of UTF-8: the middle goes. Hiding can make text longer than it was. */
function capped(text: string, maxBytes: number): string {
  if (Buffer.byteLength(text) <= maxBytes) return text;
  const bytes = Buffer.from(text);
  const half = Math.floor((maxBytes - NOTICE) / 2);
  // Cut between characters: bytes of the form 10xxxxxx continue one.
  let end = half;
  while (end > 0 && (bytes[end]! & 0xc0) === 0x80) end--;
  let start = bytes.length - half;
  while (start < bytes.length && (bytes[start]! & 0xc0) === 0x80) start++;
  const gone = (start - end).toLocaleString("en-US");
  return `${bytes.toString("utf8", 0, end)}\n… (${gone} bytes left out) …\n${bytes.toString("utf8", start)}`;
}
