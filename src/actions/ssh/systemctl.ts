import type { Action } from "../../ports/changes.ts";
import { RefusedError } from "../../util/errors.ts";
import { choose } from "../shared/choose.ts";
import { isAllowed } from "../shared/glob.ts";
import { argumentsOf, entryName, oneOf, unitName } from "../shared/patterns.ts";
import { actionOf, missingRight, type SshWorld } from "./change.ts";
import { HELLO, read } from "./client.ts";
import { readTold, wordOf } from "./once.ts";
import type { SshHost } from "./settings.ts";

const schema = argumentsOf({
  host: entryName.optional(),
  unit: unitName,
  verb: oneOf("restart", "start", "stop", "reload"),
});

const SHOW = `show() { systemctl show --property="$1" --value -- "$2" 2>/dev/null | head -n 1; }`;
const FACTS = `
fact load "$(show LoadState "$1")"
fact active "$(show ActiveState "$1")"
fact sub "$(show SubState "$1")"
fact invocation "$(show InvocationID "$1")"
fact type "$(show Type "$1")"
fact result "$(show Result "$1")"`;

/** Unit, verb, and the state to insist on: an empty invocation means any. */
const EFFECT = {
  helpers: SHOW,
  guard: `
[ "$(show LoadState "$1")" = loaded ] || refuse "there is no unit $1"
now=$(show ActiveState "$1")
[ "$now" = "$3" ] || refuse "$1 is $now now and was $3 when this was shown"
[ -z "$4" ] || [ "$(show InvocationID "$1")" = "$4" ] || refuse "$1 was started again since this was shown"`,
  effect: `rootlimit systemctl --no-ask-password --no-pager "$2" -- "$1"`,
  facts: FACTS,
};

const LOOK = `
set -u
LC_ALL=C; export LC_ALL
echo ${HELLO}
when=after
fact() { n=$1; shift; echo "sco:after:$n $*"; }
${SHOW}
fact machine "$(cat /etc/machine-id 2>/dev/null)"
command -v systemctl >/dev/null 2>&1 || { fact systemd none; exit 0; }
${FACTS}
fact can_reload "$(show CanReload "$1")"
fact with "$(for p in RequiredBy BoundBy ConsistsOf; do show $p "$1"; done | tr "\\n" " ")"
`;

/** `ssh/systemctl`: restarts, starts, stops or reloads a unit, as long as it is in the state that was shown. */
export function systemctl(world: SshWorld): Action {
  return actionOf(
    {
      name: "ssh/systemctl",
      schema,
      hostOf: ({ host }) => {
        const chosen = choose(world.hosts, host, "host");
        return chosen.kind === "entry" ? chosen.entry : chosen.why;
      },
      forbids: ({ unit }, host) =>
        isAllowed(host.units, unit)
          ? undefined
          : `${unit} is none of the units that may be touched on ${host.name} (${host.units.join(", ") || "none is configured"}).`,
      effect: EFFECT,
      words: ({ unit, verb }, _, precondition) => [
        unit,
        verb,
        wordOf(precondition["active"]),
        wordOf(precondition["invocation"]),
      ],
      async look({ unit, verb }, host, signal) {
        const { after } = readTold(await read(host, LOOK, [unit], signal));
        const { machine = "", active = "", sub = "", invocation = "" } = after;
        if (after["systemd"] === "none") throw new RefusedError(`ssh ${host.name}`, 404, "it has no systemctl");
        if (after["load"] !== "loaded")
          throw new RefusedError(`ssh ${host.name}`, 404, `there is no unit ${unit} (${after["load"] ?? "no answer"})`);
        if (verb === "reload" && after["can_reload"] === "no")
          throw new RefusedError(`ssh ${host.name}`, 409, `${unit} cannot be reloaded; it can be restarted`);
        const others = (after["with"] ?? "").split(/\s+/).filter((one) => one !== "");
        return {
          identity: { address: host.address, machine },
          // A unit that is between two attempts to start gets a new invocation every few seconds.
          precondition: { active, ...(active === "activating" ? {} : { invocation }) },
          captured: { active, invocation, undo: undoOf(verb, active) },
          facts: [
            `${unit} on ${host.name} is ${active} (${sub}).`,
            ...(host.sudo === true ? ["It is done by sudo."] : []),
          ],
          blast:
            verb === "reload" || verb === "start" || others.length === 0
              ? { kind: "known", text: `${unit} on ${host.name} alone.` }
              : {
                  kind: "known",
                  text: `${unit} on ${host.name}, and with it ${others.slice(0, 12).join(", ")}${others.length > 12 ? ` and ${others.length - 12} more` : ""}.`,
                },
        };
      },
      simulate: async ({ unit, verb }, host) => ({
        kind: "cannot",
        why: `systemctl has no dry run: whether ${unit} can ${verb} on ${host.name} shows when it does.`,
      }),
      judge({ unit, verb }, host, { exit, before, after, output }) {
        const state = `${unit} on ${host.name} is ${after["active"] ?? "in an unknown state"} (${after["sub"] ?? "?"}) now`;
        if (exit === 124 || exit === 137)
          return { outcome: "unknown", text: `systemctl was cut off at the deadline. ${state}.` };
        if (exit !== 0) {
          const right = missingRight(host, output, commandOf(unit, verb));
          return { outcome: "failed", text: right ?? `systemctl ended with ${exit}. ${state}.` };
        }
        const isUp = after["active"] === "active" || after["active"] === "reloading";
        const isDown = after["active"] === "inactive" || after["active"] === "failed";
        const isNew = after["invocation"] !== before["invocation"];
        // A unit that does its work and ends is down afterwards, and well.
        const isDone = after["type"] === "oneshot" && after["result"] === "success";
        if (isDone && verb !== "stop" && verb !== "reload")
          return { outcome: "succeeded", text: `${unit} on ${host.name} did its work and ended.` };
        if (verb === "stop" ? !isDown : verb === "restart" ? isDown || !isNew : isDown)
          return {
            outcome: "failed",
            text: `systemctl reported no error, yet ${state}${isUp && !isNew ? " and was not started anew" : ""}.`,
          };
        return { outcome: "succeeded", text: `${state}.` };
      },
      isSeen: ({ verb }, { before, after }) => {
        if (verb === "stop") return after["active"] === "inactive" && before["active"] !== "inactive";
        const isNew = (before["invocation"] ?? "") !== (after["invocation"] ?? "") && after["invocation"] !== "";
        return verb !== "reload" && isNew && after["active"] === "active";
      },
    },
    world,
  );
}

/** What sudoers has to allow, as one line of it names it. */
export function commandOf(unit: string, verb: string): string {
  return `systemctl --no-ask-password --no-pager ${verb} -- ${unit}`;
}

/** The verb that leads back to the state it was in. */
function undoOf(verb: "restart" | "start" | "stop" | "reload", active: SshHost["name"]): string {
  if (verb === "stop") return active === "active" ? "start" : "stop";
  if (verb === "start") return active === "active" ? "start" : "stop";
  return "restart";
}
