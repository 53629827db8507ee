import { fold } from "../language/normalise.ts";

/** A message that tries to decide about a proposal. Text never decides; this only tells what to answer. */
export type Verdict = { readonly wish: "approve" | "deny"; readonly id: string | undefined };

const APPROVE =
  "approve|approved|accept|confirm|confirmed|authori[sz]e|genehmig\\w*|freigeb\\w*|bestatig\\w*|apruebo|aprueba\\w*|aprobar|aprobado|autoriz\\w+|approuve\\w*|valide|aprov\\w+|manjoor|manzoor|manzur";
const DENY =
  "deny|denied|reject|rejected|decline|refuse|ablehn\\w*|lehne|rechaza\\w*|rechazo|denega\\w*|refuser?|rejett?e\\w*|rejeit\\w*|recus\\w+|mana|namanzoor";
const ID =
  "(?:\\s+(?:the\\s+|die\\s+|la\\s+|el\\s+|le\\s+|o\\s+|a\\s+)?(?:proposal|request|action|change|vorschlag|anfrage|propuesta|proposition|proposta|number|nr\\.?|no\\.?))?\\s*(?:(?:la|el|le|den|die|o|a)\\s+)?[:#]?\\s*([a-z]*-?\\d[\\w-]*|[0-9a-f]{8}[\\w-]*)";
const YES =
  /^(?:(?:ok(?:ay)?|yes|yep|yeah|yup|sure|ja|jo|jawohl|si|oui|sim|haan|han|ha|lgtm|ship it|go|perfect|fine|alright|great|claro|vale|bien sur|klar|gut|theek hai|please|bitte|und|then|dann)[\s,.!:-]*)*(?:yes|yep|yeah|ja|oui|si|sim|haan|lgtm|ship it|go|go ahead|go for it|do it|do that|do so|run it|run that|execute it|execute|proceed|make it so|confirmed?|approved?|just do it|please do|mach(?: das| es| mal| schon)?|tu es|los|leg los|hazlo|adelante|dale|procede|fais-le|fais le|vas-y|vas y|allez-y|faz isso|pode fazer|manda ver|vai em frente|kar do|karo|kar dijiye|chalao|\+1)(?:\s+(?:it|now|please|bitte|then|that|das|por favor|s'il te plait|ja))*[\s.!]*$/;
const NO = /^(?:no|nope|nein|non|nao|nahi)[\s,]+(?:don't|dont|do not|reject|deny|cancel)\b.*$/;

/** "approve 12", "ja, mach das", "LGTM go ahead", "deny #4" -> what the person wants; undefined for anything else. */
export function readVerdict(text: string): Verdict | undefined {
  const folded = fold(text.trim().slice(0, 300)).replace(/[’]/g, "'");
  const approve = new RegExp(`\\b(?:${APPROVE})\\b(?:${ID})?`).exec(folded);
  const deny = new RegExp(`\\b(?:${DENY})\\b(?:${ID})?`).exec(folded);
  if (
    /^(?:who|what|which|when|how|why|was|were|did|is|are|show|list|wer|was|welche\w*|wie|quien|que|cuales|qui|quels?|quem|quais|kaun|kis)\b/.test(
      folded,
    )
  )
    return undefined;
  if (deny !== null && (approve === null || deny.index <= approve.index)) return { wish: "deny", id: deny[1] };
  if (approve !== null) return { wish: "approve", id: approve[1] };
  if (YES.test(folded)) return { wish: "approve", id: undefined };
  return NO.test(folded) ? { wish: "deny", id: undefined } : undefined;
}
