import { type Answer, answerOf } from "../../core/answer.ts";
import { whyNotLesson } from "../../core/change/lesson.ts";
import type { Teaching } from "../../core/change/teaching.ts";
import { inertName } from "../../util/inert.ts";
import type { Turn } from "./turn.ts";

export { readTeaching, type Teaching } from "../../core/change/teaching.ts";

/** Keeps, lists and undoes what a channel teaches. A taught word only changes how questions are read. */
export async function teach(turn: Turn, teaching: Exclude<Teaching, { kind: "meant" }>): Promise<Answer> {
  const { store, question } = turn;
  const channel = { platform: question.place.platform, channel: question.place.channel };
  switch (teaching.kind) {
    case "list": {
      const lessons = await store.lessons.of(channel);
      if (lessons.length === 0)
        return answerOf("This channel taught me no words yet.", {
          intent: "help",
          details: ["Say for example: here, shop means checkout."],
        });
      return answerOf(`This channel taught me ${lessons.length} word${lessons.length === 1 ? "" : "s"}.`, {
        intent: "help",
        list: lessons.map(
          (lesson) => `${inertName(lesson.word)} means ${inertName(lesson.meaning)} (by ${inertName(lesson.by)})`,
        ),
        details: ["Say forget and the word to undo one."],
      });
    }
    case "forget": {
      const gone = await store.lessons.forget(channel, teaching.word);
      return answerOf(
        gone
          ? `Forgotten: ${inertName(teaching.word)} has no special meaning here any more.`
          : `Nobody taught me ${inertName(teaching.word)} here.`,
        { intent: "help" },
      );
    }
    case "teach": {
      const known = turn.catalogue.named(teaching.meaning).length > 0;
      const why = whyNotLesson(teaching.word, teaching.meaning, known);
      if (why !== undefined)
        return answerOf(`I do not keep that: ${inertName(why)}`, {
          intent: "help",
          tone: "warning",
          details: ["Nothing was taught. For example: here, shop means checkout."],
        });
      const before = await store.lessons.teach(channel, {
        id: turn.newId(),
        word: teaching.word,
        meaning: teaching.meaning,
        by: question.user.name,
        at: turn.now,
      });
      const shadows = turn.catalogue.named(teaching.word).length > 0;
      return answerOf(`Understood: in this channel ${inertName(teaching.word)} means ${inertName(teaching.meaning)}.`, {
        intent: "help",
        tone: "good",
        details: [
          ...(before === undefined ? [] : [`It meant ${inertName(before.meaning)} before.`]),
          ...(shadows
            ? [
                `Something here is called ${inertName(teaching.word)} itself; the word no longer finds it in this channel.`,
              ]
            : []),
          ...(known
            ? []
            : [`I know nothing called ${inertName(teaching.meaning)} yet; the word is kept all the same.`]),
          `Say forget ${inertName(teaching.word)} to undo it.`,
        ],
      });
    }
  }
}
