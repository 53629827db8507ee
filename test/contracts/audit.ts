import assert from "node:assert/strict";
import { afterEach, describe, it } from "vitest";
import { verifyChain } from "../../src/core/audit.ts";
import type { Store } from "../../src/ports/store.ts";
import { loggedWith } from "../../src/util/log.ts";
import { newPrivateKey, readSigner } from "../../src/util/signature.ts";
import { anEntry, ann, aProposal, bob, cleo, NOW, stranger } from "../fakes/proposals.ts";

/** What tests set of a store. */
export type AuditSettings = { readonly now: () => number; readonly sign?: (text: string) => string };

/** What `Audit` and the stop do on every store. `open` gives an empty store each time. */
export function auditContract(name: string, open: (settings: AuditSettings) => Store | Promise<Store>): void {
  const opened: Store[] = [];
  afterEach(async () => {
    for (const store of opened.splice(0)) await store.close();
  });
  async function empty(settings: Partial<AuditSettings> = {}): Promise<Store> {
    const store = await open({ now: () => NOW, ...settings });
    opened.push(store);
    return store;
  }

  describe(`${name}: the audit`, () => {
    it("knows the latest time that it has seen, also after the clock went back", async () => {
      const clock = { now: NOW };
      const store = await empty({ now: () => clock.now });
      assert.equal(await store.latest(), 0);
      await store.audit.append([anEntry()]);
      assert.equal(await store.latest(), NOW);
      clock.now = NOW + 60;
      await store.check();
      assert.equal(await store.latest(), NOW + 60);
      clock.now = NOW - 999;
      await store.check();
      await store.audit.append([anEntry()]);
      assert.equal(await store.latest(), NOW + 60);
    });

    it("chains what happened, in the order it was said", async () => {
      let now = NOW + 0.123456;
      const { audit } = await empty({ now: () => now });
      assert.equal(await audit.head(), undefined);
      assert.deepEqual(await audit.range(0, 10), []);
      await audit.append([anEntry({ action: "a" }), anEntry({ action: "b" })]);
      now -= 3600; // a clock may jump back
      await audit.append([]);
      await audit.append([anEntry({ action: "c", reason: "it's «odd» \u{1F600}\n" })]);
      const records = await audit.range(0, 10);
      assert.deepEqual(
        records.map(({ seq, action, at }) => ({ seq, action, at })),
        [
          { seq: 1, action: "a", at: NOW + 0.123 },
          { seq: 2, action: "b", at: NOW + 0.123 },
          { seq: 3, action: "c", at: NOW - 3600 + 0.123 },
        ],
      );
      assert.equal(records[2]!.reason, "it's «odd» \u{1F600}\n");
      assert.deepEqual(verifyChain(records), {
        kind: "whole",
        records: 3,
        signed: 0,
        head: { seq: 3, record_hash: records[2]!.record_hash },
      });
      assert.deepEqual(await audit.head(), records[2]);
      assert.deepEqual(await audit.range(1, 1), [records[1]]);
      assert.deepEqual(await audit.range(3, 10), []);
    });

    it("says of each record which question, click or command it came of, also of those that are written together", async () => {
      const { audit, stop, proposals } = await empty();
      await Promise.all([
        loggedWith({ question: "q-1", request: 4 }, () =>
          audit.append([anEntry({ action: "a" }), anEntry({ action: "b" })]),
        ),
        loggedWith({ click: "c-1" }, () => audit.append([anEntry({ action: "c" })])),
        audit.append([anEntry({ action: "d" })]),
        loggedWith({ request: 5 }, () => audit.append([anEntry({ action: "e" })])),
        loggedWith({ command: "m-1" }, () => stop.press(ann, "wait")),
        loggedWith({ question: "q-2" }, () => proposals.insert(aProposal(), [anEntry({ action: "propose" })])),
      ]);
      const records = await audit.range(0, 20);
      assert.deepEqual(Object.fromEntries(records.map(({ action, cause }) => [action, cause])), {
        ...{ a: "q-1", b: "q-1", c: "c-1", d: undefined, e: undefined },
        ...{ stop: "m-1", propose: "q-2" },
      });
      assert.ok(!Object.hasOwn(records.find(({ action }) => action === "d")!, "cause"));
      assert.deepEqual([verifyChain(records).kind, await audit.head()], ["whole", records.at(-1)]);
    });

    it("signs each record where there is a key", async () => {
      const { sign, publicKey } = readSigner(newPrivateKey());
      const { audit } = await empty({ sign });
      await audit.append([anEntry(), anEntry()]);
      const records = await audit.range(0, 10);
      const verdict = verifyChain(records, { publicKeys: [publicKey] });
      assert.deepEqual([verdict.kind, verdict.kind === "whole" && verdict.signed], ["whole", 2]);
      const other = readSigner(newPrivateKey()).publicKey;
      assert.deepEqual(verifyChain(records, { publicKeys: [other] }).kind, "broken");
    });

    it("keeps no token in a reason, and takes a reason that is no sound text or far too long", async () => {
      const { audit } = await empty();
      await audit.append([
        anEntry({ reason: "use xoxb-1234567890-abcdefgh please" }),
        anEntry({ reason: `\uD800${"x".repeat(100_000)}` }),
      ]);
      const [first, second] = await audit.range(0, 2);
      assert.equal(first!.reason, "use <hidden> please");
      assert.ok(second!.reason.length <= 4000);
      assert.equal(verifyChain([first!, second!]).kind, "whole");
    });

    it("gives a person one random id whatever account they use, and says whom it stands for", async () => {
      const { audit } = await empty();
      const inTeams = { ...ann, platform: "teams", account: "aad-ann" };
      const id = await audit.actorOf(ann);
      assert.match(id, /^a-[0-9a-f-]{36}$/);
      assert.equal(await audit.actorOf(inTeams), id);
      const other = await audit.actorOf(bob);
      assert.notEqual(other, id);
      assert.deepEqual(
        await audit.actors([id, other, "a-nobody"]),
        new Map([
          [id, inTeams],
          [other, bob],
        ]),
      );
      assert.deepEqual(await audit.accounts([id]), new Map([[id, [inTeams, ann]]]));
      assert.equal(await audit.actorOf({ ...ann, name: "Ann B." }), id);
      assert.deepEqual((await audit.accounts([id])).get(id), [{ ...ann, name: "Ann B." }, inTeams]);
    });

    it("forgets who somebody was, and keeps what they did", async () => {
      const { audit } = await empty();
      const id = await audit.actorOf(ann);
      await audit.actorOf({ ...ann, platform: "teams", account: "aad-ann" });
      await audit.append([anEntry({ actor: id })]);
      assert.equal(await audit.forget("ann"), true);
      assert.equal(await audit.forget("ann"), false);
      assert.deepEqual(await audit.actors([id]), new Map());
      assert.equal((await audit.head())?.actor, id);
      assert.notEqual(await audit.actorOf(ann), id);
    });
  });

  describe(`${name}: the stop`, () => {
    it("is not pressed at first, and resuming what runs needs nobody", async () => {
      const { stop, audit } = await empty();
      assert.equal(await stop.read(), undefined);
      assert.equal(await stop.release(ann), 0);
      assert.equal(await audit.head(), undefined);
    });

    it("keeps the name of the first who pressed, and needs two linked people to resume", async () => {
      let now = NOW;
      const { stop, audit } = await empty({ now: () => now });
      await stop.press(ann, "it goes wrong");
      now += 5;
      await stop.press(bob, "me too");
      const pressed = { at: NOW, by: "Ann", reason: "it goes wrong" };
      assert.deepEqual(await stop.read(), { ...pressed, resumeWanted: [] });
      assert.equal(await stop.release(ann), 1);
      assert.equal(await stop.release(ann), 1);
      assert.equal(await stop.release({ ...ann, platform: "teams", account: "aad-ann" }), 1);
      assert.equal(await stop.release(stranger), 1);
      assert.deepEqual(await stop.read(), { ...pressed, resumeWanted: ["Ann"] });
      assert.equal(await stop.release(bob), 0);
      assert.equal(await stop.read(), undefined);
      const records = await audit.range(0, 20);
      assert.deepEqual(
        records.map(({ action, from, to }) => `${action}: ${from} > ${to}`),
        [
          "stop: running > stopped",
          "stop: stopped > stopped",
          ...Array.from({ length: 4 }, () => "resume_wish: stopped > stopped"),
          "resume: stopped > running",
        ],
      );
      assert.equal(records[0]!.actor, await audit.actorOf(ann));
      assert.equal(records[0]!.reason, "it goes wrong");
    });

    it("forgets a wish to resume after ten minutes, and when somebody presses again", async () => {
      let now = NOW;
      const { stop } = await empty({ now: () => now });
      await stop.press(ann, "");
      assert.equal(await stop.release(ann), 1);
      now += 600;
      assert.deepEqual((await stop.read())?.resumeWanted, []);
      assert.equal(await stop.release(bob), 1);
      now += 599;
      assert.deepEqual((await stop.read())?.resumeWanted, ["Bob"]);
      await stop.press(cleo, "not yet");
      assert.equal(await stop.release(ann), 1);
      assert.equal(await stop.release(cleo), 0);
      await stop.press(bob, "again");
      assert.deepEqual(await stop.read(), { at: now, by: "Bob", reason: "again", resumeWanted: [] });
    });
  });
}
