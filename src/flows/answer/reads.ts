import { type Answer, answerOf, askButton } from "../../core/answer.ts";
import { inertName } from "../../util/inert.ts";
import { propose } from "./propose.ts";
import type { Turn } from "./turn.ts";

/** Log lines: by a runbook that only reads, where an executor that has them is configured. */

const MOST_LINES = 500;
const USUAL_SECONDS = 600;
const MOST_SECONDS = 86_400;

/** "logs of checkout last 10 minutes". Says so where nothing here has logs. */
export async function logs(turn: Turn): Promise<Answer> {
  const { read } = turn;
  const name =
    read.mentions.find((mention) => mention.strong)?.entities[0]?.name ?? read.mentions[0]?.entities[0]?.name;
  const [unknown] = read.unknown;
  if (name === undefined)
    return noLogs(undefined, unknown === undefined ? [] : [`I know nothing called ${inertName(unknown.text)}.`]);
  const lines = Number(/\b(\d{1,5}) (?:lines|zeilen|lignes|lineas|linhas)\b/i.exec(read.plain)?.[1] ?? 100);
  const seconds = Math.round(read.window?.seconds ?? USUAL_SECONDS);
  const params = {
    lines: Math.min(MOST_LINES, Math.max(10, lines)),
    since: `${Math.min(MOST_SECONDS, Math.max(60, seconds))}s`,
  };
  const answer = await propose(turn, [{ type: "logs", target: name, params, isOnlyIfRunnable: true }]);
  if (answer.proposals.length > 0) return answer;
  return noLogs(name, answer.details.slice(0, 1));
}

function noLogs(name: string | undefined, why: readonly string[]): Answer {
  return answerOf(
    name === undefined
      ? "I have no access to logs without a name: whose logs do you want?"
      : `I have no access to logs of ${inertName(name)} here, and show no traces either.`,
    {
      tone: "warning",
      details: [
        ...why,
        name === undefined
          ? "For example: logs of checkout last 10 minutes. I can show error rates, restarts and alerts instead."
          : `I can show metrics of ${inertName(name)} instead: errors, latency, restarts, alerts.`,
      ],
      next:
        name === undefined
          ? [askButton("status")]
          : [askButton(`error rate of ${name}`), askButton(`why is ${name} failing`)],
    },
  );
}

const RUNS =
  /^(?:please )?(?:run|propose) (?:the )?runbook ([a-z][a-z0-9-]{1,60})((?:\s+[a-z_]{1,40}=\S{1,200}){0,20})\s*$/i;

/** "run runbook collect-diagnostics name=checkout": its id and the values that were said; undefined for anything else. */
export function readRun(
  text: string,
): { readonly runbook: string; readonly values: Readonly<Record<string, string>> } | undefined {
  const [, id, pairs = ""] = RUNS.exec(text.trim()) ?? [];
  if (id === undefined) return undefined;
  const said = [...pairs.matchAll(/([a-z_]+)=(\S+)/gi)].map(([, name = "", value = ""]) => [name.toLowerCase(), value]);
  return { runbook: id.toLowerCase(), values: Object.fromEntries(said) };
}

/** A certain runbook, named by its id: proposed like any other, or run at once where it only reads and the policy lets. */
export async function runNamed(
  turn: Turn,
  { runbook, values }: NonNullable<ReturnType<typeof readRun>>,
): Promise<Answer> {
  const target =
    values["name"] ?? values["service"] ?? values["unit"] ?? values["database"] ?? values["host"] ?? runbook;
  const answer = await propose(turn, [{ type: "run", target, params: values, runbook, isOnlyIfRunnable: true }]);
  return { ...answer, intent: "remediation" };
}
