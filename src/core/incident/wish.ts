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

/** A test of the routes: which, and whether a proposal that can never run is shown there too. */
export type TestWish = { readonly name: string | undefined; readonly withChange: boolean };

/** "test route critical", "test routes with a change"; undefined for anything else. */
export function readTestRoute(text: string): TestWish | undefined {
  const found =
    /^(?:please )?test (?:all )?routes?(?: (?!with )([\w.-]{1,63}))?( with an? (?:change|proposal))?[.!]?$/i.exec(
      text.trim().slice(0, 200),
    );
  return found === null ? undefined : { name: found[1], withChange: found[2] !== undefined };
}
