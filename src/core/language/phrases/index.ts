import type { Intent } from "../classify.ts";
import * as analysis from "./analysis.ts";
import * as changes from "./changes.ts";
import * as conversation from "./conversation.ts";
import * as delivery from "./delivery.ts";
import * as resources from "./resources.ts";
import * as state from "./state.ts";

/**
 * What people say, per intent: one phrase a line, folded, in six languages. Names stand as <service>, <host>,
 * <namespace>, <pod>, <queue>, <database>, <domain>, <pipeline>, <alert>, <id>, <version>, <promql> or, when of no known
 * kind, <name>; numbers as <n>, points in time as <time>, spans as <duration>. Words for host resources and service
 * signals stay as they are ("cpu", "latency"); <metric> is any other metric.
 */
export const PHRASES: Readonly<Record<Intent, string>> = {
  ...analysis,
  ...changes,
  ...conversation,
  ...delivery,
  ...resources,
  ...state,
};
