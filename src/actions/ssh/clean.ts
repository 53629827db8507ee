import { formatValue } from "../../core/units.ts";
import type { Action } from "../../ports/changes.ts";
import { RefusedError } from "../../util/errors.ts";
import { inertName } from "../../util/inert.ts";
import { choose } from "../shared/choose.ts";
import { absolutePath, argumentsOf, entryName, integer } from "../shared/patterns.ts";
import { actionOf, missingRight, type SshWorld } from "./change.ts";
import { HELLO, read } from "./client.ts";
import { readTold, type Told, wordOf } from "./once.ts";
import type { SshHost } from "./settings.ts";

const schema = argumentsOf({
  host: entryName.optional(),
  path: absolutePath,
  older_than_days: integer(1, 3650),
  max_bytes: integer(1, 2 ** 43),
});

const DAY = 86_400;
const sayBytes = (bytes: number) => formatValue(bytes, "bytes");
/** Names that the card shows. */
const SHOWN = 10;
const SIMULATED = 200;

/**
 * `enters PATH BASES…` goes into the folder when it is, with all links followed, one of the bases or below. What comes after works on
 * ".", so nobody can put another folder in its place meanwhile. `find` follows no link (-P), stays on its file system and takes
 * regular files alone. `-newermt` is of GNU find.
 */
const HELPERS = `
enters() {
  wanted=$1; shift
  real=$(realpath -e -- "$wanted" 2>/dev/null) || return 1
  inside=no
  for base in "$@"; do
    allowed=$(realpath -e -- "$base" 2>/dev/null) || continue
    case $real/ in "$allowed"/*) inside=yes ;; esac
  done
  [ "$inside" = yes ] || return 2
  cd -P -- "$real" 2>/dev/null || return 3
  [ "$(pwd -P)" = "$real" ]
}
old() { upto=$1; shift; root find -P . -xdev -type f ! -newermt "@$upto" "$@"; }
sums() { awk "{ n++; s += \\$1 } END { printf \\"%.0f %.0f\\", n, s }"; }
`;

/** Path, newest time of change to delete, most files, most bytes, the folder's device and inode, bases. */
const EFFECT = {
  helpers: HELPERS,
  guard: `
path=$1; upto=$2; files=$3; bytes=$4; folder_id=$5; shift 5
[ "$files" -gt 0 ] 2>/dev/null || refuse "there was nothing to delete when this was shown"
enters "$path" "$@" || refuse "$path is not inside a folder that may be cleaned, or cannot be entered"
[ "$(stat -c %d:%i .)" = "$folder_id" ] || refuse "$path is another folder than the one that was shown"
set -- $(old "$upto" -printf "%s\\n" 2>/dev/null | sums)
[ "$1" -le "$files" ] && [ "$2" -le "$bytes" ] || refuse "there are $1 such files with $2 bytes now: more than were shown"`,
  effect: `rootlimit find -P . -xdev -type f ! -newermt "@$2" -delete`,
  facts: `
path=$1; upto=$2; shift 5
if enters "$path" "$@"; then fact left "$(old "$upto" -printf "%s\\n" 2>/dev/null | sums)"; fi`,
};

/** Path, cut-off, most bytes, names to show, bases. Oldest first, whole groups of one time, as many as fit. */
const LOOK = `
set -u
LC_ALL=C; export LC_ALL
echo ${HELLO}
as=$1; path=$2; cutoff=$3; max=$4; names=$5; shift 5
root() { if [ "$as" = sudo ]; then sudo -n -- "$@"; else "$@"; fi; }
fact() { n=$1; shift; echo "sco:after:$n $*"; }
${HELPERS}
fact machine "$(cat /etc/machine-id 2>/dev/null)"
enters "$path" "$@"
fact entered $?
[ "$(pwd -P)" = "\${real-}" ] || exit 0
find --version 2>/dev/null | head -n 1 | grep -q GNU && fact find gnu
fact folder "$(stat -c %d:%i .)"
fact disk "$(df -P -k . | tail -n 1 | tr -s " " | cut -d " " -f 2,4)"
old "$cutoff" -printf "%T@ %s\\n" 2>/dev/null | sort -n | awk -v max="$max" "
  n > 0 && (\\$1 \\"\\") != (last \\"\\") && s <= max { cn = n; cs = s; ct = last }
  { n++; s += \\$2; last = \\$1 }
  END { if (n > 0 && s <= max) { cn = n; cs = s; ct = last }; printf \\"sco:after:fits %.0f %.0f %s\\nsco:after:all %.0f %.0f\\n\\", cn, cs, ct, n, s }"
echo sco:output
old "$cutoff" -printf "%T@ %TY-%Tm-%Td %s %P\\n" 2>/dev/null | sort -n | head -n "$names" | cut -d " " -f 2- | head -c 50000
`;

