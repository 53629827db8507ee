import { type Answer, answerOf } from "../../core/answer.ts";
import { inertName } from "../../util/inert.ts";
import type { Turn } from "./turn.ts";

const TEACH = /^(?:(?:no|nope|wrong|actually|hier|aqui|ici|please|ok)[,:]?\s+)?(?:here[,:]?\s+|in this channel[,:]?\s+|remember[,:]?\s+(?:that\s+)?|when (?:i|we) say\s+)?["'“”`]?([\w.-]{2,40}(?: [\w.-]{2,40})?)["'“”`]?,?\s+(?:means?|stands for|is short for|refers to|is an alias for|=|bedeutet|heisst|significa|veut dire|(?:we|i) mean)\s+(?:the\s+)?["'“”`]?([\w./: -]{2,80}?)["'“”`]?[.!]?$/i;
const MEANT = /^(?:no|nope|nein|non|nao)[,:]?\s+i (?:meant|mean)\s+(.+)$/i;
const FORGET = /^(?:please\s+)?(?:forget|undo|remove|unlearn|delete)\s+(?:the\s+(?:word|lesson|alias|meaning)\s+(?:of\s+|for\s+)?)?(?:what\s+)?["'“”`]?([\w.-]{2,40})["'“”`]?(?:\s+(?:means|lesson|alias))?[.!]?$/i;
const LIST = /\b(?:what (?:have you learn(?:ed|t)|did (?:i|we) teach you|words do you know here)|(?:list|show)(?: me)?(?: the| all| your)? (?:lessons|aliases|taught words|vocabulary))\b/i;

export type Teaching = { readonly kind: "teach"; readonly word: string; readonly meaning: string } | { readonly kind: "forget"; readonly word: string } | { readonly kind: "list" } | { readonly kind: "meant"; readonly text: string };

/** "here, shop means checkout", "forget shop", "list lessons"; undefined for anything else. */
export function readTeaching(text: string, lessons: ReadonlySet<string>): Teaching | undefined {
  const plain = text.trim().slice(0, 300);
  if (LIST.test(plain)) return { kind: "list" };
  const meant = MEANT.exec(plain)?.[1];
  if (meant !== undefined) return { kind: "meant", text: meant };
  const forget = FORGET.exec(plain)?.[1];
  if (forget !== undefined && lessons.has(forget.toLowerCase())) return { kind: "forget", word: forget.toLowerCase() };
  if (/\?$|^(?:what|which|who|how|was|que|qu)\b/i.test(plain)) return undefined;
  const [, word, meaning] = TEACH.exec(plain) ?? [];
  return word === undefined || meaning === undefined || /^(?:it|that|this|what|which)$/i.test(word) ? undefined : { kind: "teach", word: word.toLowerCase(), meaning: meaning.trim() };
}

/** Keeps, lists and undoes what a channel teaches. A taught word only changes how questions are read. */
export async function teach(turn: Turn, teaching: Exclude<Teaching, { kind: "meant" }>): Promise<Answer> {
  const { store, question } = turn;
  const channel = { platform: question.place.platform, channel: question.place.channel };
  switch (teaching.kind) {
    case "list": {
      const lessons = await store.lessons.of(channel);
      if (lessons.length === 0) return answerOf("This channel taught me no words yet.", { intent: "help", details: ["Say for example: here, shop means checkout."] });
      return answerOf(`This channel taught me ${lessons.length} word${lessons.length === 1 ? "" : "s"}.`, { intent: "help", list: lessons.map((lesson) => `${inertName(lesson.word)} means ${inertName(lesson.meaning)} (by ${inertName(lesson.by)})`), details: ["Say forget and the word to undo one."] });
    }
    case "forget": {
      const gone = await store.lessons.forget(channel, teaching.word);
      return answerOf(gone ? `Forgotten: ${inertName(teaching.word)} has no special meaning here any more.` : `Nobody taught me ${inertName(teaching.word)} here.`, { intent: "help" });
    }
    case "teach": {
      const before = await store.lessons.teach(channel, { id: turn.newId(), word: teaching.word, meaning: teaching.meaning, by: question.user.name, at: turn.now });
      const known = turn.catalogue.named(teaching.meaning).length > 0;
      return answerOf(`Understood: in this channel ${inertName(teaching.word)} means ${inertName(teaching.meaning)}.`, {
        intent: "help",
        tone: "good",
        details: [...(before === undefined ? [] : [`It meant ${inertName(before.meaning)} before.`]), ...(known ? [] : [`I know nothing called ${inertName(teaching.meaning)} yet; the word is kept all the same.`]), `Say forget ${inertName(teaching.word)} to undo it.`],
      });
    }
  }
}
