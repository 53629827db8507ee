import type { z } from "zod";
import type { Action, Arguments } from "../../ports/changes.ts";
import { reasonOf } from "../../util/errors.ts";
import { choose } from "../shared/choose.ts";
import { isAllowed } from "../shared/glob.ts";
import { outputOf } from "../shared/output.ts";
import { absolutePath, argumentsOf, checkWith, entryName, integer, readWith, unitName } from "../shared/patterns.ts";
import type { SshWorld } from "./change.ts";
import { whyNotBelow } from "./clean.ts";
import { ask, HELLO } from "./client.ts";
import type { SshHost } from "./settings.ts";

const START = `
set -u
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin
LC_ALL=C; export PATH LC_ALL
echo ${HELLO}
as=$1; shift
root() { if [ "$as" = sudo ]; then sudo -n -- "$@"; else "$@"; fi; }
`;
const MOST = 60_000;

type Reading<A> = {
  readonly name: string;
  readonly schema: z.ZodType<A & { readonly host?: string | undefined }>;
  readonly forbids: (args: A, host: SshHost) => string | undefined;
  /** Its output is what is read; the exit code is the command's. */
  readonly script: string;
  readonly words: (args: A) => readonly string[];
  /** Exit codes that are no failure. `systemctl status` says with 3 that a unit is down. */
  readonly good: readonly number[];
};

/** `ssh/unit_status`: what systemd says of a unit, with its last lines. */
export const unitStatus = (world: SshWorld): Action =>
  readingOf(
    {
      name: "ssh/unit_status",
      schema: argumentsOf({ host: entryName.optional(), unit: unitName }),
      forbids: ({ unit }, host) => whyNotUnit(unit, host),
      script: `systemctl status --no-pager --full --lines=20 -- "$1" 2>&1 | head -c ${MOST}; systemctl is-active --quiet -- "$1" || exit 3`,
      words: ({ unit }) => [unit],
      good: [0, 3],
    },
    world,
  );

/** `ssh/journal`: the last lines of a unit. */
export const journal = (world: SshWorld): Action =>
  readingOf(
    {
      name: "ssh/journal",
      schema: argumentsOf({
        host: entryName.optional(),
        unit: unitName,
        lines: integer(1, 2000),
        since_seconds: integer(1, 31 * 86_400),
      }),
      forbids: ({ unit }, host) => whyNotUnit(unit, host),
      script: `out=$(root journalctl --no-pager --quiet --output=short-iso --unit="$1" --lines="$2" --since="-$3s" 2>&1); code=$?; echo "$out" | tail -c ${MOST}; exit $code`,
      words: ({ unit, lines, since_seconds }) => [unit, String(lines), String(since_seconds)],
      good: [0],
    },
    world,
  );

/** `ssh/disk_usage`: how full the file system is, and the largest folders below a path that may be cleaned. */
export const diskUsage = (world: SshWorld): Action =>
  readingOf(
    {
      name: "ssh/disk_usage",
      schema: argumentsOf({ host: entryName.optional(), path: absolutePath }),
      forbids: ({ path }, host) => whyNotBelow(path, host),
      script: `df -P -h -- "$1" 2>&1; code=$?; root du -x -k -d 2 -- "$1" 2>/dev/null | sort -r -n | head -n 30 | head -c ${MOST}; exit $code`,
      words: ({ path }) => [path],
      good: [0],
    },
    world,
  );

const whyNotUnit = (unit: string, host: SshHost) =>
  isAllowed(host.units, unit)
    ? undefined
    : `${unit} is none of the units that may be looked at on ${host.name} (${host.units.join(", ") || "none is configured"}).`;

function readingOf<A>(reading: Reading<A>, { hosts, redact }: SshWorld): Action {
  function known(args: Arguments): { readonly read: A; readonly host: SshHost } {
    const read = readWith(reading.schema, args);
    const chosen = choose(hosts, read.host, "host");
    if (chosen.kind === "none") throw new Error(chosen.why);
    const forbidden = reading.forbids(read, chosen.entry);
    if (forbidden !== undefined) throw new Error(forbidden);
    return { read, host: chosen.entry };
  }
  return {
    name: reading.name,
    changes: false,
    check(args) {
      const wrong = checkWith(reading.schema, args);
      if (wrong !== undefined) return wrong;
      try {
        known(args);
        return undefined;
      } catch (problem) {
        return reasonOf(problem);
      }
    },
    async look(args) {
      const { host } = known(args);
      return {
        identity: { address: host.address },
        precondition: {},
        captured: {},
        facts: [],
        blast: { kind: "known", text: "Nothing: it only reads." },
      };
    },
    simulate: async () => ({ kind: "simulated", text: "It only reads: running it changes nothing." }),
    async run(args, { signal }) {
      try {
        const { read, host } = known(args);
        const as = host.sudo === true ? "sudo" : "self";
        const asked = await ask(host, START + reading.script, [as, ...reading.words(read)], signal);
        if (asked.kind !== "answered") return { outcome: "failed", output: outputOf(asked.why, redact) };
        const output = outputOf(asked.stdout.slice(asked.stdout.indexOf(HELLO) + HELLO.length).trim(), redact);
        return { outcome: reading.good.includes(asked.code) ? "succeeded" : "failed", output };
      } catch (problem) {
        return { outcome: "failed", output: outputOf(reasonOf(problem), redact) };
      }
    },
    probe: async () => ({ found: "not_run", isSure: true, text: "It only reads: running it again harms nothing." }),
  };
}
