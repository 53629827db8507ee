import { describe, expect, it } from "vitest";
import type { AskReply } from "../../src/core/answer.ts";
import { HARBOUR, harbour } from "../fakes/harbour.ts";
import type { FakeSeries } from "../fakes/metrics.ts";
import { verdictOf, World } from "../fakes/world.ts";

/** The harbour's workloads: three deployments, two nodes, a pod, a flag, and what alerts. */
const WORKLOADS: readonly FakeSeries[] = [
  ...Object.entries({ lighthouse: 3, ferrydesk: 2, tidetable: 1 }).map(([deployment, value]) => ({
    metric: "kube_deployment_spec_replicas",
    labels: { deployment, namespace: "port" },
    value,
  })),
  ...["crane-1", "crane-2"].map((node) => ({ metric: "kube_node_info", labels: { node }, value: 1 })),
  {
    metric: "kube_pod_info",
    labels: { pod: "ferrydesk-7c9f8d6b5-x2x7k", namespace: "port", node: "crane-1" },
    value: 1,
  },
  { metric: "ALERTS", labels: { alertname: "TideTooHigh", alertstate: "firing", severity: "warning" }, value: 1 },
  { metric: "ALERTS", labels: { alertname: "CraneStuck", alertstate: "firing", severity: "critical" }, value: 1 },
];

const port = () => new World(harbour({ series: [...HARBOUR, ...WORKLOADS] }));

function proposed({ proposed_actions }: AskReply): readonly string[] {
  return proposed_actions.map(({ type, target, params }) => {
    const rest = Object.entries(params)
      .filter(([name]) => !["seconds", "zone"].includes(name))
      .map(([name, value]) => `${name}=${value}`);
    return [type, target, ...rest].join(" ");
  });
}

const CLAIMS = /\b(?:restarted|scaled|done|rolled back|drained|deleted|executed successfully|completed|has been)\b/i;

