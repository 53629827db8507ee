import { fold } from "../language/normalise.ts";

/** What is asked about who is on call, or told. Names as they were written. */
export type OnCallWish =
  | { readonly kind: "who"; readonly schedule: string | undefined }
  | { readonly kind: "take"; readonly schedule: string | undefined; readonly time: string }
  | { readonly kind: "set"; readonly schedule: string; readonly person: string; readonly time: string }
  | { readonly kind: "swap"; readonly schedule: string; readonly one: string; readonly other: string }
  | { readonly kind: "cancel"; readonly id: string };

const NAME = "([\\w.-]{1,63})";
const ON_CALL = "on[- ]?call";
const WHO: readonly RegExp[] = [
  new RegExp(`^(?:show )?${ON_CALL}(?: (?:for |of )?${NAME})?$`),
  new RegExp(
    `^who(?:'s| is|s)?(?: currently| now)? ${ON_CALL}(?: (?:now|today|tonight|right now))?(?: (?:for|of|in|on) (?:the )?${NAME})?$`,
  ),
  new RegExp(`^wer hat(?: gerade| jetzt| heute)? (?:ruf|not)?bereitschaft(?: (?:fur|bei) ${NAME})?$`),
  new RegExp(`^wer ist(?: gerade| jetzt)? (?:in bereitschaft|${ON_CALL})(?: (?:fur|bei) ${NAME})?$`),
  new RegExp(`^quien esta(?: ahora| hoy)? de guardia(?: (?:de|en|para) ${NAME})?$`),
  new RegExp(`^qui est(?: maintenant)? (?:d'astreinte|de garde|${ON_CALL})(?: (?:pour|sur) ${NAME})?$`),
  new RegExp(
    `^quem esta(?: agora| hoje)? (?:de (?:plantao|sobreaviso|prevencao)|${ON_CALL})(?: (?:de|em|para) ${NAME})?$`,
  ),
  new RegExp(
    `^(?:abhi )?(?:${ON_CALL} (?:par |pe )?kaun hai|kaun hai ${ON_CALL}(?: par| pe)?|kaun ${ON_CALL} (?:par |pe )?hai)(?: ${NAME})?$`,
  ),
];
const TAKE = new RegExp(`^${ON_CALL} take(?: (?!for |until |till )${NAME})? ((?:for|until|till) .{1,80})$`, "i");
const SET = new RegExp(`^${ON_CALL} (?:override|set) ${NAME} @?${NAME} ((?:from|for|until|till) .{1,160})$`, "i");
const SWAP = new RegExp(`^${ON_CALL} swap ${NAME} @?${NAME} (?:with|and|for|<->) @?${NAME}$`, "i");
const CANCEL = new RegExp(`^${ON_CALL} cancel (ovr-[0-9a-f]{8})$`, "i");

/** "who is on call?" in six languages, and the commands that change it; undefined for anything else. */
export function readOnCallWish(text: string): OnCallWish | undefined {
  const said = text.trim().slice(0, 400).replace(/\s+/g, " ");
  const cancel = CANCEL.exec(said);
  if (cancel !== null) return { kind: "cancel", id: cancel[1]!.toLowerCase() };
  const swap = SWAP.exec(said);
  if (swap !== null) return { kind: "swap", schedule: swap[1]!, one: swap[2]!, other: swap[3]! };
  const set = SET.exec(said);
  if (set !== null) return { kind: "set", schedule: set[1]!, person: set[2]!, time: set[3]! };
  const take = TAKE.exec(said);
  if (take !== null) return { kind: "take", schedule: take[1], time: take[2]! };
  const plain = fold(said)
    .replaceAll("’", "'")
    .replace(/^[¿¡]/, "")
    .replace(/\s*[?.!]+$/, "");
  for (const pattern of WHO) {
    const found = pattern.exec(plain);
    if (found !== null) return { kind: "who", schedule: found[1] };
  }
  return undefined;
}
