import { describe, expect, it } from "vitest";
import { proposalCard } from "../../../src/cards/proposal-card.ts";
import { plainText } from "../../../src/core/card.ts";
import type { Need } from "../../../src/core/need.ts";
import { hashOf, type Proposal } from "../../../src/core/proposal.ts";
import { again, undoByItself } from "../../../src/flows/remedy/again.ts";
import { change } from "../../../src/flows/remedy/change.ts";
import { execute } from "../../../src/flows/remedy/execute.ts";
import { propose } from "../../../src/flows/remedy/propose.ts";
import { show } from "../../../src/flows/remedy/show.ts";
import { canonicalJson } from "../../../src/util/canonical.ts";
import { anEntry, ann, aVote, bob, THREAD } from "../../fakes/proposals.ts";
import { aPolicy, aRunbook, Clinic } from "../../fakes/remedy.ts";

const SIGNAL = new AbortController().signal;
const CONTEXT = { zone: "UTC", mode: "act", isStopped: false } as const;

function aNeed(more: Partial<Need> = {}): Need {
  return {
    action: { type: "restart", target: "checkout", params: {} },
    kinds: ["deployment"],
    values: {
      name: { value: "checkout", origin: "user" },
      namespace: { value: "shop", origin: "label" },
      somethingElse: { value: "x", origin: "user" },
    },
    environment: "production",
    source: undefined,
    requester: ann,
    places: [THREAD],
    cause: { kind: "ask", text: "restart checkout" },
    facts: [],
    ...more,
  };
}

async function proposed(clinic: Clinic, need: Need = aNeed()): Promise<Proposal> {
  const made = await propose(clinic.deps, need, SIGNAL);
  if (made.kind !== "proposed") throw new Error(made.kind === "refused" ? made.reason : made.text);
  return made.proposal;
}

async function refusal(clinic: Clinic, need: Need = aNeed()): Promise<string> {
  const made = await propose(clinic.deps, need, SIGNAL);
  return made.kind === "refused" ? made.reason : made.kind;
}