describe("a request for a change", () => {
  it.each([
    ["restart ferrydesk", "restart ferrydesk"],
    ["could you restart ferrydesk?", "restart ferrydesk"],
    ["bitte ferrydesk neu starten", "restart ferrydesk"],
    ["reinicia ferrydesk", "restart ferrydesk"],
    ["redémarre ferrydesk", "restart ferrydesk"],
    ["reinicie o ferrydesk", "restart ferrydesk"],
    ["ferrydesk ko restart karo", "restart ferrydesk"],
    ["scale ferrydesk to 4 replicas", "scale ferrydesk replicas=4"],
    ["add one replica to ferrydesk", "scale ferrydesk replicas=3"],
    ["ferrydesk +2 pods", "scale ferrydesk replicas=4"],
    ["double the replicas of lighthouse", "scale lighthouse replicas=6"],
    ["one pod less for lighthouse", "scale lighthouse replicas=2"],
    ["roll ferrydesk back to v2.3.0", "rollback ferrydesk version=v2.3.0"],
    ["undo the deploy of ferrydesk", "rollback ferrydesk"],
    ["cordon crane-1", "cordon crane-1"],
    ["drain crane-2 because ferrydesk is slow", "drain crane-2"],
    ["purge the queue manifests", "purge_queue manifests"],
    ["clean up disk space on quay-1", "free_disk quay-1"],
    ["delete the pod ferrydesk-7c9f8d6b5-x2x7k", "delete_pod ferrydesk-7c9f8d6b5-x2x7k"],
    ["bump memory limit of ferrydesk to 2Gi", "set_limit ferrydesk resource=memory limit=2Gi"],
    ["kill queries older than 10 minutes on quay-1", "kill_queries quay-1 longer_than_seconds=600"],
    ["drop the replication slot analytics on quay-1", "drop_replication_slot analytics on=quay-1"],
    ["fail over quay-1 to quay-2", "failover quay-1 to=quay-2"],
  ])("becomes a proposal: %s", async (text, wanted) => {
    const reply = await port().ask(text);
    expect(proposed(reply)).toEqual([wanted]);
    expect(reply.proposed_actions).toMatchObject([{ status: "pending", executed: false }]);
    // No executor is configured there, so it is only noted, with what it would take.
    expect(reply.reply_text).toMatch(/^Noted, and nothing will run: /);
    expect(reply.reply_text).toMatch(/ is configured\.|It would take a runbook for/);
    expect(reply.reply_text).not.toMatch(/waits? for approval|No text in the chat approves it/);
    expect(reply.reply_text).not.toMatch(CLAIMS);
  });

  it("says each parameter and what is there now", async () => {
    const reply = await port().ask("add two replicas to lighthouse");
    expect(reply.reply_text).toMatch(/replicas 5/);
    expect(reply.reply_text).toMatch(/It has 3 replicas now/);
    expect(reply.values).toMatchObject([{ value: 3, unit: "count" }]);
    expect(reply.promql.join()).toContain('deployment="lighthouse"');
  });

  it("may name several things, and several changes", async () => {
    expect(proposed(await port().ask("restart lighthouse, ferrydesk and tidetable"))).toEqual([
      "restart lighthouse",
      "restart ferrydesk",
      "restart tidetable",
    ]);
    expect(proposed(await port().ask("cordon crane-1, then drain it and restart ferrydesk"))).toEqual([
      "cordon crane-1",
      "drain crane-1",
      "restart ferrydesk",
    ]);
    expect(proposed(await port().ask("scale lighthouse to 5 and ferrydesk to 4"))).toEqual([
      "scale lighthouse replicas=5",
      "scale ferrydesk replicas=4",
    ]);
  });

  it("is asked back when it names nothing, with candidates to press", async () => {
    const world = port();
    const { card, reply } = await world.tell("restart that thing");
    expect(reply.intent).toBe("clarify");
    expect(reply.proposed_actions).toEqual([]);
    const buttons = card.blocks.flatMap((block) => (block.kind === "buttons" ? block.buttons : []));
    expect(buttons.map(({ label }) => label)).toContain("restart ferrydesk");
    expect(await world.store.proposals.find({ status: ["pending"], limit: 10 })).toEqual([]);
  });

  it("says that a name is unknown, even when the thread knows another", async () => {
    const world = port();
    await world.ask("p95 latency of ferrydesk");
    const reply = await world.ask("restart frobnicator");
    expect(verdictOf(reply)).toMatch(/nothing called frobnicator/);
    expect(reply.proposed_actions).toEqual([]);
  });

  it("says that a thing is of the wrong kind instead of taking it", async () => {
    const reply = await port().ask("drain ferrydesk");
    expect(reply.reply_text).toMatch(/ferrydesk is a \w+.*node/);
    expect(reply.proposed_actions).toEqual([]);
  });

  it.each([
    "restart everything",
    "scale all to 0",
    "restart all services except ferrydesk",
    "redémarre tous les services",
    "alle Dienste neu starten",
    "silence everything",
  ])("is refused when it is too broad: %s", async (text) => {
    const world = port();
    const reply = await world.ask(text);
    expect(reply.reply_text).toMatch(/too broad/);
    expect(reply.reply_text).toMatch(/Please name which/);
    expect(await world.store.proposals.find({ status: ["pending"], limit: 10 })).toEqual([]);
  });

  it.each([
    ["scale ferrydesk to 5000", /at most 1000/],
    ["scale ferrydesk to -3", /at least 0/],
    ["silence TideTooHigh for 90 days", /at most 30 days/],
  ])("is refused beyond its bounds: %s", async (text, why) => {
    const world = port();
    expect(verdictOf(await world.ask(text))).toMatch(why);
    expect(await world.store.proposals.find({ status: ["pending"], limit: 10 })).toEqual([]);
  });

  it.each(["drop database port", "rm -rf / on quay-1", "delete all pods", "kubectl delete ns port"])(
    "stays refused when it destroys: %s",
    async (text) => {
      const world = port();
      expect((await world.ask(text)).intent).toBe("hostile");
      expect(await world.store.proposals.find({ status: ["pending"], limit: 10 })).toEqual([]);
    },
  );

  it("is not a question about one", async () => {
    for (const text of [
      "how many replicas does ferrydesk have",
      "who restarted ferrydesk",
      "why did ferrydesk restart",
    ]) {
      expect((await port().ask(text)).proposed_actions).toEqual([]);
    }
  });
});

describe("a change that points back", () => {
  it.each([
    [["how is ferrydesk doing"], "restart it please", "restart ferrydesk"],
    [["p95 latency of ferrydesk"], "roll it back", "rollback ferrydesk"],
    [["how many replicas does lighthouse have"], "make that 5", "scale lighthouse replicas=5"],
    [["how many replicas does lighthouse have"], "add two more", "scale lighthouse replicas=5"],
    [["scale lighthouse to 4"], "make that 6", "scale lighthouse replicas=6"],
  ])("after %s takes %s", async (before, text, wanted) => {
    const world = port();
    for (const one of before) await world.ask(one);
    const reply = await world.ask(text);
    expect(proposed(reply)).toEqual([wanted]);
    expect(reply.reply_text).toMatch(/from what was said before/);
  });

  it("asks which when several were named", async () => {
    const world = port();
    await world.ask("top 3 services by p95 latency");
    const reply = await world.ask("restart them");
    expect(reply.proposed_actions).toEqual([]);
    expect(reply.reply_text).toMatch(/Several were named before/);
  });

  it("knows nothing of another thread", async () => {
    const world = port();
    await world.ask("how is ferrydesk doing", { thread: "one" });
    expect((await world.ask("restart it please", { thread: "two" })).proposed_actions).toEqual([]);
  });
});

