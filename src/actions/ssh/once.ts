import type { Json } from "../../util/canonical.ts";
import { type Asked, ask, HELLO } from "./client.ts";
import type { SshHost } from "./settings.ts";

/** Where marks of executions are kept on a host, when the account may write there; else `$HOME/.smartcloudops`. */
export const STATE_FOLDER = "/var/lib/smartcloudops";
/** Bytes of a command's output that come back. */
const OUTPUT_BYTES = 60_000;

/** Shell text of one kind of change. None may hold a single quote, and data comes in as words ("$1", …) alone. */
export type Effect = {
  /** Function bodies that the others use. */
  readonly helpers?: string;
  /** Checks that the world is as approved: says `refuse …` when it is not. */
  readonly guard: string;
  /** The change. Its end is the exit code. */
  readonly effect: string;
  /** Says how things are: lines `fact name value`. Runs before, after and when probed. */
  readonly facts: string;
};

/** What the script on the host told. */
export type Told = {
  readonly state: "refused" | "exited" | "marked" | "void" | "running" | "lost" | "no_place";
  readonly reason: string;
  readonly exit: number | undefined;
  readonly before: Readonly<Record<string, string>>;
  readonly after: Readonly<Record<string, string>>;
  readonly output: string;
};

const COMMON = `
set -u
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin
LC_ALL=C
export PATH LC_ALL
umask 077
key=$1; folder=$2; as=$3; machine=$4; seconds=$5; shift 5
echo ${HELLO}
trap : HUP
[ -n "\${HOME-}" ] || HOME=/nonexistent
root() { if [ "$as" = sudo ]; then sudo -n -- "$@"; else "$@"; fi; }
limit() { if command -v timeout >/dev/null 2>&1; then timeout -k 5 "$seconds" "$@"; else "$@"; fi; }
rootlimit() { if [ "$as" = sudo ]; then limit sudo -n -- "$@"; else limit "$@"; fi; }
fact() { n=$1; shift; echo "sco:\${when}:$n $*"; }
refuse() { echo "sco:refused $*"; exit 0; }
finds() { for d in "$folder" "$HOME/.smartcloudops"; do if [ -d "$d/$key" ]; then mark=$d/$key; return 0; fi; done; return 1; }
makes() {
  base=$folder
  [ -d "$base" ] || mkdir "$base" 2>/dev/null
  if [ ! -d "$base" ] || [ ! -w "$base" ]; then base=$HOME/.smartcloudops; [ -d "$base" ] || mkdir "$base" 2>/dev/null; fi
  if [ ! -w "$base" ]; then echo "sco:no_place $base cannot be written"; exit 0; fi
  mark=$base/$key
  mkdir "$mark" 2>/dev/null
}
tells() {
  cat "$mark/before" 2>/dev/null
  if [ -e "$mark/void" ]; then echo "sco:void"
  elif [ -s "$mark/exit" ]; then echo "sco:marked $(cat "$mark/exit")"
  elif [ -s "$mark/pid" ] && kill -0 "$(cat "$mark/pid")" 2>/dev/null; then echo "sco:running"
  else echo "sco:lost"; fi
}
shows() { echo "sco:output"; if [ -e "$mark/output" ]; then tail -c ${OUTPUT_BYTES} "$mark/output"; fi; }
here() { [ -z "$machine" ] || [ "$machine" = "$(cat /etc/machine-id 2>/dev/null)" ] || refuse "it is another machine than the one that was shown"; }
`;

/** The mark is made by `mkdir`, which only one can win, and after everything that may refuse. */
const ONCE = `
here
if finds; then tells; when=after; facts "$@"; shows; exit 0; fi
when=before
guard "$@"
if ! makes; then
  if finds; then tells; else echo "sco:no_place no mark can be made in $base"; fi
  exit 0
fi
echo $$ >"$mark/pid"
{ when=before; facts "$@"; } >"$mark/before"
cat "$mark/before"
echo "sco:began"
effect "$@" >"$mark/output" 2>&1 </dev/null
code=$?
echo $code >"$mark/exit.new" && mv "$mark/exit.new" "$mark/exit"
echo "sco:exited $code"
when=after
facts "$@"
shows
exit 0
`;

/** Where there is no mark, makes one that says "void": an attempt that arrives late finds it and does nothing. */
const PROBE = `
here
if finds; then tells
elif makes; then echo probed >"$mark/void"; echo "sco:void"
elif finds; then tells
else echo "sco:no_place no mark can be made in $base"
fi
when=after
facts "$@"
shows
exit 0
`;

/** Words that each script gets before its own. */
export type Call = {
  readonly host: SshHost;
  readonly key: string;
  readonly stateFolder: string;
  readonly machine: string;
  /** Seconds that the command may take on the host. */
  readonly seconds: number;
  readonly words: readonly string[];
  readonly signal: AbortSignal;
};

/** Makes the change on the host unless an attempt with that key was there before. */
export function runOnce(effect: Effect, call: Call): Promise<Told | Exclude<Asked, { kind: "answered" }>> {
  return tell(scriptOf(effect, ONCE), call);
}

/** Looks what became of that key, and when nothing did, sees to it that nothing will. */
export function probeOnce(effect: Effect, call: Call): Promise<Told | Exclude<Asked, { kind: "answered" }>> {
  return tell(scriptOf(effect, PROBE), call);
}

function scriptOf({ helpers = "", guard, effect, facts }: Effect, rest: string): string {
  return `${COMMON}${helpers}\nguard() {\n${guard}\n}\neffect() {\n${effect}\n}\nfacts() {\n${facts}\n}\n${rest}`;
}

async function tell(script: string, call: Call): Promise<Told | Exclude<Asked, { kind: "answered" }>> {
  const { host, key, stateFolder, machine, seconds, words, signal } = call;
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{7,127}$/.test(key))
    throw new Error("an idempotency key has 8 to 128 plain characters");
  const as = host.sudo === true ? "sudo" : "self";
  const asked = await ask(host, script, [key, stateFolder, as, machine, String(seconds), ...words], signal);
  return asked.kind === "answered" ? readTold(asked.stdout) : asked;
}

/** Reads the lines that begin with "sco:", down to the output, which is whatever the command said. */
export function readTold(stdout: string): Told {
  const marker = "\nsco:output\n";
  const cut = stdout.indexOf(marker);
  const lines = (cut === -1 ? stdout : stdout.slice(0, cut)).split("\n");
  const output = cut === -1 ? "" : stdout.slice(cut + marker.length);
  const before: Record<string, string> = {};
  const after: Record<string, string> = {};
  let state: Told["state"] = "lost";
  let reason = "";
  let exit: number | undefined;
  for (const line of lines) {
    const [, word, rest = ""] = /^sco:(\S+) ?(.*)$/.exec(line) ?? [];
    const [, when, name] = /^(before|after):(\w+)$/.exec(word ?? "") ?? [];
    if (name !== undefined) (when === "before" ? before : after)[name] = rest.trim();
    else if (word === "refused" || word === "no_place") [state, reason] = [word, rest];
    else if (word === "void" || word === "running" || word === "lost") state = word;
    else if (word === "exited" || word === "marked") [state, exit] = [word, numberOf(rest)];
  }
  return { state, reason, exit, before, after, output };
}

function numberOf(text: string): number | undefined {
  return /^\d{1,3}$/.test(text.trim()) ? Number(text) : undefined;
}

/** A precondition's member as a word for a script. */
export function wordOf(value: Json | undefined): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}