describe("a need", () => {
  it("becomes a frozen proposal of the runbook that fits, with what each value came from", async () => {
    const clinic = new Clinic();
    const { spec, hash, status } = await proposed(clinic);
    expect(status).toBe("pending");
    expect(hash).toBe(hashOf(spec));
    expect(spec).toMatchObject({
      runbook: { id: "restart-deployment" },
      params: { name: { value: "checkout", origin: "user" }, namespace: { value: "shop", origin: "label" } },
      target: { key: "kubernetes:prod/shop/deployment/checkout" },
      steps: [{ uses: "kubernetes/restart", with: { namespace: "shop", kind: "deployment", name: "checkout" } }],
      looks: [{ identity: { uid: "6f0c" }, precondition: { generation: 17 } }],
      requester: { person: "ann" },
    });
    expect(clinic.hands.effects).toEqual([]);
    expect(await clinic.trail()).toEqual(["propose:  -> pending"]);
  });

  it("that is open already is the same proposal, and no second one", async () => {
    const clinic = new Clinic();
    const first = await proposed(clinic);
    expect(await propose(clinic.deps, aNeed({ requester: bob }), SIGNAL)).toMatchObject({
      kind: "proposed",
      isNew: false,
      proposal: { id: first.id },
    });
  });

  it("that comes again from another channel is shown there too, on a card that follows the first", async () => {
    const clinic = new Clinic();
    const first = await proposed(clinic);
    const place = { platform: "teams", channel: "19:abc", thread: "1" };
    const again = await propose(clinic.deps, aNeed({ requester: bob, places: [place] }), SIGNAL);
    expect(again).toMatchObject({ isNew: false, alsoHere: true, proposal: { id: first.id, places: [THREAD, place] } });
    // Neither in another thread of the same channel, nor twice, nor at a terminal, which nobody posts to.
    for (const other of [{ ...THREAD, thread: "2" }, place, { platform: "terminal", channel: "ann", thread: "1" }])
      expect(await propose(clinic.deps, aNeed({ places: [other] }), SIGNAL)).not.toHaveProperty("alsoHere");
    expect((await clinic.get(first.id)).places).toEqual([THREAD, place]);
    const titles = async (): Promise<readonly string[]> => {
      await show({ ...clinic.deps, cardOf: () => ({ ...CONTEXT, now: clinic.now }), wake: () => {} });
      const found = await Promise.all(["slack", "teams"].map((one) => clinic.store.outbox.due(one, clinic.now, 9)));
      for (const { id } of found.flat()) await clinic.store.outbox.sent(id, `sent ${id}`, clinic.now);
      return found.flat().map(({ id, edits, card }) => `${edits ?? id}: ${card.title}`);
    };
    expect(await titles()).toEqual([
      `proposal:${first.id}:0: Proposed: Restart a deployment: shop/checkout`,
      `proposal:${first.id}:1: Proposed: Restart a deployment: shop/checkout`,
    ]);
    await change(clinic.deps, first.id, { kind: "withdraw", reason: "the alert cleared" });
    expect(await titles()).toEqual([
      `proposal:${first.id}:0: Withdrawn: Restart a deployment: shop/checkout`,
      `proposal:${first.id}:1: Withdrawn: Restart a deployment: shop/checkout`,
    ]);
    expect(await clinic.trail()).toContain("place: pending -> pending");
  });

  it("that comes again about another source shows nothing of the first one's", async () => {
    const clinic = new Clinic();
    const first = await proposed(clinic);
    const place = { platform: "slack", channel: "C2", thread: "1" };
    await propose(clinic.deps, aNeed({ source: "elsewhere", places: [place] }), SIGNAL);
    expect((await clinic.get(first.id)).places).toEqual([THREAD]);
  });

  it("that no runbook fits, or no executor can carry out, is written down and can never be approved", async () => {
    const clinic = new Clinic();
    const wish = await proposed(clinic, aNeed({ action: { type: "failover", target: "db", params: {} } }));
    expect(wish.spec.runbook).toBeUndefined();
    expect(wish.facts).toEqual([
      'It would take a runbook for failover of a deployment (`matches: {asks: [{verb: failover, kinds: [deployment]}]}`): see "Writing a runbook" in the README.',
    ]);
    const bare = new Clinic({ actions: [] });
    const without = await proposed(bare);
    expect(without.spec.steps).toEqual([]);
    expect(without.facts.join()).toContain("no executor for kubernetes/restart is configured");
    const card = proposalCard(without, { ...CONTEXT, now: bare.now });
    expect(JSON.stringify(card)).not.toContain('"approve"');
    expect(card.title).toBe("Noted, and nothing will run: restart checkout");
  });

  it.each([
    [
      "a value that its parameter does not allow",
      aNeed({
        values: { name: { value: "a; rm -rf /", origin: "user" }, namespace: { value: "shop", origin: "label" } },
      }),
      /name/,
    ],
    [
      "a value that begins with a dash",
      aNeed({ values: { name: { value: "-rf", origin: "user" }, namespace: { value: "shop", origin: "label" } } }),
      /name/,
    ],
    ["a missing value", aNeed({ values: { name: { value: "checkout", origin: "user" } } }), /namespace/],
    [
      "an origin that the runbook does not take",
      aNeed({ values: { name: { value: "checkout", origin: "user" }, namespace: { value: "shop", origin: "model" } } }),
      /namespace/,
    ],
    [
      "what the executor refuses",
      aNeed({ values: { name: { value: "wrong", origin: "user" }, namespace: { value: "shop", origin: "label" } } }),
      /name must not be wrong/,
    ],
    ["a runbook that does not exist", aNeed({ runbook: "none" }), /There is no runbook none/],
  ])("with %s is refused in words", async (_, need, why) => {
    const clinic = new Clinic();
    expect(await refusal(clinic, need)).toMatch(why);
    expect(await clinic.store.proposals.find({ limit: 9 })).toEqual([]);
  });

  it("whose target cannot be looked at is refused, and nothing is guessed", async () => {
    const clinic = new Clinic();
    clinic.hands.action().look = () => Promise.reject(new Error("connection refused"));
    expect(await refusal(clinic)).toBe("Restart a deployment cannot be proposed: connection refused");
  });

  it("of a runbook that is a draft or out of use is not made", async () => {
    const clinic = new Clinic();
    clinic.runbooks[0] = aRunbook({ state: "draft" });
    expect((await proposed(clinic)).spec.runbook).toBeUndefined();
    expect(await refusal(clinic, aNeed({ runbook: "restart-deployment" }))).toContain("is draft");
  });

  it("is only noted where the bot observes", async () => {
    const clinic = new Clinic();
    clinic.policy = aPolicy({ modes: { default: "observe" } });
    expect(await propose(clinic.deps, aNeed(), SIGNAL)).toEqual({
      kind: "observed",
      text: "Restart a deployment: shop/checkout",
    });
    expect(await clinic.store.proposals.find({ limit: 9 })).toEqual([]);
    expect(await clinic.trail()).toEqual(["observe:  -> "]);
  });

  it("is refused while something runs on its target, within the cooldown, and when there are too many", async () => {
    const clinic = new Clinic();
    const first = await clinic.approved(await unstored(clinic));
    const executing = execute(clinic.deps);
    await executing.round(SIGNAL);
    await executing.idle();
    expect((await clinic.get(first.id)).status).toBe("succeeded");
    clinic.policy = aPolicy({ limits: { openPerThread: 9, perChannelHour: 9, perTargetHour: 9 } });
    expect(await refusal(clinic)).toContain("its cooldown lasts");
    clinic.now += 700;
    const next = await proposed(clinic);
    await clinic.store.proposals.replace({ ...next, revision: 2, status: "unknown" }, [anEntry()]);
    expect(
      await refusal(clinic, aNeed({ values: { ...aNeed().values, name: { value: "checkout", origin: "label" } } })),
    ).toContain("is unknown on shop/checkout");
  });

  it("is refused when its thread has too many open", async () => {
    const clinic = new Clinic();
    for (const name of ["a", "b", "c"])
      await proposed(clinic, aNeed({ values: { ...aNeed().values, name: { value: name, origin: "user" } } }));
    expect(await refusal(clinic)).toContain("3 is the most");
  });
});

