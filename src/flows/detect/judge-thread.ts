import { createJudge } from "./judging.ts";

/** The judge as a thread runs it: each export is a call, with one argument that can be copied. */

const judge = createJudge();

export const { load, feed, drop } = judge;

export function states({ version, dropped }: { readonly version: string; readonly dropped: readonly string[] }) {
  return judge.states(version, dropped);
}
