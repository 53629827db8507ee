import type { Stored } from "./index.ts";
import { complaintAbout } from "./limits.ts";

/** Messages that are written while people read them, as Slack's reference pages and its SDKs' issues tell of them. */

type Chunk = { readonly type?: string } & Readonly<Record<string, unknown>>;

export type StreamState = "in_progress" | "completed" | "errored";

/** Slack takes so many characters of text in one call. */
const MOST_TEXT = 12_000;

/** Why these arguments cannot start a stream, or undefined. Outside of direct messages a stream has one named reader. */
export function whyNotStarted(args: Readonly<Record<string, string>>): string | undefined {
  if (args["thread_ts"] === undefined) return "invalid_thread_ts";
  if (args["channel"]?.startsWith("D") === true) return undefined;
  if (args["recipient_user_id"] === undefined) return "missing_recipient_user_id";
  return args["recipient_team_id"] === undefined ? "missing_recipient_team_id" : undefined;
}

/** The pieces that a call brings, or why it brings none. */
export function chunksOf(args: Readonly<Record<string, string>>): readonly Chunk[] | string {
  const text = args["markdown_text"];
  if (text !== undefined) return text.length > MOST_TEXT ? "msg_too_long" : [{ type: "markdown_text", text }];
  const chunks = JSON.parse(args["chunks"] ?? "[]") as Chunk[];
  if (chunks.length === 0) return "no_text";
  return chunks.every(isChunk) ? chunks : "invalid_chunks";
}

function isChunk({ type, text, id, title, status, blocks }: Chunk): boolean {
  switch (type) {
    case "markdown_text":
      return typeof text === "string" && text.length > 0 && text.length <= MOST_TEXT;
    case "task_update":
      return (
        typeof id === "string" &&
        typeof title === "string" &&
        title.length <= 256 &&
        ["pending", "in_progress", "complete", "error"].includes(String(status))
      );
    case "blocks":
      return complaintAbout(blocks, 50, new Set()) === undefined;
    default:
      return false;
  }
}

/** What a person reads after these pieces: text is added, a task takes the place of the one with its id. */
export function written(
  before: Pick<Stored, "text" | "blocks">,
  chunks: readonly Chunk[],
): Pick<Stored, "text" | "blocks"> {
  let { text, blocks } = before;
  for (const chunk of chunks) {
    if (chunk.type === "markdown_text") text += String(chunk["text"]);
    if (chunk.type === "task_update") blocks = [...blocks.filter((one) => one["id"] !== chunk["id"]), { ...chunk }];
    if (chunk.type === "blocks") blocks = [...blocks, ...(chunk["blocks"] as Stored["blocks"])];
  }
  return { text, blocks };
}
