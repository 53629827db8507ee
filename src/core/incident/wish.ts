import { fold } from "../language/normalise.ts";

/** Incidents that are asked for by a word of their own: all of them, or one by its id. */
export type IncidentWish = { readonly id: string | undefined };

const WISH = /^(?:show |list )?(?:my |all |open |the )?incidents?(?: (inc-[0-9a-f]{8}))?$/;

/** "incidents", "incident inc-12345678" -> which; undefined for anything else: questions in other words are answered like any. */
export function readIncidentWish(text: string): IncidentWish | undefined {
  const plain = fold(text.trim().slice(0, 100))
    .replace(/\s+/g, " ")
    .replace(/[?.!]$/, "");
  const found = WISH.exec(plain);
  return found === null ? undefined : { id: found[1] };
}

/** "test route critical" -> which; undefined for anything else. */
export function readTestRoute(text: string): { readonly name: string | undefined } | undefined {
  const found = /^(?:please )?test (?:all )?routes?(?: ([\w.-]{1,63}))?[.!]?$/i.exec(text.trim().slice(0, 200));
  return found === null ? undefined : { name: found[1] };
}
