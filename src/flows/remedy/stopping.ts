import type { Button, Card } from "../../core/card.ts";
import type { Identity, Voter } from "../../core/people.ts";
import { reasonOf } from "../../util/errors.ts";
import { inertName } from "../../util/inert.ts";
import type { RemedyDeps } from "./deps.ts";

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

type StopDeps = Pick<RemedyDeps, "changed" | "stop">;

/** Anybody may stop: it is always safe. Never throws. */
export async function press({ stop, changed }: StopDeps, by: Identity, reason: string): Promise<Card> {
  try {
    await stop.press(by, reason);
    changed();
    return {
      title: "Stopped: no change starts until two people resume.",
      tone: "danger",
      blocks: [
        { kind: "text", text: "Questions, alerts and rejections go on. What was running is shown on its card." },
        { kind: "buttons", buttons: [RESUME] },
      ],
    };
  } catch (problem) {
    return {
      title: "The stop could not be noted.",
      tone: "danger",
      blocks: [
        { kind: "text", text: `${reasonOf(problem)}. Make a file STOP in the bot's data folder, or end the bot.` },
      ],
    };
  }
}

/** One of the two wishes that it takes to run again; of those only who may approve something. Never throws. */
export async function release(
  { stop, changed, policy }: StopDeps & Pick<RemedyDeps, "policy">,
  by: Voter,
): Promise<Card> {
  const approvers = new Set(Object.values(policy().rules).flatMap((rule) => rule.approvers));
  const refused = (title: string): Card => ({ title, tone: "warning", blocks: [] });
  if (by.isGuest || by.isExternal || !by.roles.some((role) => approvers.has(role)))
    return refused("Only people who may approve changes can resume.");
  if (!by.isLinked)
    return refused("Your account is linked to no person in the configuration (`people`), so your wish cannot count.");
  try {
    if ((await stop.read()) === undefined) return { title: "Nothing is stopped.", tone: "info", blocks: [] };
    const missing = await stop.release(by);
    changed();
    return missing === 0
      ? {
          title: `Resumed by ${inertName(by.name)} and another person: approved changes may start.`,
          tone: "good",
          blocks: [],
        }
      : refused(
          `Your wish to resume counts for ten minutes: ${missing} more ${missing === 1 ? "person has" : "people have"} to agree.`,
        );
  } catch (problem) {
    return refused(`It stays stopped: ${reasonOf(problem)}`);
  }
}
