import type { Card } from "../core/card.ts";
import { readListWish } from "../core/change/lists.ts";
import type { DigestWish } from "../core/digest/wish.ts";
import { readTestRoute } from "../core/incident/wish.ts";
import { readOnCallWish } from "../core/oncall/wish.ts";
import { readSilenceWish } from "../core/silence.ts";
import { readWatchWish } from "../core/watch/wish.ts";
import { BASE } from "../http/api/endpoint.ts";
import { ReadOnlyError } from "../util/errors.ts";

/** What only people may ask for, or are shown by their account: a program is told so, and where it finds what it may read. */

const CHANGING: ReadonlySet<DigestWish["kind"]> = new Set(["add", "pause", "resume", "remove"]);

/** The answer to a wish of a program that has words of its own and is not for programs; undefined for anything else. */
export function notForPrograms(text: string): Card | undefined {
  const list = readListWish(text);
  if (list !== undefined)
    return note(
      list.kind === "audit"
        ? `Programs read the audit at GET ${BASE}/audit, with the scope audit.`
        : `Programs read proposals at GET ${BASE}/proposals, with the scope proposals. People decide about them in chat.`,
    );
  const silencing = readSilenceWish(text)?.kind ?? "list";
  const onCall = readOnCallWish(text)?.kind ?? "who";
  const watching = readWatchWish(text)?.kind;
  const changes =
    readTestRoute(text) !== undefined ||
    silencing !== "list" ||
    onCall !== "who" ||
    watching === "scan" ||
    watching === "rate" ||
    watching === "judge";
  return changes ? onlyReading() : undefined;
}

/** The same for a wish about digests. */
export function noDigestForPrograms({ kind }: DigestWish): Card | undefined {
  return CHANGING.has(kind) ? onlyReading() : undefined;
}

function onlyReading(): Card {
  return note(new ReadOnlyError().message);
}

function note(title: string): Card {
  return { title, tone: "warning", blocks: [] };
}