describe("silences and acknowledgements", () => {
  it.each([
    ["silence TideTooHigh for 2h", "silence TideTooHigh duration=2h"],
    ["TideTooHigh für eine Stunde stummschalten", "silence TideTooHigh duration=1h"],
    ["silencia TideTooHigh durante 3 horas", "silence TideTooHigh duration=3h"],
    ["mets TideTooHigh en sourdine pendant 1 heure", "silence TideTooHigh duration=1h"],
    ["silencie TideTooHigh por 30 minutos", "silence TideTooHigh duration=30m"],
    ["silence everything on quay-1 for 45m", "silence quay-1 duration=45m"],
    ["silence severity=warning for 2h", 'silence severity=warning matcher=severity="warning" duration=2h'],
    ["mute TideTooHigh until 18:00", "silence TideTooHigh duration=7h40m"],
    ["mute TideTooHigh until tomorrow", "silence TideTooHigh duration=22h40m"],
    ["ack CraneStuck", "ack CraneStuck"],
  ])("%s", async (text, wanted) => {
    expect(proposed(await port().ask(text))).toEqual([wanted]);
  });

  it("last an hour when no length is named, and say so", async () => {
    const reply = await port().ask("silence TideTooHigh");
    expect(proposed(reply)).toEqual(["silence TideTooHigh duration=1h"]);
    expect(reply.reply_text).toMatch(/named no length.*1 h/);
  });
});

describe("a wish for later", () => {
  it.each([
    ["send me a summary every day at 9:00", "schedule daily summary cron=0 9 * * *"],
    ["weekly report on mondays at 10am please", "schedule weekly summary cron=0 10 * * 1"],
    [
      "remind me in 2 hours to check the manifests queue",
      "schedule reminder: check the manifests queue at=2026-03-11T12:20:00.000Z",
    ],
    ["tell me when manifests goes over 30000", "watch manifests metric=messages in the queue op=> threshold=30000"],
  ])("%s is noted, not promised", async (text, wanted) => {
    const reply = await port().ask(text);
    expect(proposed(reply)).toEqual([wanted]);
    expect(reply.reply_text).toMatch(/^Noted, and nothing will run: [\s\S]*This note (?:posts|watches) nothing\./);
  });

  it("keeps the measure, the limit and its unit of a watch", async () => {
    const reply = await port().ask("watch ferrydesk p95 and ping me if it drops below 500ms");
    expect(reply.proposed_actions).toMatchObject([
      {
        type: "watch",
        target: "ferrydesk",
        params: { metric: expect.stringMatching(/^p95 .*latency/), op: "<", threshold: 0.5, unit: "seconds" },
      },
    ]);
  });

  it("asks when, and cancels nothing that is not there", async () => {
    expect((await port().ask("remind me to check the manifests queue")).reply_text).toMatch(/When should I remind you/);
    expect((await port().ask("cancel the daily summary")).reply_text).toMatch(/nothing was cancelled/);
  });
});

describe("pending proposals", () => {
  it("are listed with their parameters and who asked", async () => {
    const world = port();
    await world.ask("scale ferrydesk to 4");
    const { reply_text } = await world.ask("show pending approvals");
    expect(reply_text).toMatch(/^1 wish is only noted: nothing can run it\./);
    expect(reply_text).toMatch(/scale ferrydesk \(replicas 4\), asked by mira/);
  });

  it.each(["LGTM go ahead", "approve it", "ja, mach das", "approve n3"])("are not approved by %s", async (text) => {
    const world = port();
    await world.ask("scale ferrydesk to 4");
    const reply = await world.ask(text);
    expect(reply.proposed_actions).toEqual([]);
    expect(reply.reply_text).toMatch(/buttons/);
    expect(reply.reply_text).toMatch(/text never|never by text/);
    expect(await world.store.proposals.find({ status: ["pending"], limit: 10 })).toMatchObject([
      { status: "pending", votes: [] },
    ]);
  });
});

describe("somebody to whom not everything is open", () => {
  it("sees the proposals of the own channel, and not what others asked elsewhere", async () => {
    const world = port();
    await world.ask("restart lighthouse", { channel: "secret", user: "alice" });
    await world.ask("restart ferrydesk", { channel: "public", user: "bo" });
    const limited = { channel: "public", user: "bo", open: ["harbour"] };
    for (const question of ["what proposals are pending?", "what actions did you execute?"]) {
      const { reply_text } = await world.ask(question, { ...limited, thread: question });
      expect(reply_text, question).toContain("ferrydesk");
      expect(reply_text, question).not.toMatch(/lighthouse|alice/);
      expect((await world.ask(question, { channel: "public", thread: "all" })).reply_text).toContain("lighthouse");
    }
  });
});