/** A proposal as it would be stored, for one that is put there approved. */
async function unstored(clinic: Clinic): Promise<Proposal> {
  const other = new Clinic();
  const made = await proposed(other);
  const spec = { ...made.spec, id: "p1", rule: clinic.policy.rules.medium, verify: undefined };
  return { ...made, id: "p1", spec, hash: hashOf(spec) };
}

describe("its card", () => {
  it("shows every argument of every step whole, byte for byte", async () => {
    const clinic = new Clinic();
    const made = await proposed(clinic);
    const text = plainText(proposalCard(made, { ...CONTEXT, now: clinic.now }));
    for (const { uses, with: args } of made.spec.steps) expect(text).toContain(`${uses} ${canonicalJson(args)}`);
    for (const part of ["3 pods of shop/checkout", "Ann", "1 of oncall", "medium"]) expect(text).toContain(part);
  });

  it("is posted once in its place, and edited after that", async () => {
    const clinic = new Clinic();
    const made = await proposed(clinic);
    const deps = {
      ...clinic.deps,
      cardOf: () => ({ ...CONTEXT, now: clinic.now }),
      wake: () => {},
    };
    await show(deps);
    await show(deps);
    const { proposals, outbox } = clinic.store;
    const [posted, ...more] = await outbox.due("slack", clinic.now, 9);
    expect(posted).toMatchObject({ id: `proposal:${made.id}:0`, place: THREAD });
    expect(more).toEqual([]);
    await outbox.sent(posted!.id, "C1/1.1", clinic.now);
    await proposals.replace({ ...made, revision: 2, status: "rejected" }, [anEntry()]);
    await show(deps);
    expect(await outbox.due("slack", clinic.now, 9)).toMatchObject([
      { edits: `proposal:${made.id}:0`, card: { title: expect.stringContaining("Rejected") } },
    ]);
  });
});

