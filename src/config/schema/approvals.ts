import * as z from "zod";
import { duration, flag, group, ids, name, text, whole } from "./parts.ts";

const risk = () => z.enum(["low", "medium", "high", "critical"], "must be low, medium, high or critical");

const rule = () => ({
  approvals: whole(1, 20, "Different people who must approve. Default 1."),
  approvers: ids("Roles whose people may decide. An empty list is nobody. Default: nobody."),
  distinct_groups: ids("Each of these roles must be had by a different one of those who approve. Default: none."),
  four_eyes: flag("Whoever asked for it cannot approve it, nor an account that may be theirs. Default true."),
  approve_within: duration("1m", "14d", "How long it may wait undecided; then it expires. Default 30m."),
  execute_within: duration("10s", "1d", "From approval to start; then it expires. Default 5m."),
  execute_delay: duration("0s", "1h", "Between approval and start: time to press stop. Default 0s; critical 2m."),
  rejects_to_kill: whole(1, 20, "People who must reject it to end it. Default 1."),
  reason: z
    .enum(["optional", "required"], "must be optional or required")
    .optional()
    .describe("Whether approving takes a reason. Default optional; critical required."),
  typed_code: flag("Approving takes the code of the card, typed. Default false; high and critical true."),
});

/** `approvals`: who must agree to what, and when nothing may run. */
export const approvals = () =>
  group({
    default: group(rule()).optional().describe("What goes for every risk."),
    risk: z
      .partialRecord(risk(), group(rule()), "must be a group by risk")
      .optional()
      .describe("What differs for low, medium, high or critical: the same keys as default."),
    raise_risk: z
      .array(
        group({
          when: text("A condition, such as: params.replicas == 0 and target.env == 'production'."),
          to: risk().describe("The risk that it has then at least."),
        }),
        "must be a list",
      )
      .max(100, "must have at most 100 entries")
      .optional()
      .describe("When something is riskier than its runbook says. Default: never."),
    freeze: z
      .array(
        group({
          name: name("How cards call it."),
          tz: text("Zone of its times. Default: timezone.").optional(),
          from: text('"Fri 17:00" for every week, or "2026-12-20 17:00" for once.'),
          to: text("When it ends, written the same way."),
          allow_risk: z
            .array(risk(), "must be a list")
            .optional()
            .describe("Risks that may run nevertheless. Default: none."),
        }),
        "must be a list",
      )
      .max(200, "must have at most 200 entries")
      .optional()
      .describe("When nothing may run."),
    limits: group({
      open_per_thread: whole(1, 100, "Proposals that wait in one thread. Default 3."),
      per_channel_hour: whole(1, 1000, "Proposals in one channel within an hour. Default 10."),
      per_target_hour: whole(1, 1000, "Proposals for one target within an hour. Default 2."),
    }).optional(),
    readers: ids(
      "Roles whose people need no approval for runbooks that only read: diagnostics and logs run when they ask, through the same journal and audit. Default: none, so these too wait for one.",
    ),
    break_glass: group({
      roles: ids("Roles of which one person may approve alone, with a reason. Default: nobody."),
      own: flag("Also what they asked for themselves. Default false."),
    }).optional(),
  }).describe("Who must agree to what, and when nothing may run.");