/** `ssh/clean`: deletes regular files that nobody has changed for some days, below a configured folder, oldest first, up to so many bytes. */
export function clean(world: SshWorld): Action {
  return actionOf(
    {
      name: "ssh/clean",
      schema,
      hostOf: ({ host }) => {
        const chosen = choose(world.hosts, host, "host");
        return chosen.kind === "entry" ? chosen.entry : chosen.why;
      },
      forbids: ({ path }, host) => whyNotBelow(path, host),
      effect: EFFECT,
      words: ({ path, max_bytes }, host, precondition) => [
        path,
        wordOf(precondition["up_to"]),
        wordOf(precondition["files"]),
        String(max_bytes),
        wordOf(precondition["folder"]),
        ...host.cleanPaths,
      ],
      async look(args, host, signal) {
        const seen = await survey(args, host, SHOWN, world.now() - args.older_than_days * DAY, signal);
        const { files, bytes, upTo, allFiles, allBytes, names } = seen;
        const days = `${args.older_than_days} days`;
        return {
          identity: { address: host.address, machine: seen.machine },
          precondition: { folder: seen.folder, up_to: upTo, files, bytes },
          captured: { files, bytes },
          facts: [
            ...(files === 0 ? [whyNone(seen, args)] : []),
            `${files} regular ${files === 1 ? "file" : "files"} below ${args.path} with ${sayBytes(bytes)} ${files === 1 ? "is" : "are"} older than ${days}${files < allFiles ? `, oldest first; ${allFiles - files} more with ${sayBytes(allBytes - bytes)} do not fit into the limit of ${sayBytes(args.max_bytes)}` : ""}.`,
            `${host.name} has ${sayBytes(seen.freeBytes)} of ${sayBytes(seen.diskBytes)} free there.`,
            ...names.map((name) => inertName(name, { max: 160 })),
            ...(files > names.length ? [`… and ${files - names.length} more.`] : []),
            "Deleted files cannot be brought back.",
          ],
          blast: {
            kind: "known",
            text: `${files} ${files === 1 ? "file" : "files"} with ${sayBytes(bytes)} below ${args.path} on ${host.name}.`,
          },
        };
      },
      async simulate(args, host, look, signal) {
        const seen = await survey(args, host, SIMULATED, world.now() - args.older_than_days * DAY, signal);
        const { files = 0 } = look.precondition;
        return {
          kind: "simulated",
          text: [
            `Would delete ${files} files, ${sayBytes(Number(look.precondition["bytes"] ?? 0))}:`,
            ...seen.names.slice(0, Number(files)).map((name) => inertName(name, { max: 200 })),
          ].join("\n"),
        };
      },
      judge({ path }, host, told) {
        const { was, left, leftBytes, wasBytes } = counts(told);
        const gone = `${was - left} of ${was} files deleted below ${path} on ${host.name}, ${sayBytes(wasBytes - leftBytes)} freed.`;
        if (told.exit === 0 && left === 0) return { outcome: "succeeded", text: gone };
        if (was > left) return { outcome: "partial", text: gone };
        const right = missingRight(host, told.output, "find");
        return { outcome: "failed", text: right ?? `find ended with ${told.exit}. No file was deleted.` };
      },
      moved(shown, now) {
        if (shown.identity["machine"] !== now.identity["machine"])
          return "it is another machine than the one that was shown";
        if (shown.precondition["folder"] !== now.precondition["folder"])
          return "it is another folder than the one that was shown";
        return Number(now.precondition["files"]) > 0 ? undefined : "nothing is left to delete";
      },
      isSeen: (_, told) => counts(told).was > 0 && counts(told).left === 0,
    },
    world,
  );
}

