import assert from "node:assert/strict";
import { afterEach, describe, it } from "vitest";
import { tell as told } from "../../src/core/incident/alert.ts";
import { messageId } from "../../src/core/incident/message.ts";
import type { AlertRecord, Incident } from "../../src/core/incident.ts";
import type { Store } from "../../src/ports/store.ts";
import type { Retention } from "../../src/store/retention.ts";
import { aWorld, firing, over, T } from "../fakes/incidents.ts";
import { anEntry } from "../fakes/proposals.ts";
import { DAY, RETENTION } from "./store.ts";

/** What `Incidents` does on every store. `open` gives an empty one each time. */
export function incidentsContract(name: string, open: (retention: Retention) => Store | Promise<Store>): void {
  describe(`${name}: incidents`, () => {
    const opened: Store[] = [];
    afterEach(async () => {
      for (const store of opened.splice(0)) await store.close();
    });
    async function empty(retention = RETENTION): Promise<Store> {
      const store = await open(retention);
      opened.push(store);
      return store;
    }
    const save = (store: Store, incidents: readonly Incident[], alerts: readonly AlertRecord[] = []) =>
      store.incidents.save({ incidents, alerts, entries: [] });

    it("keeps an incident and its alerts, whole", async () => {
      const store = await empty();
      const { incidents, alerts } = aWorld().tell(
        firing("a"),
        firing("b"),
        firing("c", { fingerprint: "a2", labels: { service: "a" } }),
      );
      assert.equal(await save(store, incidents, alerts), true);
      assert.deepEqual(await store.incidents.get("inc-1"), asJson(incidents[0]));
      assert.equal(await store.incidents.get("inc-9"), undefined);
      assert.deepEqual(await store.incidents.live(), asJson(incidents));
      const known = await store.incidents.alerts(["a", "b", "nobody"]);
      assert.deepEqual(known.map(({ fingerprint }) => fingerprint).sort(), ["a", "b"]);
      assert.deepEqual(
        known.find(({ fingerprint }) => fingerprint === "b"),
        asJson(alerts[1]),
      );
      const page = await store.incidents.alertsOf("inc-1", { skip: 0, limit: 10 });
      assert.deepEqual(
        page.map(({ fingerprint }) => fingerprint),
        ["a", "a2"],
      );
      assert.deepEqual(await store.incidents.alertsOf("inc-1", { skip: 1, limit: 1 }), asJson([alerts[2]]));
    });

    it("keeps an alert's beginning as its sender told it, beside ours; one that was stored without it ends as it did", async () => {
      const store = await empty();
      const { tell, alerts } = aWorld();
      tell(firing("a"), over("a", { endsAt: T + 290, at: T + 290 }));
      const again = tell(firing("a", { at: T + 700 }));
      await save(store, again.incidents, again.alerts);
      const [kept] = await store.incidents.alerts(["a"]);
      assert.deepEqual(
        { ours: kept?.startsAt, sent: kept?.sentStartsAt, all: kept },
        { ours: T + 700, sent: T, all: asJson(alerts.get("a")) },
      );
      const { sentStartsAt: _, ...old } = { ...alerts.get("a")!, startsAt: T };
      await save(store, [], [old]);
      const [read] = await store.incidents.alerts(["a"]);
      const { record, change } = told(read, over("a", { endsAt: T + 1290, at: T + 1290 }));
      assert.deepEqual([change, record.endsAt], ["ends", T + 1290]);
    });

    it("tells since when it knows of any", async () => {
      const store = await empty();
      assert.equal(await store.incidents.earliest(), undefined);
      const { incidents } = aWorld().tell(firing("a"));
      await save(store, [{ ...incidents[0]!, id: "inc-2", openedAt: T + 50 }]);
      await save(store, incidents);
      assert.equal(await store.incidents.earliest(), incidents[0]!.openedAt);
    });

    it("takes a change only onto the revision that it was made from, and all of it or nothing", async () => {
      const store = await empty();
      const { incidents, alerts } = aWorld().tell(firing("a"), firing("b"));
      await save(store, incidents, alerts);
      const next = incidents.map((one) => ({ ...one, revision: 2, severity: "critical" as const }));
      assert.equal(await save(store, [next[0]!, { ...next[1]!, revision: 3 }]), false);
      assert.equal((await store.incidents.get("inc-1"))?.revision, 1);
      assert.equal(await save(store, next), true);
      assert.equal(await save(store, next), false);
      assert.equal((await store.incidents.get("inc-2"))?.severity, "critical");
    });

    it("writes the records of a change with it, and none without it", async () => {
      const store = await empty();
      const { incidents } = aWorld().tell(firing("a"));
      await store.incidents.save({ incidents, alerts: [], entries: [anEntry({ id: "inc-1", action: "open" })] });
      await store.incidents.save({ incidents, alerts: [], entries: [anEntry({ id: "inc-1", action: "again" })] });
      const records = await store.audit.range(0, 10);
      assert.deepEqual(
        records.map(({ action }) => action),
        ["open"],
      );
    });

    it("takes no change that was decided on an earlier state of the whole", async () => {
      const store = await empty();
      const world = aWorld();
      const first = world.tell(firing("a"));
      const generation = await store.incidents.generation();
      const change = { ...first, entries: [], generation };
      assert.deepEqual(
        await Promise.all([store.incidents.save(change), store.incidents.save({ ...change, incidents: [] })]),
        [true, false],
      );
      const next = await store.incidents.generation();
      assert.notEqual(next, generation);
      await store.incidents.shown("inc-1", 1);
      assert.equal(await store.incidents.generation(), next);
      assert.equal(await store.incidents.save({ incidents: [], alerts: [], entries: [], generation: next }), true);
    });

    it("finds by status and time, newest first", async () => {
      const store = await empty();
      const { tell } = aWorld();
      const first = tell(firing("a"), firing("b", { at: T + 100 }));
      await save(store, first.incidents, first.alerts);
      const ended = tell(over("a", { at: T + 5000 }));
      await save(store, ended.incidents, ended.alerts);
      const ids = async (wanted: Parameters<Store["incidents"]["find"]>[0]) =>
        (await store.incidents.find(wanted)).map(({ id }) => id);
      assert.deepEqual(await ids({ limit: 10 }), ["inc-2", "inc-1"]);
      assert.deepEqual(await ids({ limit: 1 }), ["inc-2"]);
      assert.deepEqual(await ids({ status: ["resolved"], limit: 10 }), ["inc-1"]);
      assert.deepEqual(await ids({ since: T + 500, limit: 10 }), ["inc-1"]);
      const opened = (await store.incidents.get("inc-1"))!.openedAt;
      assert.deepEqual(await ids({ until: opened, limit: 10 }), ["inc-1"]);
      assert.deepEqual(await ids({ status: ["open"], until: opened, limit: 10 }), []);
      assert.deepEqual(await ids({ since: 0, until: opened, limit: 10 }), ["inc-1"]);
      assert.deepEqual(await ids({ until: opened - 1, limit: 10 }), []);
      assert.deepEqual(
        (await store.incidents.live()).map(({ id }) => id),
        ["inc-2"],
      );
    });

    it("knows which firing alerts nobody told of lately", async () => {
      const store = await empty();
      const { incidents, alerts } = aWorld().tell(firing("a"), firing("b", { at: T + 500 }), over("c"));
      await save(store, incidents, alerts);
      const unseen = await store.incidents.unseenSince(T + 100, 10);
      assert.deepEqual(
        unseen.map(({ fingerprint }) => fingerprint),
        ["a"],
      );
    });

    it("knows what its messages do not show yet, and shows anew what is taken back", async () => {
      const store = await empty();
      const { incidents } = aWorld().tell(firing("a"), firing("b", { at: T + 100 }));
      await save(store, incidents);
      const unshown = async () => (await store.incidents.unshown(10)).map(({ id }) => id);
      assert.deepEqual(await unshown(), ["inc-1", "inc-2"]);
      await store.incidents.shown("inc-1", 1);
      assert.deepEqual(await unshown(), ["inc-2"]);
      await save(store, [{ ...incidents[0]!, revision: 2, changedAt: T + 200 }]);
      assert.deepEqual(await unshown(), ["inc-2", "inc-1"]);
      await store.incidents.shown("inc-1", 2);
      await store.incidents.shown("inc-1", 1);
      assert.deepEqual(await unshown(), ["inc-2"]);
      await store.incidents.shown("inc-1", 0);
      assert.deepEqual(await unshown(), ["inc-2", "inc-1"]);
    });

    it("forgets what is over after its time, with its alerts and its message, and never what is live", async () => {
      const store = await empty({ ...RETENTION, evidence: DAY, conversations: DAY });
      const { tell } = aWorld();
      const both = tell(firing("a"), firing("b"));
      await save(store, both.incidents, both.alerts);
      const ended = tell(over("a"));
      await save(store, ended.incidents, ended.alerts);
      const place = { platform: "slack", channel: "C1", thread: "" };
      const card = { title: "one", tone: "info" as const, blocks: [] };
      for (const id of ["inc-1", "inc-2"]) {
        await store.outbox.put({ id: messageId(id, 0), place, card, at: T });
        await store.outbox.sent(messageId(id, 0), `ref of ${id}`, T);
      }
      await store.prune(T + 3 * DAY);
      await store.prune(T + 3 * DAY);
      assert.equal(await store.incidents.get("inc-1"), undefined);
      assert.equal((await store.incidents.get("inc-2"))?.status, "open");
      assert.deepEqual(
        (await store.incidents.alerts(["a", "b"])).map(({ fingerprint }) => fingerprint),
        ["b"],
      );
      assert.equal(await store.outbox.referenceOf(messageId("inc-1", 0)), undefined);
      assert.equal(await store.outbox.referenceOf(messageId("inc-2", 0)), "ref of inc-2");
    });
  });
}

function asJson<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}
