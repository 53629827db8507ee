import { setTimeout as sleep } from "node:timers/promises";
import nock from "nock";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { Run } from "../../src/core/ci/run.ts";
import { tellsPulls } from "../../src/flows/ci/pull.ts";
import { takesRuns } from "../../src/flows/ci.ts";
import { deliver } from "../../src/flows/deliver.ts";
import { checkPulls, pullSender } from "../../src/notifiers/pulls.ts";
import type { Store } from "../../src/ports/store.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { secret } from "../../src/util/secret.ts";
import { RETENTION } from "../contracts/store.ts";
import { FakePulls } from "../fakes/github/pulls.ts";
import { aRun } from "../fakes/runs.ts";

/** Runs of pull requests, from the webhook's flow over the outbox to GitHub: its answers as its documentation has them, with the network shut. */

const API = "https://api.github.com";
const TOKEN = "a-token-of-github";
const PULL = "acme/shop#12";
const SHA = "3f2a91c0aa77113f2a91c0aa77113f2a91c0aa77";
const topic = { branch: "topic", isMain: false, base: "main", pullRequest: 12, commit: SHA } as const;

let github: FakePulls;
let store: Store;
let now = 0;
let count = 0;
let round: () => Promise<number | undefined>;
let outcomes: string[] = [];
beforeEach(() => {
  [github, store, now, count, outcomes] = [new FakePulls(), createMemoryStore({ retention: RETENTION }), 1.79e9, 0, []];
  nock.disableNetConnect();
  for (const method of ["GET", "POST", "PATCH"])
    nock(API, { reqheaders: { authorization: `Bearer ${TOKEN}` } })
      .persist()
      .intercept(/.*/, method)
      .reply(async (asked: Request) => [...github.answer(method, asked.url, await asked.text())]);
  round = () =>
    deliver({
      ...{ outbox: store.outbox, clock: () => now, chance: () => 0, pause: () => sleep(5) },
      sender: pullSender({ url: API, token: secret(TOKEN) }, { clock: () => now }),
      report: ({ outcome, reason = "" }) => outcomes.push(`${outcome} ${reason}`.trim()),
    })(new AbortController().signal);
});
afterEach(() => {
  nock.cleanAll();
  nock.enableNetConnect();
});

type Pulls = Parameters<typeof tellsPulls>[0];

/** `seen`: the store as what tells of pull requests sees it. */
function taking(settings: Partial<Pulls["settings"]> = {}, seen: Pulls["store"] = store) {
  const deps = { store, clock: () => now, troubleOf: () => "both" as const };
  const wanted = { projects: ["acme/*"], comment: true, status: false, ...settings };
  const judged = tellsPulls({ ...deps, store: seen, settings: wanted, wake: () => {} });
  const take = takesRuns({ ...deps, judged, changed: () => {} });
  return (seconds: number, more: Partial<Run> = {}) => {
    now += 3600;
    return take(aRun({ id: `run-${++count}`, startedAt: now - seconds, endedAt: now, ...more }));
  };
}

async function withHistory(tell: ReturnType<typeof taking>, pipeline = "Tests"): Promise<void> {
  for (let i = 0; i < 20; i++) await tell(300 + (i % 5) * 4, { pipeline });
}

it("a pull request has one comment once a pipeline of it is unlike earlier runs, edited with each run", async () => {
  const tell = taking();
  await withHistory(tell);
  await withHistory(tell, "Build");
  github.say(PULL, "Looks good to me.");
  await tell(305, topic);
  await round();
  expect(github.of(PULL)).toHaveLength(1); // nothing to say yet
  expect((await tell(900, { ...topic, url: "https://ci.example/a>b" })).verdict).toBe("fail");
  await round();
  const body = () => github.of(PULL)[1]?.body ?? "";
  expect(body().split("\n").slice(1)).toEqual([
    "**The pipeline of this pull request is unlike earlier runs.**",
    "",
    "- `Tests` · ❌ unlike earlier runs · commit `3f2a91c0aa` · [open the run](<https://ci.example/a%3Eb>)",
    expect.stringMatching(/^ {2}`Unlike earlier runs on main: duration 15 min, usually 4 min 46 s to 5 min 30 s\.`$/),
    "",
    "<sub>Told by SmartCloudOps, and edited with each run.</sub>",
  ]);
  await tell(302, { ...topic, pipeline: "Build" });
  await round();
  expect(body()).toContain(
    "**1 of 2 pipelines of this pull request is unlike earlier runs.**\n\n- `Build` · ✅ as usual",
  );
  await tell(310, topic);
  await round();
  expect(body()).toContain("**No pipeline of this pull request is unlike earlier runs.**");
  expect(github.of(PULL)).toHaveLength(2);
  expect(outcomes).toEqual(["sent", "sent", "sent"]);
});

