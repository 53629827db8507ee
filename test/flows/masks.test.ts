import { describe, expect, it } from "vitest";
import { masksFor } from "../../src/flows/investigate/masks.ts";

const masks = masksFor({
  host: ["quay-1", "quay-11", "quay-1.harbour.example", "db", "Crane.East", "a+b(c)"],
  person: ["Mira", "José García", "mira"],
});

describe("other names for hosts and people", () => {
  it.each([
    "quay-1 and quay-11 are slow, said Mira.",
    'instance="quay-1:9100", node="quay-1.harbour.example"',
    "José García asked about crane.east.",
    "quay-1. Then quay-11!",
  ])("hide all of them, and give them back as they were but for capitals: %s", (text) => {
    const hidden = masks.hide(text);
    expect(hidden).not.toMatch(/quay|mira|garc|crane/i);
    expect(masks.restore(hidden).toLowerCase()).toBe(text.toLowerCase());
  });

  it.each(["quay-12", "my-quay-1", "quay-1-backup", "quay-1.other", "miracle", "a db of it"])(
    "leave other names and short words alone: %s",
    (text) => expect(masks.hide(text)).toBe(text),
  );

  it("take a name's signs as they are", () => expect(masks.hide("is a+b(c) up?")).toMatch(/^is host-a\d+ up\?$/));

  it("give back what a model writes in capitals, and leave masks that nobody has", () => {
    const [mask = ""] = masks.hide("quay-1").split(" ");
    expect(masks.restore(`${mask.toUpperCase()} is slow`)).toBe("quay-1 is slow");
    expect(masks.restore("host-a999 is slow")).toBe("host-a999 is slow");
  });

  it("find each of many thousand hosts", () => {
    const many = masksFor({ host: Array.from({ length: 20_000 }, (_, at) => `web-${at}.prod`), person: [] });
    expect(many.hide("web-19999.prod web-0.prod web-20000.prod")).toMatch(/^host-a\d+ host-a\d+ web-20000\.prod$/);
  });
});
