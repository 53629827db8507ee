import type { Counter, Histogram, Registry } from "prom-client";
import { CLICKS } from "../core/card.ts";
import { STATUSES } from "../core/proposal.ts";
import { RISKS } from "../core/runbook.ts";
import type { Telemetry } from "./telemetry.ts";

type Parts = {
  readonly Counter: typeof Counter;
  readonly Histogram: typeof Histogram;
  readonly registers: Registry[];
  /** A value that a label may have: words of ours, and `other` for what is one too many. */
  readonly label: (name: string, value: string) => string;
};

/** What is counted of changes to systems: their proposals, and clicks on buttons. */
export function createChangeMetrics({ Counter, Histogram, registers, label }: Parts) {
  const proposals = new Counter({
    name: "smartcloudops_proposals_total",
    help: "Proposals by the status that they came to, and risk.",
    labelNames: ["status", "risk"],
    registers,
  });
  // From 0, so that the first one of its kind is an increase.
  for (const status of STATUSES) for (const risk of RISKS) proposals.inc({ status, risk }, 0);
  const proposalSeconds = new Histogram({
    name: "smartcloudops_proposal_seconds",
    help: "Time from a proposal until it was approved, or decided otherwise; and of a run until it ended.",
    labelNames: ["until"],
    buckets: [1, 5, 15, 60, 300, 900, 1800, 3600, 14_400],
    registers,
  });
  const clicks = new Counter({
    name: "smartcloudops_clicks_total",
    help: "Clicks on buttons by what was clicked and whether they were answered, with a decision or with why not.",
    labelNames: ["decision", "outcome"],
    registers,
  });
  for (const decision of CLICKS)
    for (const outcome of ["answered", "failed"]) clicks.inc({ decision: label("decision", decision), outcome }, 0);
  const clickSeconds = new Histogram({
    name: "smartcloudops_click_seconds",
    help: "Time from a click to its answer.",
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 20],
    registers,
  });

  const moved: Telemetry["moved"] = ({ status, spec, approvedAt, startedAt, endedAt }) => {
    proposals.inc({ status, risk: label("risk", spec.risk) });
    const observe = (until: string, from: number, to: number) =>
      proposalSeconds.observe({ until }, Math.max(0, to - from));
    if (status === "approved" && approvedAt !== undefined) observe("approved", spec.createdAt, approvedAt);
    if (status === "rejected" && endedAt !== undefined) observe("rejected", spec.createdAt, endedAt);
    const isEnd = status === "succeeded" || status === "failed" || status === "partial";
    if (isEnd && startedAt !== undefined && endedAt !== undefined) observe("ended", startedAt, endedAt);
  };
  const clicked: Telemetry["clicked"] = ({ decision, outcome, seconds }) => {
    clicks.inc({ decision: label("decision", decision), outcome });
    clickSeconds.observe(seconds);
  };
  return { moved, clicked };
}
