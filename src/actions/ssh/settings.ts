/** A host that the bot may act on by SSH. */
export type SshHost = {
  readonly name: string;
  /** A host name or an address. */
  readonly address: string;
  readonly port?: number | undefined;
  readonly user: string;
  /** Private key without a passphrase, readable by the bot alone. */
  readonly identityFile: string;
  /** The host's key, pinned: `ssh-keyscan` of a host that was looked at by a person. */
  readonly knownHostsFile: string;
  readonly environment?: string | undefined;
  /** Units it may touch; `*` stands for any text. */
  readonly units: readonly string[];
  /** Folders in which old files may be deleted. */
  readonly cleanPaths: readonly string[];
  /** What changes something goes through `sudo -n`. */
  readonly sudo?: boolean | undefined;
};

/** Folders whose files no one deletes by age, however much they ask. */
const NEVER_CLEANED =
  /^\/(?:|(?:bin|boot|dev|etc|lib\w*|proc|root|run|sbin|sys|usr)(?:\/.*)?|home|media|mnt|opt|srv|var|var\/(?:cache|lib|log|spool|mail|www)|var\/lib\/smartcloudops(?:\/.*)?)$/;
const ADDRESS = /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?|[0-9A-Fa-f:]{2,39})$/;
const USER = /^[a-z_][a-z0-9_.-]{0,31}$/;
const FILE = /^(?:[A-Za-z0-9._@+,=:/-]+)$/;

/** What is wrong with a host's settings, as sentences. */
export function problemsOf(host: SshHost): readonly string[] {
  const where = `SSH host ${JSON.stringify(host.name)}`;
  const problems: string[] = [];
  if (!ADDRESS.test(host.address)) problems.push(`${where}: the address must be a host name or an IP address.`);
  if (!USER.test(host.user)) problems.push(`${where}: the user must be an account's name.`);
  const port = host.port ?? 22;
  if (!Number.isInteger(port) || port < 1 || port > 65_535) problems.push(`${where}: the port must be 1 to 65535.`);
  // ssh expands "%", "~" and "${}" in these, and splits at blanks.
  for (const [what, file] of Object.entries({
    identity_file: host.identityFile,
    known_hosts_file: host.knownHostsFile,
  }))
    if (!FILE.test(file)) problems.push(`${where}: ${what} may hold letters, digits and ._@+,=:/- alone.`);
  for (const unit of host.units)
    if (!/^[A-Za-z0-9*][A-Za-z0-9:_.@*-]*\.[a-z]+$/.test(unit))
      problems.push(`${where}: ${JSON.stringify(unit)} is no systemd unit with its type, such as "app-*.service".`);
  for (const path of host.cleanPaths) {
    const plain = /^(?:\/[A-Za-z0-9._@+=-]+)+$/.test(path) && !/\/\.{1,2}(?:\/|$)/.test(path);
    if (!plain || NEVER_CLEANED.test(path))
      problems.push(
        `${where}: ${JSON.stringify(path)} cannot be cleaned by age: name a folder below /var/log, /var/tmp, /tmp or the like.`,
      );
  }
  return problems;
}
