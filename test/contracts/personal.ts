import assert from "node:assert/strict";
import { afterEach, describe, it } from "vitest";
import { verifyChain } from "../../src/core/audit.ts";
import type { Whom } from "../../src/core/personal.ts";
import type { Store } from "../../src/ports/store.ts";
import type { Retention } from "../../src/store/retention.ts";
import { anIncident } from "../fakes/digests.ts";
import { anEntry, ann, aProposal, aVote, bob, NOW } from "../fakes/proposals.ts";
import { anAnomaly } from "./detection.ts";
import { RETENTION, turn } from "./store.ts";

const WHOM: Whom = {
  persons: ["ann"],
  accounts: [
    { platform: "slack", id: ann.account },
    { platform: "terminal", id: "ann.os" },
  ],
  names: ["Ann"],
};
const AS = "a-forgotten";

/** What every store does with what it keeps about a person. `open` gives an empty store each time. */
export function personalContract(name: string, open: (retention: Retention) => Store | Promise<Store>): void {
  describe(`${name}: what is stored about a person`, () => {
    const opened: Store[] = [];
    afterEach(async () => {
      for (const store of opened.splice(0)) await store.close();
    });

    async function filled(): Promise<{ store: Store; actor: string }> {
      const store = await open(RETENTION);
      opened.push(store);
      const actor = await store.audit.actorOf(ann);
      await store.audit.actorOf(bob);
      const [place, own] = [
        { platform: "slack", channel: "C1", thread: "1" },
        { platform: "terminal", channel: "ann.os", thread: "cli" },
      ];
      const userOf = ({ account: id, name: called }: typeof ann) => ({ platform: "slack", id, name: called });
      await store.conversations.append(place, turn("of-ann", { user: userOf(ann) }));
      await store.conversations.append(place, turn("of-bob", { user: userOf(bob) }));
      await store.conversations.append(own, turn("answer", { author: "bot", user: undefined }));
      await store.evidence.save({ id: "own", place: own, at: NOW, text: "cpu of web-1", evidence: [] });
      await store.evidence.save({ id: "shared", place, at: NOW, text: "cpu of ann", evidence: [] });
      const lesson = { id: "l1", word: "ann", meaning: "annealing", by: "Ann", at: NOW };
      await store.lessons.teach({ platform: "slack", channel: "C1" }, lesson);
      const proposal = aProposal({ requester: ann }, { status: "rejected", endedAt: NOW });
      const simulated = { by: "Ann", at: NOW, text: "nothing would change" };
      const voted = { ...proposal, simulated, votes: [aVote(proposal, bob), aVote(proposal, ann)] };
      await store.proposals.insert(voted, [anEntry({ actor })]);
      const account = { platform: "slack", id: ann.account };
      const acknowledged = { person: "ann", name: "Ann", at: NOW, account };
      const told = { at: NOW, had: "acknowledged" as const, things: 1, names: ["db-1"], firing: 2, reopens: true };
      const more = { ...told, by: acknowledged };
      const incident = anIncident("inc-1", NOW, { acknowledged, more, subject: { kind: "service", name: "ann" } });
      await store.incidents.save({ incidents: [incident], alerts: [], entries: [] });
      const asked = { person: "ann", name: "Ann", at: NOW };
      const silence = {
        id: "sil-1",
        revision: 1,
        status: "asked",
        matchers: [],
        seconds: 60,
        reason: "",
        isForAll: false,
      };
      const matched = { total: 0, names: [] };
      await store.silences.save(
        [{ ...silence, status: "asked", matched, asked, madeAt: NOW, places: [] }],
        [anEntry()],
      );
      for (const user of [userOf(ann), userOf(bob)])
        await store.feedback.save({ answer: "shared", user, helpful: true, at: NOW });
      await store.detection.commit({ anomalies: [anAnomaly("odd")] });
      for (const id of [ann.account, bob.account]) {
        const opinion = { anomaly: "odd", watch: "w", series: "s", by: `slack/${id}` } as const;
        await store.detection.judge({ ...opinion, kind: "useful", at: NOW, since: NOW });
        await store.spending.add(20_000, [`user slack/${id}`], { tokens: 5, cost: 0 });
      }
      return { store, actor };
    }

    it("is all of it, by table, and nothing of anybody else's alone", async () => {
      const { store } = await filled();
      const found = await store.personal.of(WHOM);
      const tables = ["actors", "answers", "feedback", "incidents", "lessons", "opinions", "proposals", "shelves"];
      assert.deepEqual(Object.keys(found).sort(), [...tables, "spending", "turns"]);
      assert.equal(found["turns"]?.length, 2);
      assert.equal(found["answers"]?.length, 1);
      assert.doesNotThrow(() => JSON.stringify(found));
      assert.deepEqual(await store.personal.of({ persons: ["nobody"], accounts: [], names: ["Nobody"] }), {});
    });

    it("goes when they are forgotten: what others share stays, the chain stays whole, and only an id is left", async () => {
      const { store, actor } = await filled();
      const before = (await store.audit.range(0, 100)).length;
      const counts = await store.personal.forget(WHOM, AS, [anEntry({ action: "forget person", id: AS })]);
      assert.equal(counts["turns"], 2);
      assert.deepEqual(await store.personal.of(WHOM), {});
      const place = { platform: "slack", channel: "C1", thread: "1" };
      assert.deepEqual(
        (await store.conversations.recent(place, 9)).map(({ id }) => id),
        ["of-bob"],
      );
      assert.equal(await store.evidence.get("own"), undefined);
      assert.equal((await store.evidence.get("shared"))?.text, "cpu of ann");
      const [lesson] = await store.lessons.of({ platform: "slack", channel: "C1" });
      assert.deepEqual([lesson?.word, lesson?.by], ["ann", AS]);
      const [proposal] = await store.proposals.find({ limit: 9 });
      assert.equal(proposal?.spec.requester?.person, AS);
      assert.equal(proposal?.simulated?.by, AS);
      assert.deepEqual(
        proposal?.votes.map(({ person, name: called, account }) => [person, called, account]),
        [
          ["bob", "Bob", bob.account],
          [AS, AS, AS],
        ],
      );
      const incident = await store.incidents.get("inc-1");
      assert.deepEqual(incident?.acknowledged, {
        ...{ person: AS, name: AS, at: NOW, account: { platform: "slack", id: AS } },
      });
      assert.deepEqual(incident?.more?.by, incident?.acknowledged);
      assert.equal(incident?.subject?.name, "ann");
      assert.equal((await store.silences.get("sil-1"))?.asked?.person, AS);
      assert.deepEqual(await store.feedback.count("shared"), { helpful: 1, unhelpful: 0 });
      assert.deepEqual(
        (await store.detection.opinions(0)).map(({ by }) => by),
        [`slack/${bob.account}`],
      );
      assert.deepEqual(await store.spending.of(20_000, [`user slack/${ann.account}`, `user slack/${bob.account}`]), [
        { tokens: 0, cost: 0 },
        { tokens: 5, cost: 0 },
      ]);
      assert.deepEqual(await store.audit.actors([actor]), new Map());
      const records = await store.audit.range(0, 100);
      assert.equal(verifyChain(records).kind, "whole");
      assert.equal(records.length, before + 1);
      assert.equal(records.at(-1)?.action, "forget person");
      assert.equal(records.find(({ action }) => action !== "forget person")?.actor, actor);
      assert.deepEqual(await store.personal.forget(WHOM, AS, [anEntry()]), {});
    });
  });
}
