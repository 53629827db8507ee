import { fold } from "../language/normalise.ts";

/** What is asked about pipelines by a word of its own. */
export type CiWish =
  | { readonly kind: "pipelines"; readonly project: string | undefined }
  | { readonly kind: "dora"; readonly days: number };

const PIPELINES = /^(?:ci|pipelines|pipeline runs)(?: (\S{1,200}))?$/;
const DORA =
  /^(?:the )?(?:dora(?: (?:figures|metrics|keys))?|four keys|delivery (?:figures|metrics))(?: (?:for |of )?(?:the )?(?:last )?(\d{1,3})(?: ?d(?:ays?)?)?)?$/;
const DAYS = 30;
const MOST_DAYS = 365;

/** "ci acme/shop", "dora 90d" -> which; undefined for anything else: questions in other words are answered like any. */
export function readCiWish(text: string): CiWish | undefined {
  const said = text
    .trim()
    .slice(0, 300)
    .replace(/[?.!]$/, "");
  const plain = fold(said).replace(/\s+/g, " ");
  const dora = DORA.exec(plain);
  if (dora !== null) return { kind: "dora", days: Math.min(MOST_DAYS, Math.max(1, Number(dora[1] ?? DAYS))) };
  const found = PIPELINES.exec(said.replace(/\s+/g, " ").toLowerCase());
  return found === null ? undefined : { kind: "pipelines", project: found[1] };
}
