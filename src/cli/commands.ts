import type { Command } from "./command.ts";

const JSON_FLAG = { json: { type: "boolean" } } as const;

/** Every command of this version. */
export const COMMANDS: Readonly<Record<string, Command>> = {
  start: {
    usage: "start",
    summary: "the bot, until SIGTERM or Ctrl-C",
    options: {},
    load: () => import("./start.ts"),
  },
  chat: {
    usage: "chat [--user U] [--thread T]",
    summary: "talk to it in the terminal, or over a pipe line by line",
    options: { user: { type: "string" }, thread: { type: "string" } },
    load: () => import("./chat.ts"),
  },
  ask: {
    usage:
      'ask "text" [--json] [--now RFC3339] [--user U] [--thread T]\nask --batch FILE.jsonl --json [--now RFC3339] [--parallel N]',
    summary: "one question, or a file of them ({id, text, turns?, user?} a line; - is stdin)",
    options: {
      ...JSON_FLAG,
      now: { type: "string" },
      user: { type: "string" },
      thread: { type: "string" },
      batch: { type: "string" },
      parallel: { type: "string" },
    },
    load: () => import("./ask.ts"),
  },
  demo: {
    usage: "demo [--check] [--no-browser]",
    summary:
      "a small shop with two weeks of history on a real Prometheus, to try the bot on, here and in the browser; --check tours it without either",
    options: { check: { type: "boolean" }, "no-browser": { type: "boolean" } },
    load: () => import("./demo.ts"),
  },
  doctor: {
    usage: "doctor [--json]",
    summary: "checks the configuration and every dependency, and says what to do",
    options: JSON_FLAG,
    load: () => import("./doctor.ts"),
  },
  proposals: {
    usage: "proposals list [--json]",
    summary: "changes somebody asked for that wait for a decision",
    options: JSON_FLAG,
    load: () => import("./list.ts").then(({ runProposals }) => ({ run: runProposals })),
  },
  runbooks: {
    usage: [
      "runbooks list | show ID | history ID [--json]",
      "runbooks lint [FOLDER] [--json]",
      "runbooks diff ID VERSION VERSION [--json]",
      "runbooks deprecate ID [--reason TEXT] [--undo]",
      "runbooks new --from-alert NAME [--out FILE]",
      "runbooks test ID [NAME=VALUE …] [--json]",
    ].join("\n"),
    summary: "the changes the bot knows: read, checked, compared, taken out of use, drafted, tried without effect",
    options: {
      ...JSON_FLAG,
      reason: { type: "string" },
      undo: { type: "boolean" },
      "from-alert": { type: "string" },
      out: { type: "string" },
    },
    load: () => import("./runbooks.ts"),
  },
  lessons: {
    usage: "lessons list [--json] [--user U]",
    summary: "words that somebody taught the bot in the terminal",
    options: { ...JSON_FLAG, user: { type: "string" } },
    load: () => import("./list.ts").then(({ runLessons }) => ({ run: runLessons })),
  },
  help: {
    usage: "help [command]",
    summary: "this page, or one command's",
    options: {},
    load: () => import("./help.ts").then(({ runHelp }) => ({ run: runHelp })),
  },
  version: {
    usage: "version",
    summary: "the version of the bot and of Node",
    options: {},
    load: () => import("./help.ts").then(({ runVersion }) => ({ run: runVersion })),
  },
};

/** Commands that are promised for later versions: known, so that nobody looks for a typing error. */
export const LATER: readonly string[] = ["detect", "forecast", "backtest", "watches", "incidents", "audit"];
