import * as z from "zod";
import { extension, github, http, kubernetes, local, postgres, redis, ssh } from "./executors.ts";
import { flag, group, NAME, text } from "./parts.ts";

const list = <T extends z.ZodType>(entry: T) =>
  z.array(entry, "must be a list").max(200, "must have at most 200 entries").optional();

/** `runbooks`: which changes the bot knows, how far it may go where, and what carries them out. */
export const runbooks = () =>
  group({
    builtin: flag("Those that come with the bot. Default true."),
    folders: z
      .array(text("A folder, relative to this file."), "must be a list")
      .max(100, "must have at most 100 entries")
      .optional()
      .describe("Folders with runbooks of your own. Default: none."),
    modes: z
      .record(
        z.string().regex(NAME, "must be the name of an environment"),
        z.enum(["observe", "propose", "act"], "must be observe, propose or act"),
        "must be a group by environment",
      )
      .optional()
      .describe(
        "How far the bot goes in each environment: observe (note only), propose (ask only) or act (run what was approved); the name default is for the others. Default propose.",
      ),
    executors: group({
      kubernetes: list(kubernetes()).describe("Kubernetes clusters."),
      ssh: list(ssh()).describe("Hosts reached by SSH."),
      local: list(local()).describe("Commands on the bot's machine."),
      http: list(http()).describe("Services with an HTTP API."),
      github: list(github()).describe("GitHub repositories and their workflows."),
      postgres: list(postgres()).describe("PostgreSQL databases."),
      redis: list(redis()).describe("Redis servers."),
      extension: list(extension()).describe("What extensions act on: runbooks call their actions x-NAME/ACTION."),
    })
      .optional()
      .describe("What runbooks may act on. Nothing else is touched."),
  }).describe("Which changes the bot knows, how far it may go where, and what carries them out.");
