import { fitsGlob } from "../../util/glob.ts";

/** How receivers are called that nobody reads, such as the one that kube-prometheus-stack routes its Watchdog to. */
const NOBODY = /^(?:.*\/)?(?:null|none|noop|void|blackhole|drop|devnull)$/i;

/**
 * Whether an alert that Alertmanager routes to these receivers is the bot's: one of them is `wanted` (`*` stands for any letters), or, where
 * nothing is said, is not one that nobody reads. An Alertmanager that tells of no receivers tells all.
 */
export function isReceived(receivers: readonly string[] | undefined, wanted: readonly string[] | undefined): boolean {
  if (receivers === undefined || receivers.length === 0) return true;
  return receivers.some((name) =>
    wanted === undefined ? !NOBODY.test(name) : wanted.some((one) => fitsGlob(one, name)),
  );
}
