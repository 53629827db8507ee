import { type Answer, answerOf } from "../../core/answer.ts";
import type { Button } from "../../core/card.ts";
import { fold } from "../../core/language/normalise.ts";
import { reasonOf } from "../../util/errors.ts";
import type { Turn } from "./turn.ts";

const STOP =
  /^(?:please |bitte )?(?:emergency[- ]stop|not-?(?:aus|halt)|notstopp|arret d'urgence|parada de emergencia|stop (?:all|every|any) changes?|stop everything)\b[\s,.!:-]*/;

/** "emergency stop, the rollout goes wrong": stops, which is always safe. Undefined when it is not that. */
export async function emergencyStop(turn: Turn): Promise<Answer | undefined> {
  const found = STOP.exec(fold(turn.read.text.trim().slice(0, 600)));
  if (found === null) return undefined;
  const reason = turn.read.text.trim().slice(found[0].length, 500);
  try {
    await turn.store.stop.press(turn.person, reason);
  } catch (problem) {
    return answerOf("The stop could not be noted.", {
      tone: "danger",
      intent: "stop",
      details: [`${reasonOf(problem)}. Make a file STOP in the bot's data folder, or end the bot.`],
    });
  }
  return answerOf("Stopped: no change starts until two people resume.", {
    tone: "danger",
    intent: "stop",
    details: ["Questions, alerts and rejections go on. What was running is shown on its card."],
    next: [RESUME],
  });
}

const RESUME: Button = {
  label: "Resume (takes two)",
  style: "danger",
  action: {
    kind: "decide",
    decision: "resume",
    proposal: "stop",
    code: "resume",
    confirm: {
      title: "Let changes run again?",
      text: "What was approved before the stop may start then. It takes two people who may approve changes, within ten minutes.",
    },
  },
};