it("two replicas that judge pipelines of one pull request at one moment leave both in its comment", async () => {
  const tell = taking();
  await withHistory(tell);
  await withHistory(tell, "Build");
  let other: (() => Promise<unknown>) | undefined;
  const slow = taking(undefined, {
    outbox: store.outbox,
    runs: {
      ...store.runs,
      async since(...args) {
        const before = await store.runs.since(...args);
        const meanwhile = other;
        other = undefined;
        await meanwhile?.(); // the other replica is through with its run before this one has put its comment
        return before;
      },
    },
  });
  other = () => tell(900, { ...topic, pipeline: "Build" });
  await slow(900, topic);
  await round();
  expect(github.of(PULL)).toHaveLength(1);
  expect(github.of(PULL)[0]?.body).toContain("**2 of 2 pipelines of this pull request are unlike earlier runs.**");
});

it("what was told twice, cut off or failed is one comment all the same", async () => {
  const tell = taking();
  await withHistory(tell);
  const slow = { ...topic, id: "slow" };
  await tell(900, slow);
  github.cut = 1; // it was done, and nobody heard so
  await round();
  expect(outcomes).toEqual([expect.stringMatching(/^later .*it failed \(502\)/)]);
  now += 60;
  await round();
  await tell(900, slow);
  await round();
  expect(github.of(PULL)).toHaveLength(1);
  expect(github.asked.filter((one) => one.startsWith("POST"))).toHaveLength(1);
});

it("an earlier comment is found also where the outbox forgot it, and never that of somebody who copied it", async () => {
  const tell = taking();
  await withHistory(tell);
  for (let i = 0; i < 130; i++) github.say(PULL, `Remark ${i}`);
  await tell(900, topic);
  await round();
  const ours = github.of(PULL).at(-1);
  github.say(PULL, `${ours?.body} and so it goes`);
  await store.prune(now + 400 * 86_400);
  expect(await store.outbox.fateOf(`ci-pull:${PULL}`)).toBeUndefined();
  await withHistory(tell);
  await tell(960, topic);
  await round();
  expect(ours?.body).toContain("duration 16 min");
  expect(github.of(PULL)).toHaveLength(132);
});

it("names from outside are no markup, mention or reference there", async () => {
  const tell = taking();
  const pipeline = "`x`` @acme/everyone #12 <img src=x> | [a](https://evil.example)";
  await withHistory(tell, pipeline);
  await tell(900, { ...topic, pipeline, branch: "```\u202e@me" });
  await round();
  const [first = "", , , line = ""] = github.of(PULL)[0]?.body.split("\n") ?? [];
  expect(first).toMatch(/^<!-- smartcloudops ci [0-9a-f]{16} -->$/);
  expect(line).toBe(`- \`\`\` ${pipeline} \`\`\` · ❌ unlike earlier runs · commit \`3f2a91c0aa\``);
});

it("a deleted comment stays so, and nothing is told of other projects, main branches and old runs", async () => {
  const tell = taking();
  await withHistory(tell);
  await tell(900, topic);
  await round();
  github.of(PULL).length = 0;
  await tell(950, topic);
  await round();
  expect(github.of(PULL)).toEqual([]);
  expect(outcomes).toEqual(["sent", expect.stringMatching(/^given up .*404/)]);
  const asked = github.asked.length;
  await tell(900, { pullRequest: 12, commit: SHA });
  const other = { ...topic, project: "other/shop" };
  for (let i = 0; i < 10; i++) await tell(300, { ...other, branch: "main", isMain: true });
  await tell(900, other);
  const dots = { ...topic, project: "acme/.." };
  for (let i = 0; i < 10; i++) await tell(300, { ...dots, branch: "main", isMain: true });
  expect((await tell(900, dots)).verdict).toBe("fail");
  now += 2 * 86_400;
  await tell(900, { ...topic, pullRequest: 13, endedAt: now - 86_500, startedAt: now - 88_000 });
  await round();
  expect(github.asked).toHaveLength(asked);
});

it("states of commits say the same, where they are wanted", async () => {
  const tell = taking({ comment: false, status: true });
  await tell(300, topic);
  await withHistory(tell);
  await tell(900, topic);
  await tell(300, topic);
  await tell(300, { ...topic, commit: "3f2a91c" });
  // In an address these dots would be the folder above.
  await tell(300, { ...topic, project: "acme/.." });
  await round();
  expect(github.asked.filter((one) => !one.startsWith("POST /repos/acme/shop/"))).toEqual([]);
  const context = "smartcloudops/Tests";
  expect(github.statuses).toEqual([
    { sha: SHA, state: "success", context, description: expect.stringMatching(/^Not judged\. Too few earlier/) },
    {
      sha: SHA,
      state: "failure",
      context,
      description: expect.stringMatching(/^Unlike earlier runs on main: duration/),
    },
    { sha: SHA, state: "success", context, description: "As usual on main: duration." },
  ]);
  expect(github.of(PULL)).toEqual([]);
});

it("whether the token is taken can be asked", async () => {
  const signal = new AbortController().signal;
  expect(await checkPulls({ url: API, token: secret(TOKEN) }, signal)).toBe("takes the token");
  expect(github.asked).toEqual(["GET /rate_limit"]);
});
