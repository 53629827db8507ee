import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Notice } from "../../src/core/incident/notice.ts";
import { NeverError, NotNowError } from "../../src/util/errors.ts";
import { AT, aNotice, SECRET, WORLDS, type World } from "./worlds.ts";

/** What holds for every notifier, each against its own target. */

const patient = () => AbortSignal.timeout(20_000);

describe.each(Object.entries(WORLDS))("a notifier of kind %s", (kind, open) => {
  let world: World;
  beforeEach(async () => {
    world = await open();
  });
  afterEach(() => world.close());

  const tell = (notice: Notice, reference: string | undefined = undefined, attempts = 1) =>
    world.notifier.tell(notice, { reference, attempts }, patient());
  const story = async (...kinds: Notice["kind"][]) => {
    const reference = (await tell(aNotice("opened"))) || undefined;
    for (const one of kinds) await tell(aNotice(one), reference);
    return reference;
  };

  it("tells one thing of an incident from its beginning to its end", async () => {
    await story("worse", "acknowledged", "called", "resolved");
    expect(world.things()).toHaveLength(1);
    expect(world.things()[0]?.isOpen).not.toBe(true);
    expect(world.things()[0]?.text).toContain("HighErrorRate");
  });

  it("keeps it open until its end is told", async () => {
    await story("worse", "acknowledged", "called");
    expect(world.things()[0]?.isOpen).not.toBe(false);
    expect(world.things()[0]?.isOpen === undefined).toBe(!world.notifier.hasEnd);
  });

  it("keeps two incidents apart", async () => {
    await story();
    const other = aNotice("opened");
    await tell({ ...other, id: "incident:inc-2:0:opened", incident: { ...other.incident, id: "inc-2" } });
    expect(world.things()).toHaveLength(2);
  });

  it.each(["opened", "worse", "called", "resolved"] as const)("takes a repeated notice (%s) for one", async (one) => {
    const reference = one === "opened" ? undefined : await story();
    await tell(aNotice(one), reference);
    const before = world.count();
    await tell(aNotice(one), reference, 2);
    // PagerDuty and Opsgenie keep one alert; their logs may name a trigger or note twice.
    if (kind !== "pagerduty" && kind !== "opsgenie" && kind !== "servicenow" && kind !== "grafana")
      expect(world.count()).toBe(before);
    expect(world.things()).toHaveLength(1);
  });

  it("finds what an attempt that was cut off left there", async () => {
    if (world.cut === undefined) return;
    world.cut();
    await expect(tell(aNotice("opened"))).rejects.toBeInstanceOf(NotNowError);
    const reference = (await tell(aNotice("opened"), undefined, 2)) || undefined;
    await tell(aNotice("resolved"), reference);
    expect(world.things()).toHaveLength(1);
    expect(world.things()[0]?.isOpen).toBe(false);
  });

  it("ends nothing that never was opened there, and opens what needs somebody", async () => {
    if (!world.notifier.hasEnd) return;
    await tell(aNotice("acknowledged"));
    if (kind !== "grafana") await tell(aNotice("resolved"));
    expect(world.things()).toEqual([]);
    await tell(aNotice("again"));
    expect(world.things().map(({ isOpen }) => isOpen)).toEqual([true]);
  });

  it.each(["busy", "broken", "credentials"] as const)("is tried again when the target is %s", async (how) => {
    world.fail(how);
    const problem = await tell(aNotice("opened")).catch((thrown: unknown) => thrown);
    expect(problem).toBeInstanceOf(NotNowError);
    if (how === "busy" && kind !== "email") expect((problem as NotNowError).seconds).toBe(77);
    if (how === "credentials") expect((problem as NotNowError).seconds).toBeGreaterThan(60);
    expect(String(problem)).not.toContain(SECRET);
    expect(world.things()).toEqual([]);
  });

  it("is given up with a reason when the target calls it malformed", async () => {
    world.fail("malformed");
    await expect(tell(aNotice("opened"))).rejects.toBeInstanceOf(NeverError);
    await expect(tell(aNotice("opened"))).rejects.toThrow(/malformed|not allowed|no/);
  });

  it("checks without sending anything", async () => {
    await expect(world.notifier.check(patient())).resolves.toMatch(/answers|takes/);
    expect(world.writes()).toBe(0);
    expect(world.things()).toEqual([]);
  });

  it("finds by a check that the credentials are refused", async () => {
    world.fail("credentials");
    await expect(world.notifier.check(patient())).rejects.toThrow();
    await expect(world.notifier.check(patient())).rejects.not.toThrow(SECRET);
  });

  it("lets nothing that an alert says act there", async () => {
    const evil = [
      "Subject: you won\r\nBcc: all@evil.example\r\n\r\n<script>alert(1)</script>",
      "<!channel> @acme/everyone @everyone #1 GH-1 ```\n@acme/security\n```` closes #1 ![x](https://evil.example/x.png)",
      '[code]<img src=x onerror="alert(1)">[/code] [~accountid:5b10] {title} ${title} " OR project = "HR',
    ].join(" ");
    const notice = aNotice("opened", { title: evil, lines: [evil, evil] });
    const reference = (await tell(notice)) || undefined;
    await tell(aNotice("called", { title: evil, lines: [evil] }), reference);
    const [thing] = world.things();
    expect(world.things()).toHaveLength(1);
    expect(thing?.text).toContain("evil.example");
    const text = thing?.text ?? "";
    switch (kind) {
      case "email":
        expect(text.split("\r\n\r\n")[0]).not.toMatch(/^bcc:/im);
        expect(text).toContain("&lt;script&gt;");
        expect(text.split("text/html").at(-1)).not.toContain("<script>");
        break;
      case "grafana":
      case "opsgenie":
        expect(text).not.toMatch(/<\w/);
        break;
      case "servicenow":
        expect(text).not.toMatch(/\[\/?code\]/i);
        break;
      case "github": {
        // All of it stands between two fences that it cannot write itself.
        const [, fence = "", inside = ""] = /^(`+)text\n([\s\S]*?)\n\1\n/m.exec(text) ?? [];
        expect(fence.length).toBeGreaterThan(4);
        expect(inside).toContain("@acme/security");
        break;
      }
      default:
    }
  });

  it("takes what is as long as alerts can be", async () => {
    const long = "x".repeat(3000);
    await tell(aNotice("opened", { title: long, lines: Array.from({ length: 12 }, () => long) }));
    expect(world.things()).toHaveLength(1);
  });

  it("stands still for nobody who has left", async () => {
    const left = AbortSignal.abort(new Error("the bot stops"));
    const done = await world.notifier
      .tell(aNotice("opened"), { reference: undefined, attempts: 1 }, left)
      .catch((thrown: unknown) => thrown);
    if (kind !== "email") expect(String(done)).toContain("the bot stops");
  });
});

it("times of notices are those of the incident", () => {
  expect(aNotice("resolved").incident.endedAt).toBe(AT);
});
