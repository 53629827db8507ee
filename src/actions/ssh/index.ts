import type { Action } from "../../ports/changes.ts";
import type { ActionDeps } from "../shared/deps.ts";
import { redactLines } from "../shared/output.ts";
import type { SshWorld } from "./change.ts";
import { clean } from "./clean.ts";
import { diskUsage, journal, unitStatus } from "./reads.ts";
import { problemsOf, type SshHost } from "./settings.ts";
import { systemctl } from "./systemctl.ts";
import { renewCertificate, rotateLogs, vacuumJournal } from "./upkeep.ts";

/** `stateFolder`: where hosts keep the marks of executions, unless it is /var/lib/smartcloudops. */
export type SshDeps = ActionDeps & { readonly stateFolder?: string | undefined };

/**
 * What can be done over SSH, by the machine's own `ssh` and with one pinned key for each host. Throws an `Error` with sentences for
 * settings that cannot be used.
 */
export function createSshActions(hosts: readonly SshHost[], deps: SshDeps): readonly Action[] {
  const problems = hosts.flatMap(problemsOf);
  if (problems.length > 0) throw new Error(problems.join(" "));
  const { stateFolder } = deps;
  const world: SshWorld = { hosts, redact: redactLines(deps.secrets), now: deps.clock, stateFolder };
  return [systemctl, clean, vacuumJournal, rotateLogs, renewCertificate, unitStatus, journal, diskUsage].map((make) =>
    make(world),
  );
}
