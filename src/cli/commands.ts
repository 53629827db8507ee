import { DECISIONS } from "../core/card.ts";
import type { Command } from "./command.ts";
import { INIT_OPTIONS } from "./init/questions.ts";

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
    usage: "demo [--check] [--no-browser] [--as NAME]",
    summary:
      "a small shop with two weeks of history on a real Prometheus, to try the bot on, here and in the browser; --check tours it without either",
    options: { check: { type: "boolean" }, "no-browser": { type: "boolean" }, as: { type: "string" } },
    load: () => import("./demo.ts"),
  },
  doctor: {
    usage: "doctor [--production] [--send] [--json]",
    summary:
      "checks the configuration and every dependency, and says what to do; --production also what a bot that people rely on lacks, with a score; --send has the running bot post a marked test alert and a harmless proposal through every route",
    options: { ...JSON_FLAG, production: { type: "boolean" }, send: { type: "boolean" } },
    load: () => import("./doctor.ts"),
  },
  init: {
    usage:
      "init [--yes] [--keep-failed] [--prometheus-url URL] [--slack-bot-token-file FILE] …\n(each question is a flag: smartcloudops init --flags)",
    summary:
      "sets the bot up: asks for each address and credential, tries it, and writes .env, config/ and the Teams package; nothing is overwritten unasked",
    options: INIT_OPTIONS,
    load: () => import("./init.ts"),
  },
  config: {
    usage: "config check [FILE] [--json]",
    summary:
      "everything that is wrong with the settings and the files they name, each with line and column; asks nobody (exit 0, 78 with problems)",
    options: JSON_FLAG,
    load: () => import("./config.ts"),
  },
  detect: {
    usage: "detect --dir DIR --out DIR",
    summary:
      "a backtest: every CSV (timestamp,value) below DIR scored as if it streamed, to the same path below the other (timestamp,anomaly_score,is_alert)",
    options: { dir: { type: "string" }, out: { type: "string" } },
    load: () => import("./detect.ts"),
  },
  proposals: {
    usage: `proposals list [--json]\nproposals show ID [--json]\nproposals ${DECISIONS.filter((one) => one !== "resume")
      .map((one) => one.replaceAll("_", "-"))
      .join("|")} ID`,
    summary:
      "changes that were proposed and what became of them; decisions are typed by a person, through the running bot",
    options: JSON_FLAG,
    load: () => import("./proposals.ts"),
  },
  audit: {
    usage:
      "audit verify [EXPORT.json] [--anchor SEQ:HASH] [--public-key FILE] [--json]\naudit export [--format json|csv|html] [--period 30d]\naudit report [--period 30d] [--json]\naudit key [--new FILE]\naudit accept-restored [--user NAME]",
    summary:
      "the record of what happened: whether it is whole (exit 0, 1 broken, 2 cut), all of it, and what it comes to",
    options: {
      ...JSON_FLAG,
      anchor: { type: "string" },
      "public-key": { type: "string" },
      format: { type: "string" },
      period: { type: "string" },
      new: { type: "string" },
      user: { type: "string" },
    },
    load: () => import("./audit.ts"),
  },
  stop: {
    usage: "stop [REASON]",
    summary: "the emergency stop: nothing that changes anything starts any more",
    options: {},
    load: () => import("./stop.ts"),
  },
  resume: {
    usage: "resume",
    summary: "the wish to let changes run again: it takes two people",
    options: {},
    load: () => import("./stop.ts").then(({ runResume }) => ({ run: runResume })),
  },
  runbooks: {
    usage: [
      "runbooks list | show ID | history ID [--json]",
      "runbooks lint [FOLDER] [--json]",
      "runbooks diff ID VERSION VERSION [--json]",
      "runbooks deprecate ID [--reason TEXT] [--undo]",
      "runbooks new --from-alert NAME [--out FILE]",
      "runbooks test ID [NAME=VALUE …] [--json]",
      "runbooks simulate ID NAME=VALUE … [--source NAME] [--json]",
      "runbooks re-enable ID [KIND]",
    ].join("\n"),
    summary: "the changes the bot knows: read, checked, compared, taken out of use, drafted, tried without effect",
    options: {
      ...JSON_FLAG,
      reason: { type: "string" },
      undo: { type: "boolean" },
      "from-alert": { type: "string" },
      source: { type: "string" },
      out: { type: "string" },
    },
    load: () => import("./runbooks.ts"),
  },
  incidents: {
    usage: "incidents list [--json]\nincidents show ID [--json]",
    summary: "what goes on and what was over lately; one of them with all its alerts",
    options: JSON_FLAG,
    load: () => import("./incidents.ts"),
  },
  digest: {
    usage: "digest [daily|weekly|handover] [--json]",
    summary: "what is to be done and what happened: in a day, a week, or half a day",
    options: JSON_FLAG,
    load: () => import("./digest.ts"),
  },
  digests: {
    usage: "digests list [--json]",
    summary: "digests that are planned, and when the next of each comes",
    options: JSON_FLAG,
    load: () => import("./digest.ts").then(({ runDigests }) => ({ run: runDigests })),
  },
  export: {
    usage: "export incidents|anomalies|digests [--format json|csv|html] [--from RFC3339] [--to RFC3339] [--out FILE]",
    summary:
      "what was kept within a period (30 days without --from), for programs, spreadsheets, or as a page with charts",
    options: {
      format: { type: "string" },
      from: { type: "string" },
      to: { type: "string" },
      out: { type: "string" },
    },
    load: () => import("./export.ts"),
  },
  person: {
    usage: "person export ID\nperson forget ID",
    summary:
      "what is stored about a person (an id under people, or platform:account) as JSON; takes who it was out of it, after asking, while no bot runs",
    options: {},
    load: () => import("./person.ts"),
  },
  openapi: {
    usage: "openapi",
    summary: "the OpenAPI 3.1 document of the HTTP API",
    options: {},
    load: () => import("./openapi.ts"),
  },
  watches: {
    usage:
      "watches list [--json]\nwatches versions NAME [--json]\nwatches learn NAME [--json]\nwatches rollback NAME VERSION [--json]",
    summary: "what is watched on the schedule, how much of it, and how useful its posts were",
    options: JSON_FLAG,
    load: () => import("./watches.ts"),
  },
  backtest: {
    usage:
      'backtest "PromQL" [--days N] [--step 1m] [--direction up|down|both] [--sensitivity low|normal|high] [--source NAME] [--now RFC3339] [--out FILE.png] [--json]',
    summary: "what a watch of that query would have posted in the last days, on your own data, and how often",
    options: {
      ...JSON_FLAG,
      days: { type: "string" },
      step: { type: "string" },
      direction: { type: "string" },
      sensitivity: { type: "string" },
      source: { type: "string" },
      now: { type: "string" },
      out: { type: "string" },
    },
    load: () => import("./backtest.ts"),
  },
  migrate: {
    usage: "migrate --from sqlite --to redis | --from redis --to sqlite",
    summary: "the whole store from the data folder into the Redis of REDIS_URL, or back, while no bot runs",
    options: { from: { type: "string" }, to: { type: "string" } },
    load: () => import("./migrate.ts"),
  },
  backup: {
    usage: "backup FILE",
    summary: "the store as it is now in one file, beside a running bot",
    options: {},
    load: () => import("./backup.ts"),
  },
  restore: {
    usage: "restore FILE",
    summary: "puts such a copy in the place of the store, which is kept beside it; only while no bot runs",
    options: {},
    load: () => import("./backup.ts").then(({ runRestore }) => ({ run: runRestore })),
  },
  lessons: {
    usage: "lessons list [--json] [--user U]",
    summary: "words that somebody taught the bot in the terminal",
    options: { ...JSON_FLAG, user: { type: "string" } },
    load: () => import("./list.ts").then(({ runLessons }) => ({ run: runLessons })),
  },
  forecast: {
    usage: "forecast --protocol FILE --dir DIR --out DIR [--holidays FILE]",
    summary:
      "forecasts of CSV files (timestamp,value) from the origins of a protocol, as if each were now: origin,step,mean,lo80,hi80,lo95,hi95",
    options: {
      protocol: { type: "string" },
      dir: { type: "string" },
      out: { type: "string" },
      holidays: { type: "string" },
    },
    load: () => import("./forecast.ts"),
  },
  replay: {
    usage: "replay [--json]\nreplay ID [--json]\nreplay ID --to-test [--dir FOLDER]",
    summary:
      "answers that were given lately; one of them drawn and judged again from what was stored, without asking anybody; or written as a case for the tests",
    options: { ...JSON_FLAG, "to-test": { type: "boolean" }, dir: { type: "string" } },
    load: () => import("./replay.ts"),
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
