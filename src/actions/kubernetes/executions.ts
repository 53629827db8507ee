import { EXECUTION, EXECUTIONS } from "./objects.ts";

/** Which of this bot's changes an object has had, as its annotations tell: another change since must not hide an earlier one. */

type Annotations = Readonly<Record<string, string>>;

/** So many keys are kept on an object, and at least those of this many seconds tell: a probe asks within six days. */
const KEPT = 20;
const TOLD_SECONDS = 7 * 86_400;

/** Keys of its changes, newest first, with their times in unix seconds; 0 where none was noted. */
function executionsOf(annotations: Annotations): readonly { readonly key: string; readonly at: number }[] {
  const noted = (annotations[EXECUTIONS] ?? "").split(" ").flatMap((entry) => {
    const [, key, at] = /^([A-Za-z0-9._-]{8,128})@(\d{1,12})$/.exec(entry) ?? [];
    return key === undefined ? [] : [{ key, at: Number(at) }];
  });
  const last = annotations[EXECUTION];
  return last === undefined || noted.some(({ key }) => key === last) ? noted : [{ key: last, at: 0 }, ...noted];
}

/** True when the object has had the change of that key. */
export function hasExecution(annotations: Annotations, key: string): boolean {
  return executionsOf(annotations).some((one) => one.key === key);
}

/** True when so many changes came since that the key of one of the last days may have been dropped. `now` is unix seconds. */
export function mayHaveDropped(annotations: Annotations, now: number): boolean {
  const all = executionsOf(annotations);
  return all.length >= KEPT && (all.at(-1)?.at ?? 0) > now - TOLD_SECONDS;
}

/** The annotations that a change of that key leaves. */
export function marksOf(annotations: Annotations, key: string, now: number): Readonly<Record<string, string>> {
  const all = [{ key, at: Math.floor(now) }, ...executionsOf(annotations).filter((one) => one.key !== key)];
  return {
    [EXECUTION]: key,
    [EXECUTIONS]: all
      .slice(0, KEPT)
      .map((one) => `${one.key}@${one.at}`)
      .join(" "),
  };
}