/** Why that path may not be cleaned on that host, as far as its text tells: links are followed there. */
export function whyNotBelow(path: string, host: SshHost): string | undefined {
  const plain = path.replace(/\/$/, "");
  if (host.cleanPaths.some((base) => plain === base || plain.startsWith(`${base}/`))) return undefined;
  return `${path} is not inside a folder that may be cleaned on ${host.name} (${host.cleanPaths.join(", ") || "none is configured"}).`;
}

function whyNone({ allFiles }: Survey, args: { readonly path: string; readonly max_bytes: number }): string {
  return allFiles === 0
    ? `There is nothing to delete below ${args.path}.`
    : `The oldest files below ${args.path} are larger than ${sayBytes(args.max_bytes)} together: nothing can be deleted within that limit.`;
}

type Survey = {
  readonly machine: string;
  readonly folder: string;
  readonly files: number;
  readonly bytes: number;
  /** Unix seconds with all digits, as text: a number would lose some. */
  readonly upTo: string;
  readonly allFiles: number;
  readonly allBytes: number;
  readonly diskBytes: number;
  readonly freeBytes: number;
  readonly names: readonly string[];
};

async function survey(
  args: { readonly path: string; readonly max_bytes: number },
  host: SshHost,
  names: number,
  before: number,
  signal: AbortSignal,
): Promise<Survey> {
  // Midnight: the same files all day, so that what was shown is what is found at the click.
  const cutoff = Math.floor(before / DAY) * DAY;
  const as = host.sudo === true ? "sudo" : "self";
  const words = [as, args.path, String(cutoff), String(args.max_bytes), String(names), ...host.cleanPaths];
  const { after, output } = readTold(await read(host, LOOK, words, signal));
  const service = `ssh ${host.name}`;
  if (after["entered"] === "1") throw new RefusedError(service, 404, `${args.path} does not exist there`);
  if (after["entered"] === "2")
    throw new RefusedError(service, 403, `${args.path} leads out of the folders that may be cleaned, by a link`);
  if (after["entered"] !== "0") throw new RefusedError(service, 403, `${host.user} may not enter ${args.path}`);
  if (after["find"] !== "gnu") throw new RefusedError(service, 501, "it has no GNU find");
  const [files = 0, bytes = 0] = numbers(after["fits"]);
  const [allFiles = 0, allBytes = 0] = numbers(after["all"]);
  const [diskKb = 0, freeKb = 0] = numbers(after["disk"]);
  const upTo = after["fits"]?.split(" ")[2] ?? "";
  if (files > 0 && !/^\d{1,12}(?:\.\d{1,10})?$/.test(upTo))
    throw new RefusedError(service, 500, "find gave a time that cannot be read");
  return {
    machine: after["machine"] ?? "",
    folder: after["folder"] ?? "",
    files,
    bytes,
    upTo,
    allFiles,
    allBytes,
    diskBytes: diskKb * 1024,
    freeBytes: freeKb * 1024,
    names: output
      .split("\n")
      .filter((line) => line !== "")
      .slice(0, Math.min(names, files)),
  };
}

function counts({ before, after }: Told): { was: number; wasBytes: number; left: number; leftBytes: number } {
  const [was = 0, wasBytes = 0] = numbers(before["left"]);
  const [left = was, leftBytes = wasBytes] = after["left"] === undefined ? [] : numbers(after["left"]);
  return { was, wasBytes, left, leftBytes };
}

function numbers(text: string | undefined): readonly number[] {
  return (text ?? "").split(" ").map(Number).filter(Number.isFinite);
}
