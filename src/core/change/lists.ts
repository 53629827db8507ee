import { fold } from "../language/normalise.ts";

/** Lists about changes that are asked for by a word of their own. */
export type ListWish =
  | { readonly kind: "approvals"; readonly which: "all" | "pending" | "mine" | "history" }
  | { readonly kind: "audit" };

const WISH = /^(approvals|audit)(?: (pending|mine|history))?$/;

/** "approvals mine" -> which list; undefined for anything else: questions in other words are answered like any. */
export function readListWish(text: string): ListWish | undefined {
  const [, kind, which] =
    WISH.exec(
      fold(text.trim().slice(0, 100))
        .replace(/\s+/g, " ")
        .replace(/[?.!]$/, ""),
    ) ?? [];
  if (kind === "audit") return which === undefined ? { kind } : undefined;
  if (kind !== "approvals") return undefined;
  return { kind, which: (which ?? "all") as "all" | "pending" | "mine" | "history" };
}
