import { fold } from "../language/normalise.ts";

const STOP =
  /^(?:please |bitte )?(?:emergency[- ]stop|not-?(?:aus|halt)|notstopp|arret d'urgence|parada de emergencia|stop (?:all|every|any) changes?|stop everything)\b[\s,.!:-]*/;

/** "emergency stop: the rollout goes wrong" -> why; undefined for anything else. Stopping is always safe, so text may do it. */
export function readStop(text: string): { readonly reason: string } | undefined {
  const trimmed = text.trim().slice(0, 600);
  const found = STOP.exec(fold(trimmed).replaceAll("’", "'"));
  return found === null ? undefined : { reason: trimmed.slice(found[0].length).slice(0, 500) };
}
