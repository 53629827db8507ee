import type { Answer } from "../../core/answer.ts";
import { isOfProgram } from "../../core/chat.ts";
import { refuseByText } from "./approvals.ts";
import { onlyAsks } from "./change.ts";
import { onlyReads } from "./only-reads.ts";
import type { Turn } from "./turn.ts";

/** What a program is told whose question is a wish that people have; undefined for what may be answered. `isOrder`: it teaches a word or runs a runbook. */
export function refusedToProgram(turn: Turn, isOrder: boolean): Answer | undefined {
  const { read, question } = turn;
  if (!isOfProgram(question)) return undefined;
  if (isOrder) return onlyReads(turn, "help");
  const byText = refuseByText(turn);
  if (byText !== undefined || read.intent === "approvals") return onlyReads(turn, "approvals");
  if (read.intent === "silence") return read.action?.imperative === true ? onlyReads(turn) : undefined;
  const isWish = read.intent === "ack" || read.intent === "schedule" || read.intent === "remediation";
  return isWish && read.action !== undefined && !onlyAsks(turn) ? onlyReads(turn) : undefined;
}
