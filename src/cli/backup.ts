import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { dataDirOf } from "../config/data-dir.ts";
import { formatValue } from "../core/units.ts";
import { backupStore, restoreStore } from "../store/backup.ts";
import { type Call, EXIT, UsageError } from "./command.ts";
import { barOf } from "./progress.ts";

/** `backup FILE`: the store as it is now, in one file; beside a running bot or without one. */
export async function run(call: Call): Promise<number> {
  const to = fileOf(call, "backup");
  insistOnFile(call, "backup");
  const dataDir = dataDirOf(call.env["SMARTCLOUDOPS_DATA"], call.cwd);
  const bar = barOf(call);
  const { bytes, records } = await backupStore(dataDir, to, (share) => bar.show(share, "copied")).finally(() =>
    bar.end(),
  );
  call.stdout.write(
    `${to}: the store as it is now, ${formatValue(bytes, "bytes")} with ${formatValue(records, "count")} audit records. It holds what people wrote: keep it as private as the data folder.\n`,
  );
  return EXIT.ok;
}

/** `restore FILE`: such a copy in the place of the store. Only while no bot runs. */
export async function runRestore(call: Call): Promise<number> {
  const from = fileOf(call, "restore");
  insistOnFile(call, "restore");
  const dataDir = dataDirOf(call.env["SMARTCLOUDOPS_DATA"], call.cwd);
  const { path, bytes, records, kept } = restoreStore(dataDir, from, Date.now() / 1000);
  const before =
    kept === undefined
      ? "There was no store before."
      : `The store that was there is ${kept}${existsSync(`${kept}-wal`) ? " (with the files of its name beside it)" : ""}.`;
  call.stdout.write(
    [
      `${path} is now the copy: ${formatValue(bytes, "bytes")} with ${formatValue(records, "count")} audit records. ${before}`,
      "What happened after the copy was made is not in it. Once the bot has started, it answers and watches, and no change starts until somebody has looked",
      "at it and said so: smartcloudops audit verify, then smartcloudops audit accept-restored.",
      "",
    ].join("\n"),
  );
  return EXIT.ok;
}

function insistOnFile({ env }: Call, command: string): void {
  if ((env["REDIS_URL"] ?? "") === "" && (env["REDIS_URL_FILE"] ?? "") === "") return;
  throw new UsageError(
    `${command} is about the SQLite file, and REDIS_URL is set: the store is in Redis. Back that up as OPERATIONS.md says, or copy it into a file: smartcloudops migrate --from redis --to sqlite.`,
  );
}

function fileOf({ words, cwd }: Call, command: "backup" | "restore"): string {
  const [file, ...others] = words;
  if (file === undefined || others.length > 0)
    throw new UsageError(
      `${command} takes the name of one file, as in \`${command} smartcloudops-2026-11-21.db\`: ${words.length === 0 ? "none was given" : `${words.length} were given`}.`,
    );
  return resolve(cwd, file);
}
