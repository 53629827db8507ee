import { describe, expect, it } from "vitest";
import { plainText } from "../../src/core/card.ts";
import { notify } from "../../src/flows/notify.ts";
import { aWorld, firing, T } from "../fakes/incidents.ts";
import { newStore } from "../fakes/world.ts";

const PLACE = { platform: "slack", channel: "C1", thread: "" };

/** One incident that nobody was told of, and a clock that the test turns. */
async function behind() {
  const store = newStore();
  const { all, tell } = aWorld();
  tell(firing("orders"));
  const [incident] = all();
  await store.incidents.save({ incidents: [{ ...incident!, places: [PLACE] }], alerts: [], entries: [] });
  const known = { edition: 0, facts: [] as string[] };
  let now = T + 20;
  const logged: string[] = [];
  const started = () =>
    notify({
      store,
      clock: () => now,
      contextOf: () => ({ now, zone: "UTC", ...known }),
      anomaliesIn: async () => undefined,
      report: (_, message) => logged.push(message),
      wake: () => {},
    });
  let rounds = started();
  return {
    ...{ store, known, logged },
    round: () => rounds(),
    restart: () => {
      rounds = started();
    },
    later: (seconds: number) => {
      now += seconds;
    },
    /** Sends what waits, and resolves with what is read there then. */
    async sent() {
      const read: string[] = [];
      for (;;) {
        const [next] = await store.outbox.due("slack", now + 1e6, 1);
        if (next === undefined) return read;
        await store.outbox.begin(next.id);
        await store.outbox.sent(next.id, "reference", now);
        read.push(plainText(next.card));
      }
    },
  };
}

describe("the message of an incident", () => {
  it("is posted once, and is not touched while nothing changes", async () => {
    const { store, round, sent, later } = await behind();
    expect(await round()).toBeUndefined();
    later(60);
    expect(await round()).toBeUndefined();
    expect(await sent()).toHaveLength(1);
    expect(await store.incidents.unshown(9)).toEqual([]);
  });

  it("tells also what became known while it was being written", async () => {
    const { store, known, round, sent, later } = await behind();
    const { put } = store.outbox;
    store.outbox.put = async (message) => {
      const isNew = await put(message);
      if (known.edition > 0) return isNew;
      // Somebody else found out what is behind it, and asks for it to be shown.
      known.edition = 1;
      known.facts = ["A deployment came before it."];
      const [incident] = await store.incidents.live();
      await store.incidents.shown(incident!.id, 0);
      return isNew;
    };
    expect(await round()).toBe(3);
    expect((await sent()).join()).not.toContain("A deployment");
    later(4);
    expect(await round()).toBeUndefined();
    expect((await sent()).join()).toContain("A deployment came before it.");
    expect(await store.incidents.unshown(9)).toEqual([]);
  });

  it("tells after a restart what is known then, though as much became known before it", async () => {
    const { store, known, round, sent, later, restart } = await behind();
    const [incident] = await store.incidents.live();
    const learn = async (fact: string) => {
      Object.assign(known, { edition: 1, facts: [fact] });
      await store.incidents.shown(incident!.id, 0);
      later(60);
      await round();
    };
    await round();
    await learn("It could not be asked.");
    expect((await sent()).join()).toContain("It could not be asked.");
    restart();
    await learn("A deployment came before it.");
    expect((await sent()).join()).toContain("A deployment came before it.");
  });

  it("waits and is told again where the store failed", async () => {
    const { store, round, sent, logged } = await behind();
    const { put } = store.outbox;
    store.outbox.put = async () => {
      throw new Error("the disk is full");
    };
    expect(await round()).toBe(3);
    expect(logged).toEqual(["an incident could not be shown"]);
    store.outbox.put = put;
    expect(await round()).toBeUndefined();
    expect(await sent()).toHaveLength(1);
  });
});
