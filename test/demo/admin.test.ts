import { afterEach, describe, expect, it } from "vitest";
import { type Admin, startAdmin } from "../../src/demo/admin.ts";
import { createWorld, valueIn, type World } from "../../src/demo/world.ts";

const END = Date.UTC(2026, 4, 12, 13, 37) / 1000;
let admin: Admin | undefined;
afterEach(() => admin?.stop());

async function open(now = END + 100) {
  const world = createWorld({ now: END });
  admin = await startAdmin(world, () => now);
  const { url, token } = admin;
  const call = (method: string, path: string, headers: Record<string, string> = {}) =>
    fetch(`${url}${path}`, { method, headers: { authorization: `Bearer ${token}`, ...headers } });
  return { world, admin, call };
}

function stuck(world: World, at: number): number {
  const series = world.families
    .get("pg_stat_activity_count")!
    .series.find(({ labels }) => labels["datname"] === "orders" && labels["state"] === "idle in transaction")!;
  return valueIn(world, series, at)!;
}

describe("the shop's admin endpoint", () => {
  it("ends the incident of a service that it restarts, once for a key", async () => {
    const { world, admin, call } = await open();
    const before = stuck(world, END + 99);
    expect(before).toBeGreaterThan(40);
    for (let time = 0; time < 2; time++)
      expect((await call("POST", "/restart/orders", { "idempotency-key": "key-00000001" })).status).toBe(200);
    expect(admin.done).toEqual([{ service: "orders", key: "key-00000001", at: END + 100 }]);
    expect(stuck(world, END + 99)).toBe(before);
    expect(stuck(world, END + 130)).toBeLessThan(5);
    expect((await call("GET", "/changes/key-00000001")).status).toBe(200);
    expect((await call("GET", "/changes/key-00000002")).status).toBe(404);
  });

  it("does nothing without its token, without a key, for a key of another service, or for an unknown one", async () => {
    const { admin, call } = await open();
    const key = { "idempotency-key": "key-00000001" };
    expect((await call("POST", "/restart/orders", { ...key, authorization: "Bearer x" })).status).toBe(401);
    expect((await call("POST", "/restart/orders")).status).toBe(400);
    expect((await call("POST", "/restart/nothing", key)).status).toBe(404);
    expect(admin.done).toEqual([]);
    await call("POST", "/restart/basket", key);
    expect((await call("POST", "/restart/orders", key)).status).toBe(422);
    expect(admin.done).toHaveLength(1);
  });

  it("never lets a counter fall, whenever a service is restarted", async () => {
    const { world, call } = await open();
    const counters = [...world.families.values()]
      .filter(({ type }) => type !== "gauge")
      .flatMap(({ series }) => series);
    const at = (time: number) => counters.map((series) => series.value(time) ?? 0);
    const first = at(END + 100);
    await call("POST", "/restart/orders", { "idempotency-key": "key-00000001" });
    const later = [100, 101, 107, 150, 400].map((seconds) => at(END + seconds));
    for (const [index, values] of later.entries()) {
      const previous = index === 0 ? first : later[index - 1]!;
      expect(values.filter((value, i) => value < previous[i]!)).toEqual([]);
    }
  });
});
