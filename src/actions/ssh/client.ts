import { RefusedError, UnreachableError } from "../../util/errors.ts";
import { PROGRAM_PATH, runProgram } from "../shared/program.ts";
import type { SshHost } from "./settings.ts";

/**
 * What became of a script that was sent to a host. `not_run`: it surely never began. `unknown`: it may have. `denied` tells that the
 * host said no (a wrong host key, a wrong key of ours) from that it was not there.
 */
export type Asked =
  | { readonly kind: "answered"; readonly code: number; readonly stdout: string; readonly stderr: string }
  | { readonly kind: "not_run"; readonly denied: boolean; readonly why: string }
  | { readonly kind: "unknown"; readonly why: string };

/** The first thing each of our scripts says. Without it, it did not begin. */
export const HELLO = "sco:hello";

/** Seconds to a connection; 3 unanswered signs of life, one each 5 s, end one. */
const CONNECT_SECONDS = 10;
const ALIVE_SECONDS = 5;
const GRACE_MS = 1000;
/** An answer is at most 64 KB of output and some lines of ours. */
const MOST_BYTES = 256 * 1024;

/**
 * Sends a POSIX shell script of ours, with its words, to the host, and waits for its end or for `signal`. `script` is constant text of
 * this program without single quotes; whatever varies is in `words`, each of which is checked and quoted. The account's shell on the
 * host has to understand single quotes as POSIX does (sh, bash, dash, ksh, zsh, fish).
 */
export async function ask(
  host: SshHost,
  script: string,
  words: readonly string[],
  signal: AbortSignal,
): Promise<Asked> {
  const end = await runProgram({
    command: "ssh",
    argv: [...optionsOf(host), "--", host.address, remoteCommand(script, words)],
    env: { PATH: PROGRAM_PATH, LC_ALL: "C" },
    signal,
    graceMs: GRACE_MS,
    maxBytes: MOST_BYTES,
  });
  if (end.startError !== undefined)
    return { kind: "not_run", denied: false, why: `ssh could not be started: ${end.startError}` };
  // ssh notes this before it sends a command, on a pipe that was read to its end: no such line, no command.
  const wasLetIn = /^Authenticated to /m.test(end.stderr);
  if (!wasLetIn) return { kind: "not_run", ...whyNotIn(host, end.stderr, end.isCut) };
  const lost = end.isCut || end.code === undefined || end.code === 255;
  if (lost) return { kind: "unknown", why: whyLost(host, end.isCut) };
  // The host reported an end, so all that was said before it has arrived.
  if (!end.stdout.includes(HELLO))
    return {
      kind: "not_run",
      denied: true,
      why: `${host.name} let ${host.user} in and did not run the script: its account has no usual shell, or its key is bound to another command.`,
    };
  return { kind: "answered", code: end.code ?? 0, stdout: end.stdout, stderr: end.stderr };
}

/** The same for what only reads. Throws `RefusedError` and `UnreachableError`. */
export async function read(
  host: SshHost,
  script: string,
  words: readonly string[],
  signal: AbortSignal,
): Promise<string> {
  const asked = await ask(host, script, words, signal);
  if (asked.kind === "answered") return asked.stdout;
  if (asked.kind === "not_run" && asked.denied) throw new RefusedError(`ssh ${host.name}`, 403, asked.why);
  throw new UnreachableError(`ssh ${host.name}`, asked.why);
}

/**
 * Options that take nothing from the files and the agent of whoever runs the bot: one key, one list of known hosts, no forwarding,
 * no question, no second connection to share.
 */
export function optionsOf(host: SshHost): readonly string[] {
  const options: Readonly<Record<string, string | number>> = {
    BatchMode: "yes",
    StrictHostKeyChecking: "yes",
    UserKnownHostsFile: host.knownHostsFile,
    GlobalKnownHostsFile: "/dev/null",
    UpdateHostKeys: "no",
    VerifyHostKeyDNS: "no",
    IdentityFile: host.identityFile,
    IdentitiesOnly: "yes",
    IdentityAgent: "none",
    PreferredAuthentications: "publickey",
    PasswordAuthentication: "no",
    KbdInteractiveAuthentication: "no",
    GSSAPIAuthentication: "no",
    ForwardAgent: "no",
    ForwardX11: "no",
    ClearAllForwardings: "yes",
    PermitLocalCommand: "no",
    ProxyCommand: "none",
    ProxyJump: "none",
    ControlMaster: "no",
    ControlPath: "none",
    RequestTTY: "no",
    EscapeChar: "none",
    ConnectTimeout: CONNECT_SECONDS,
    ConnectionAttempts: 1,
    ServerAliveInterval: ALIVE_SECONDS,
    ServerAliveCountMax: 3,
    LogLevel: "VERBOSE",
    Port: host.port ?? 22,
    User: host.user,
  };
  return [
    ...["-F", "none", "-T", "-a", "-x"],
    ...Object.entries(options).flatMap(([name, value]) => ["-o", `${name}=${value}`]),
  ];
}

/**
 * One text that the account's shell splits into exactly `/bin/sh`, `-c`, the script and the words. Throws an `Error` when a word holds
 * what no check should have let through.
 */
export function remoteCommand(script: string, words: readonly string[]): string {
  return ["exec", "/bin/sh", "-c", quote(script), "smartcloudops", ...words.map((word) => quote(checked(word)))].join(
    " ",
  );
}

function checked(word: string): string {
  if (!/^[A-Za-z0-9_@%+=:,.~/-]*$/.test(word))
    throw new Error(
      `a word for a remote command holds a character that is not allowed: ${JSON.stringify(word.slice(0, 80))}`,
    );
  return word;
}

function quote(word: string): string {
  if (word.includes("'")) throw new Error("a script for a remote host must not hold a single quote");
  return `'${word}'`;
}

function whyNotIn(host: SshHost, stderr: string, isCut: boolean): { denied: boolean; why: string } {
  const { name, user } = host;
  if (/Host key verification failed|REMOTE HOST IDENTIFICATION HAS CHANGED|No \S+ host key is known/.test(stderr))
    return {
      denied: true,
      why: `${name} did not show the host key that is pinned for it: it is another machine, or its key was changed. Nothing was sent to it.`,
    };
  if (/Permission denied|Too many authentication failures/.test(stderr))
    return {
      denied: true,
      why: /UNPROTECTED PRIVATE KEY|bad permissions/.test(stderr)
        ? `The identity file for ${name} can be read by others, so ssh does not use it.`
        : `${name} does not let ${user} in with the configured key.`,
    };
  const last = stderr.trim().split("\n").at(-1)?.trim() ?? "";
  if (isCut) return { denied: false, why: `${name} did not let us in before the time was up.` };
  return {
    denied: false,
    why: `${name} could not be reached: ${last === "" ? "ssh said nothing" : last.slice(0, 300)}`,
  };
}

function whyLost({ name }: SshHost, isCut: boolean): string {
  return isCut
    ? `The time was up before ${name} said how it ended.`
    : `The connection to ${name} was lost before it said how it ended.`;
}