describe("a proposal that cannot be shown", () => {
  it("does not keep the others from it", async () => {
    const clinic = new Clinic();
    const broken = await proposed(clinic);
    const good = await proposed(
      clinic,
      aNeed({ values: { ...aNeed().values, name: { value: "basket", origin: "user" } } }),
    );
    const cardOf = ({ id }: Proposal) => {
      if (id === broken.id) throw new Error("no card");
      return { ...CONTEXT, now: clinic.now };
    };
    await show({ ...clinic.deps, cardOf, wake: () => {} });
    expect(await clinic.store.outbox.due("slack", clinic.now, 9)).toMatchObject([{ id: `proposal:${good.id}:0` }]);
    expect(clinic.said).toEqual(["a proposal could not be shown"]);
  });
});

describe("the way back", () => {
  const reversible = () =>
    aRunbook({
      rollback: {
        auto: false,
        steps: [
          {
            name: "put it back",
            uses: "kubernetes/restart",
            with: { namespace: "shop", kind: "deployment", name: "back-{{ captured.replicas }}" },
          },
        ],
      },
    });

  it("is a proposal of its own with what was read before, once, under a vote of its own", async () => {
    const clinic = new Clinic();
    clinic.runbooks[0] = reversible();
    const made = await proposed(clinic);
    await clinic.store.proposals.replace({ ...made, revision: 2, status: "succeeded" }, [anEntry()]);
    const back = await again(clinic.deps, await clinic.get(made.id), { kind: "undo" }, bob, SIGNAL);
    if ("reason" in back) throw new Error(back.reason);
    expect(back.proposal).toMatchObject({
      status: "pending",
      votes: [],
      spec: {
        cause: { kind: "rollback", undoes: made.id },
        steps: [{ with: { name: "back-3" } }],
        requester: { person: "bob" },
      },
    });
    expect((await clinic.get(made.id)).successor).toBe(back.proposal.id);
    expect(await again(clinic.deps, await clinic.get(made.id), { kind: "undo" }, bob, SIGNAL)).toMatchObject({
      reason: expect.stringContaining("takes it back already"),
    });
  });

  it("runs by itself only where the card said so, it was approved with it, and things got worse", async () => {
    for (const [auto, status, wanted] of [
      [false, "worse", 0],
      [true, "verified", 0],
      [true, "worse", 1],
    ] as const) {
      const clinic = new Clinic();
      const runbook = reversible();
      clinic.runbooks[0] = { ...runbook, rollback: { ...runbook.rollback!, auto } };
      const made = await proposed(clinic);
      await clinic.store.proposals.replace(
        { ...made, revision: 2, status, votes: [aVote(made)], left: made.spec.looks },
        [anEntry()],
      );
      await undoByItself(clinic.deps, await clinic.get(made.id), SIGNAL);
      const executing = execute(clinic.deps);
      await executing.round(SIGNAL);
      await executing.idle();
      expect(clinic.hands.effects, `${auto} ${status}`).toHaveLength(wanted);
    }
  });
});

describe("changed parameters", () => {
  it("are a new proposal without votes, and the old one is overtaken", async () => {
    const clinic = new Clinic();
    const made = await proposed(clinic);
    const next = await again(
      clinic.deps,
      made,
      { kind: "change", values: { name: "basket", namespace: "shop" } },
      bob,
      SIGNAL,
    );
    if ("reason" in next) throw new Error(next.reason);
    expect(next.proposal.spec).toMatchObject({ params: { name: { value: "basket" } }, requester: { person: "bob" } });
    expect(await clinic.get(made.id)).toMatchObject({ status: "superseded", successor: next.proposal.id });
  });

  it.each([
    ["nothing that differs", { name: "checkout" }, /Nothing is different/],
    ["a value that is not allowed", { name: "a b" }, /name/],
    ["a parameter that there is not", { replicas: "3" }, /no parameter replicas/],
  ])("with %s are refused, and the proposal stays", async (_, values, why) => {
    const clinic = new Clinic();
    const made = await proposed(clinic);
    expect(await again(clinic.deps, made, { kind: "change", values }, bob, SIGNAL)).toMatchObject({
      reason: expect.stringMatching(why),
    });
    expect((await clinic.get(made.id)).status).toBe("pending");
  });
});
