import type { Rights } from "../shared/rights.ts";
import { HELLO, read } from "./client.ts";
import type { SshHost } from "./settings.ts";

const LOOK = `
LC_ALL=C; export LC_ALL
echo ${HELLO}
echo "uid $(id -u)"
if command -v sudo >/dev/null 2>&1; then sudo -n -l 2>/dev/null; fi
exit 0
`;

/** What the account may do on the host: root, or sudo for any command. Throws `UnreachableError` and `RefusedError`. */
export async function sshRights(host: SshHost, signal: AbortSignal): Promise<Rights> {
  const said = await read(host, LOOK, [], signal);
  const isRoot = /^uid 0$/m.test(said);
  const mayAll = /^\s*\([^)]*\)\s*(?:SETENV:\s*)?NOPASSWD:\s*(?:SETENV:\s*)?ALL\s*$/m.test(said);
  return {
    who: `${host.user} on ${host.name}`,
    excess: isRoot ? ["is root"] : mayAll ? ["may run any command by sudo without a password"] : [],
  };
}
