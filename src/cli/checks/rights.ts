import { realpath, stat } from "node:fs/promises";
import { relative, resolve, sep } from "node:path";
import { githubRights } from "../../actions/github/rights.ts";
import { kubernetesRights } from "../../actions/kubernetes/rights.ts";
import { postgresRights } from "../../actions/postgres/rights.ts";
import { redisRights } from "../../actions/redis/rights.ts";
import type { Rights } from "../../actions/shared/rights.ts";
import { sshRights } from "../../actions/ssh/rights.ts";
import type { Config } from "../../config.ts";
import { reasonOf } from "../../util/errors.ts";
import { type Check, failed, ok, skipped } from "./check.ts";

/** What is wanted of each kind of account, and how to get there. */
const CURES = {
  kubernetes:
    "Wanted are the verbs of the README's table, by name and in the listed namespaces: bind the token to a Role of its own with those.",
  github:
    "Wanted is a fine-grained token for this one repository: Actions read and write, Contents read, Metadata read.",
  postgres:
    "Wanted is a role of its own with pg_signal_backend, pg_monitor and the tables that it vacuums: CREATE ROLE … NOSUPERUSER NOCREATEROLE.",
  redis:
    "Wanted is a user for its prefixes, queues and smartcloudops:*, with the commands it uses: ACL SETUSER … -@all +@read +@write +@scripting +info +ping ~…",
  ssh: "Wanted is an account of its own, with sudo rules for exactly the commands of its runbooks (NOPASSWD: /usr/bin/systemctl … restart -- nginx.service).",
  local:
    "Wanted is an account of its own for the bot: start it as that, and give sudo rules to single commands where one needs more.",
} as const;

const PATIENCE_MS = 15_000;

/** Whether the accounts of the executors can do more than they need to (what a stolen token or a mistake could do). `uid` is the process's own. */
export async function checkRights({ runbooks }: Pick<Config, "runbooks">, uid = process.getuid?.()): Promise<Check[]> {
  const { kubernetes, github, postgres, redis, ssh, local, extension } = runbooks.executors;
  const look = <T extends { readonly name: string }>(
    kind: Exclude<keyof typeof CURES, "local">,
    all: readonly T[],
    rightsOf: (one: T, signal: AbortSignal) => Promise<Rights>,
  ) => all.map((one) => check(`rights of ${kind}/${one.name}`, CURES[kind], (signal) => rightsOf(one, signal)));
  return [
    ...(await Promise.all([
      ...look("kubernetes", kubernetes, kubernetesRights),
      ...look("github", github, githubRights),
      ...look("postgres", postgres, postgresRights),
      ...look("redis", redis, redisRights),
      ...look("ssh", ssh, sshRights),
    ])),
    ...(local.length === 0 ? [] : [checkLocal(uid)]),
    ...extension.map(({ name, uses }) =>
      skipped(`rights of x-${uses}/${name}`, "the bot does not know what an extension's account needs: look yourself"),
    ),
  ];
}

async function check(name: string, cure: string, rights: (signal: AbortSignal) => Promise<Rights>): Promise<Check> {
  try {
    const { who, excess } = await rights(AbortSignal.timeout(PATIENCE_MS));
    return excess.length === 0
      ? ok(name, `${who}: nothing beyond what is needed was found`)
      : failed(name, `${who} can do more than its runbooks need: it ${excess.join("; it ")}`, cure);
  } catch (problem) {
    return failed(
      name,
      `cannot be asked: ${reasonOf(problem)}`,
      "Correct the executor's settings, or start what it acts on.",
    );
  }
}

function checkLocal(uid: number | undefined): Check {
  const name = "rights of local";
  if (uid === undefined) return skipped(name, "this system has no user numbers");
  return uid === 0
    ? failed(name, "the commands of runbooks would run as root", CURES.local)
    : ok(name, `commands run as the user with number ${uid}`);
}

/** Who can write the records and has the key that signs them can write them anew: the key lies elsewhere, closed to others. */
export async function checkAuditKey(dataDir: string, keyFile: string | undefined, cwd: string): Promise<Check> {
  const name = "audit key";
  if (keyFile === undefined || keyFile.trim() === "")
    return skipped(name, "records are not signed: AUDIT_KEY_FILE names no key");
  const [key, folder] = await Promise.all(
    [resolve(cwd, keyFile.trim()), dataDir].map((path) => realpath(path).catch(() => path)),
  );
  const way = relative(folder!, key!);
  if (way !== ".." && !way.startsWith(`..${sep}`))
    return failed(
      name,
      `${key} lies in the data folder, beside the records that it signs: whoever can change one can sign the change`,
      "Wanted is a place that only the bot can read, outside of SMARTCLOUDOPS_DATA and its backups: move the file, and set AUDIT_KEY_FILE.",
    );
  const found = await stat(key!).catch(() => undefined);
  if (found !== undefined && process.platform !== "win32" && (found.mode & 0o077) !== 0)
    return failed(name, `${key} can be read by other users of this machine`, `Wanted is mode 600: chmod 600 ${key}`);
  return ok(name, `${key}, outside of the data folder`);
}
