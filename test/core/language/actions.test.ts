import { describe, expect, it } from "vitest";
import { findAction, findActions } from "../../../src/core/language/actions.ts";

describe("orders", () => {
  it.each([
    ["ledger +2 pods", "scale"],
    ["bring ledger down to 1 replica", "scale"],
    ["one pod less for ledger", "scale"],
    ["we need 5 ledger instances", "scale"],
    ["make that 3", "scale"],
    ["two more please", "scale"],
    ["double ledger", "scale"],
    ["mach drei draus", "scale"],
    ["il nous faut 4 pods ledger", "scale"],
    ["precisamos de 5 réplicas do ledger", "scale"],
    ["ledger ke replicas 3 karo", "scale"],
    ["search braucht einen Neustart", "restart"],
    ["take ledger back to the version that ran before", "rollback"],
    ["undo the deploy of ledger", "rollback"],
    ["prune old files on box-1", "free_disk"],
    ["drop the replication slot analytics on box-1", "drop_replication_slot"],
    ["bump memory limit of ledger to 2Gi", "set_limit"],
    ["erhöhe das Speicherlimit von ledger auf 2Gi", "set_limit"],
    ["resize the volume of box-1 to 100Gi", "resize_volume"],
    ["delete ledger-84d8b9f5c-abcde", "delete_pod"],
    ["cancel the daily summary", "schedule"],
    ["préviens-moi si la file dépasse 30000", "schedule"],
  ])("%s is %s", (text, action) => {
    expect(findAction(text)).toMatchObject({ value: action, imperative: true });
  });

  it.each([
    "make it 3 hours",
    "make that 70%",
    "double check the cpu",
    "memory limit of ledger",
    "how much memory does ledger need",
    "number of replicas of ledger",
    "is the volume growing",
    "top 5 pods by memory",
  ])("%s is none", (text) => {
    expect(findAction(text)).toBeUndefined();
  });

  it("may be several in one sentence, each where a verb follows a joint", () => {
    const values = (text: string) => findActions(text).map(({ value }) => value);
    expect(values("cordon box-1, then drain it and restart ledger")).toEqual(["cordon", "drain", "restart"]);
    expect(values("restart ledger and search")).toEqual(["restart"]);
    expect(values("silence the restart alert")).toEqual(["silence"]);
    expect(values("Starte ledger neu und drainiere box-1")).toEqual(["restart", "drain"]);
  });
});
