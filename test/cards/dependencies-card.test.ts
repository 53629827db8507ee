import { describe, expect, it } from "vitest";
import { dependenciesCard, dependencyBlocks } from "../../src/cards/dependencies-card.ts";
import { plainText } from "../../src/core/card.ts";
import { asksForDependencies } from "../../src/core/dependencies-wish.ts";
import type { DependencyView } from "../../src/util/dependencies.ts";

const NOW = Date.UTC(2026, 0, 5, 14, 30) / 1000;
const LOOK = { now: NOW, zone: "UTC" };
const STORE = { where: "a file in the data folder", trouble: undefined };
const GOOD: DependencyView = {
  ...{ name: "prometheus/main", service: "Prometheus (main)", state: "closed", since: NOW - 900, retryIn: 0 },
  answeredAt: NOW - 12,
};
const AWAY: DependencyView = {
  ...{ name: "slack", service: "Slack", state: "open", since: NOW - 120, retryIn: 7.4 },
  trouble: { text: "Slack cannot be reached: its name is not known to DNS", at: NOW - 3 },
};
const NEW: DependencyView = { ...GOOD, name: "executor/ssh/web-1", service: "SSH host web-1" };
delete (NEW as { answeredAt?: number }).answeredAt;

describe("what the bot calls", () => {
  it("is listed, what is left alone first, with since when, why, until when, and what works meanwhile", () => {
    const card = dependenciesCard([GOOD, NEW, AWAY], STORE, LOOK);
    expect(card.tone).toBe("warning");
    expect(plainText(card)).toBe(
      [
        "The bot leaves alone, after failures in a row: Slack.",
        "- Slack: left alone since 14:28 UTC, tried again in 7 s. Last error (14:29 UTC): Slack cannot be reached: its name is not known to DNS. Meanwhile: messages wait in the outbox, in their order; what Slack sends is dealt with.",
        "- Prometheus (main): works; answered 12 s ago.",
        "- SSH host web-1: not asked yet.",
        "- The store (a file in the data folder): works.",
        "What failed several times in a row is left alone for a while; then one call tries.",
      ].join("\n"),
    );
  });

  it("says of the store that nothing is decided without it", () => {
    const card = dependenciesCard([GOOD], { where: "Redis", trouble: "no answer within 3 s" }, LOOK);
    expect(card).toMatchObject({ title: "The bot's store cannot be used.", tone: "danger" });
    expect(plainText(card)).toContain(
      "The store (Redis): no answer within 3 s. Nothing is decided or run until it is back",
    );
  });

  it("is nothing under an overview while all is well, and says nothing of what was never asked", () => {
    expect(dependencyBlocks([GOOD, NEW], LOOK)).toEqual([]);
    expect(dependencyBlocks([GOOD, AWAY], LOOK).map(({ kind }) => kind)).toEqual(["text", "list", "note"]);
  });

  it.each(["status dependencies", "dependencies?", "Bot status", "circuit breakers", "status of the bot"])(
    "is asked for by %j",
    (text) => expect(asksForDependencies(text)).toBe(true),
  );
  it.each(["status", "status checkout", "which services depend on redis?", "dependencies of checkout"])(
    "is not asked for by %j",
    (text) => expect(asksForDependencies(text)).toBe(false),
  );
});
