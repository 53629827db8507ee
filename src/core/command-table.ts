/** What the bot understands by a first word, on every surface: `/ops status` in Slack, "@bot status" in Teams. */

export type ChatCommand = {
  /** The first word. */
  readonly name: string;
  /** What comes after it, as a person would read it in a list of commands. Empty when nothing does. */
  readonly usage: string;
  /** One line, fit for the vendors' lists: at most 80 characters. */
  readonly summary: string;
  /** The question it stands for; `$rest` is what came after the word. */
  readonly asks: string;
  /** Not in the list that Teams shows while somebody types: it takes ten, and understands this one all the same. */
  readonly isUnlisted?: true;
};

/** In the order in which people see them. `help` is not among them: it shows them. */
export const CHAT_COMMANDS: readonly ChatCommand[] = [
  {
    name: "ask",
    usage: "<question>",
    summary: "Ask anything about your systems in plain words",
    asks: "$rest",
    isUnlisted: true,
  },
  {
    name: "status",
    usage: "[service or host]",
    summary: "How things are: everything, or one of them",
    asks: "status $rest",
  },
  { name: "alerts", usage: "[service or host]", summary: "Which alerts are firing", asks: "alerts $rest" },
  {
    name: "incidents",
    usage: "[id]",
    summary: "What goes on, who looks after it, and what was over lately",
    asks: "incidents $rest",
  },
  {
    name: "silences",
    usage: "",
    summary: "What Alertmanager keeps silent now, and until when",
    asks: "silences",
    isUnlisted: true,
  },
  {
    name: "silence",
    usage: "<matchers> [for 2h] [: reason]",
    summary: "Shows what would be silent, and writes it at a click",
    asks: "silence $rest",
    isUnlisted: true,
  },
  {
    name: "oncall",
    usage: "[schedule|take|set|swap|cancel]",
    summary: "Who is on call and who comes next, and how to change it",
    asks: "oncall $rest",
    isUnlisted: true,
  },
  {
    name: "digest",
    usage: "[daily|weekly|handover|try NAME]",
    summary: "What is to be done and what happened: a day, a week, since the last shift",
    asks: "digest $rest",
    isUnlisted: true,
  },
  {
    name: "digests",
    usage: "",
    summary: "Digests that come by themselves, when and where, and how to plan one",
    asks: "digests",
    isUnlisted: true,
  },
  {
    name: "patterns",
    usage: "",
    summary: "What comes again: alerts after deployments, and what helped",
    asks: "patterns",
    isUnlisted: true,
  },
  {
    name: "ci",
    usage: "[project]",
    summary: "Pipelines: their last run, how often they failed, whether the next will",
    asks: "ci $rest",
    isUnlisted: true,
  },
  {
    name: "dora",
    usage: "[days]",
    summary: "How often is deployed, how fast, what failed and how soon it was mended",
    asks: "dora $rest",
    isUnlisted: true,
  },
  {
    name: "rollouts",
    usage: "",
    summary: "Deployments of the last hour, each compared with what was before it",
    asks: "rollouts",
    isUnlisted: true,
  },
  {
    name: "top",
    usage: "<measure>",
    summary: "Who has the most of it, such as: top 5 services by errors",
    asks: "top $rest",
  },
  {
    name: "weird",
    usage: "",
    summary: "What is unlike the same hour of other days",
    asks: "anything unusual?",
    isUnlisted: true,
  },
  {
    name: "anomalies",
    usage: "",
    summary: "What the scheduled watching found: open now, and in the last 24 hours",
    asks: "anomalies",
  },
  {
    name: "scan",
    usage: "",
    summary: "A round of watching now, and what it finds",
    asks: "scan",
    isUnlisted: true,
  },
  { name: "why", usage: "<what is wrong>", summary: "The likely cause, with its evidence", asks: "why $rest" },
  {
    name: "forecast",
    usage: "<measure>",
    summary: "Where it is heading, such as: forecast disk of pg-1",
    asks: "forecast $rest",
  },
  {
    name: "stop",
    usage: "[reason]",
    summary: "Emergency stop: no change starts any more",
    asks: "emergency stop $rest",
  },
  {
    name: "approvals",
    usage: "[pending|mine|history]",
    summary: "Changes that wait for you, that you asked for, and what became of them",
    asks: "approvals $rest",
  },
  {
    name: "audit",
    usage: "",
    summary: "What was done lately, and whether the record is whole",
    asks: "audit",
    isUnlisted: true,
  },
  {
    name: "metrics",
    usage: "[words]",
    summary: "What can be asked about",
    asks: "list all metrics $rest",
    isUnlisted: true,
  },
];

export type ReadCommand =
  | { readonly kind: "help" /** The word that is no command, when there was one. */; readonly unknown?: string }
  | { readonly kind: "ask"; readonly text: string };

/**
 * What was typed after the slash command or the mention. Text that begins with no command is a question of its own, so
 * that nobody has to know the list; nothing at all, or `help`, asks for it. Never throws.
 */
export function readCommand(typed: string): ReadCommand {
  const text = typed.trim();
  const [, word = "", rest = ""] = /^(\S+)\s*([\s\S]*)$/.exec(text) ?? [];
  const name = word.toLowerCase();
  if (text === "" || (rest === "" && ["help", "?", "-h", "--help"].includes(name))) return { kind: "help" };
  const command = CHAT_COMMANDS.find((one) => one.name === name);
  if (command === undefined) return { kind: "ask", text };
  if (rest === "" && command.usage.startsWith("<")) return { kind: "help", unknown: text };
  return { kind: "ask", text: command.asks.replace("$rest", () => rest).trim() };
}
