import { findAction } from "../language/actions.ts";
import { isHostile } from "../language/classify.ts";
import { fold } from "../language/normalise.ts";
import { STOP_WORDS } from "../language/vocabulary.ts";

export const LONGEST_WORD = 40;
export const LONGEST_MEANING = 80;

/** Everyday words that questions are made of. Giving one of them another meaning would bend every question of the channel. */
const ORDINARY = new Set(
  "yes no not ok okay help status all every everything any some it this that these those they them you we us i me my our your he she here there now today yesterday tomorrow what which who when where why how is are was were do does did has have can could will would should please thanks hello hi show list tell give alert alerts top most least more less than over under above below last next since until for from with without und oder nicht ja nein was wer wie wo warum el la los las si que como y o le les des oui non et ou os as um uma nao sim e hai kya nahi haan".split(
    " ",
  ),
);

/**
 * Why a lesson is not kept, as a sentence, or undefined. A taught word is read as its meaning in every later question, so a
 * meaning must never be an order: `isName` says that the meaning is the name of something that exists, which is none.
 */
export function whyNotLesson(word: string, meaning: string, isName: boolean): string | undefined {
  const [short, long] = [word.trim(), meaning.trim()];
  if (short === "" || long === "")
    return "A lesson needs a word and its meaning, for example: here, shop means checkout.";
  if (short.length > LONGEST_WORD)
    return `A taught word has at most ${LONGEST_WORD} characters: this one has ${short.length}.`;
  if (long.length > LONGEST_MEANING)
    return `A meaning has at most ${LONGEST_MEANING} characters: this one has ${long.length}.`;
  const folded = fold(short);
  if (isHostile(short) !== undefined || isHostile(long) !== undefined)
    return "That meaning is an order or asks for something I never do, so I do not keep it.";
  if (!/[\p{L}]/u.test(short)) return "A taught word needs at least one letter.";
  if (folded.split(/\s+/).every((part) => STOP_WORDS.has(part) || ORDINARY.has(part)))
    return `“${short}” is an ordinary word of questions; giving it another meaning would bend every question here.`;
  if (folded === fold(long)) return "The word and its meaning are the same.";
  if (findAction(short) !== undefined)
    return `“${short}” asks for a change; a taught word may not stand for one or replace one.`;
  if (!isName && findAction(long) !== undefined)
    return "The meaning asks for a change; a taught word may only stand for a thing or a measure, so that no question turns into an action.";
  return undefined;
}
