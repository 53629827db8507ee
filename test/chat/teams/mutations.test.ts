import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { channel, click, installed, personal } from "../../fakes/bot-framework/activities.ts";
import { type BotFramework, startBotFramework } from "../../fakes/bot-framework/index.ts";
import { openTeams } from "./world.ts";

let framework: BotFramework;
beforeAll(async () => {
  framework = await startBotFramework();
});
afterAll(() => framework.close());

/** Every way to a value inside `value`. */
function pathsOf(value: unknown, path: readonly string[] = []): string[][] {
  if (typeof value !== "object" || value === null) return [[...path]];
  return [[...path], ...Object.entries(value).flatMap(([key, inner]) => pathsOf(inner, [...path, key]))];
}

function replaced(value: unknown, [key, ...rest]: readonly string[], by: unknown): unknown {
  if (key === undefined) return by;
  const copy = (Array.isArray(value) ? [...value] : { ...(value as object) }) as Record<string, unknown>;
  copy[key] = replaced(copy[key], rest, by);
  return copy;
}

it("answers every well signed activity, however mangled, with a status of its own and no failure", async () => {
  const world = await openTeams(framework);
  const token = await framework.sign({ exp: Math.floor(Date.now() / 1000) + 3600 });
  const whole = [
    personal(framework.url, "status"),
    channel(framework.url, "status of checkout", "17"),
    click(framework.url, { action: { kind: "ask", text: "status" } }),
    installed(framework.url, "add"),
    personal(framework.url, "", { type: "conversationUpdate", membersAdded: [{ id: "29:x" }] }),
    click(framework.url, {}, { name: "message/submitAction", replyToId: "1", value: { actionName: "feedback" } }),
  ];
  const mutated = fc.constantFrom(...whole).chain((activity) =>
    fc
      .array(fc.tuple(fc.constantFrom(...pathsOf(activity).slice(1)), fc.jsonValue()), { minLength: 1, maxLength: 3 })
      .map((changes) =>
        changes.reduce<unknown>((value, [path, by]) => {
          try {
            return replaced(value, path, by);
          } catch {
            return value; // an earlier change took the place away
          }
        }, activity),
      ),
  );
  const statuses = new Map<number, number>();
  await fc.assert(
    fc.asyncProperty(mutated, fc.nat(), async (activity, salt) => {
      const fresh = salt % 3 === 0 ? activity : { ...(activity as object), id: `salt-${salt}` };
      const { status } = await world.post(fresh, token);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      expect([200, 400, 403]).toContain(status);
    }),
    { numRuns: Number(process.env.RUNS ?? 1500) },
  );
  // Some of each, or the mutations are too wild or too tame to say anything.
  for (const status of [200, 400, 403]) expect(statuses.get(status) ?? 0).toBeGreaterThan(0);
  if (process.env.RUNS) console.log(Object.fromEntries(statuses), process.memoryUsage().rss >> 20);
  expect((await world.post(personal(framework.url, "status"), token)).status).toBe(200);
}, 120_000);
