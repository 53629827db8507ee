import { expect, it } from "vitest";
import { show } from "../../../src/flows/remedy/show.ts";
import { aProposal } from "../../fakes/proposals.ts";
import { Clinic } from "../../fakes/remedy.ts";

it("shows all of them again when nothing starts any more, however many there are, and each once for one occasion", async () => {
  const clinic = new Clinic();
  const { proposals, outbox } = clinic.store;
  const ids = Array.from({ length: 150 }, (_, number) => `p${number}`);
  for (const id of ids) {
    const key = `kubernetes:prod/shop/deployment/${id}`;
    const own = {
      id,
      target: { kind: "deployment", name: id, key },
      params: { name: { value: id, origin: "user" } },
    } as const;
    await clinic.put(aProposal(own));
    await proposals.shown(id, 0);
  }
  const anew = { ids: new Set(ids), occasion: "an older copy" };
  const cardOf = () => ({ now: clinic.now, zone: "UTC", mode: "act", isStopped: false }) as const;
  const round = () => show({ ...clinic.deps, cardOf, wake: () => {}, anew });
  await round();
  expect(anew.ids.size).toBe(50);
  await round();
  expect(anew.ids.size).toBe(0);
  expect((await outbox.waiting("slack")).count).toBe(ids.length);
});
