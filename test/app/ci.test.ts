import { createHmac } from "node:crypto";
import { expect, it } from "vitest";
import { createCi } from "../../src/app/ci.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { createLog } from "../../src/util/log.ts";
import { secret } from "../../src/util/secret.ts";
import { RETENTION } from "../contracts/store.ts";
import { workflowRun } from "../fakes/github/webhooks.ts";

const KEY = "it-is-a-secret";
const NOW = 1_790_001_000;

it("takes runs of its own pipelines for deployments as the configuration says, and never those of strangers' pull requests", async () => {
  const store = createMemoryStore({ retention: RETENTION });
  const deploy = { project: "acme/*", pipeline: "Deploy*", service: "shop", environment: "production" };
  const tagged = { ...deploy, branch: "v*", environment: "canary" };
  const ci = { secret: secret(KEY), deploys: [deploy, tagged], numbers: {}, teams: new Map() };
  const desk = createCi({ ci, timezone: "UTC" } as unknown as Parameters<typeof createCi>[0], {
    ...{ store, clock: () => NOW, show: async () => {} },
    log: createLog({ level: "error", secrets: [] }),
  });
  const post = async (run: object) => {
    const body = Buffer.from(JSON.stringify(workflowRun({}, { name: "Deploy", ...run })));
    const signature = `sha256=${createHmac("sha256", KEY).update(body).digest("hex")}`;
    const headers = { "x-github-event": "workflow_run", "x-hub-signature-256": signature };
    const request = {
      method: "POST",
      path: "/webhooks/ci",
      query: new URLSearchParams(),
      remoteAddress: "203.0.113.9",
    };
    const signal = new AbortController().signal;
    return desk.routes[0]!.handle({ ...request, headers, body, signal } as never);
  };
  expect((await post({ id: 1 })).status).toBe(200);
  await post({ id: 2, head_repository: { full_name: "mallory/shop" } });
  await post({ id: 3, head_repository: null });
  expect(await store.runs.since(0, 9)).toHaveLength(3);
  const deployed = await store.runs.since(0, 9, { deploying: true });
  expect(deployed).toMatchObject([{ id: "github/1/1", deploys: { service: "shop", version: "3f2a91c0aa77" } }]);
  // Without a branch, only the main one deploys; a tag is one too.
  await post({ id: 4, head_branch: "topic" });
  await post({ id: 5, head_branch: "v2.4.0" });
  const after = await store.runs.since(0, 9, { deploying: true });
  expect(after.map(({ id, deploys }) => [id, deploys?.environment]).sort()).toEqual([
    ["github/1/1", "production"],
    ["github/5/1", "canary"],
  ]);
});
