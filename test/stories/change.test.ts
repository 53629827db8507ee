import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { type ChangeStage, slackChange, teamsChange, terminalChange, withoutChance } from "./change-stages.ts";

/**
 * The story of one change, told the same on every surface: asked for, refused to whoever asked, tried, approved by a
 * colleague, run once, checked, and taken back. Whole program, its store on disk, and a real HTTP server that takes the
 * change. How the card looked at each turn is kept in `test/fixtures/cards`; after a change that is meant, read it and run
 * with `-u`.
 */

const SURFACES: readonly { readonly name: string; readonly file: string; readonly open: () => Promise<ChangeStage> }[] =
  [
    { name: "the terminal", file: "terminal/change.txt", open: terminalChange },
    { name: "Slack in socket mode", file: "slack/change.json", open: () => slackChange("socket") },
    { name: "Slack over HTTP", file: "slack/change.json", open: () => slackChange("http") },
    { name: "Teams", file: "teams/change.json", open: teamsChange },
  ];

const PATIENCE_MS = 30_000;

/** Waits until the newest card says that, and returns it. */
async function says(stage: ChangeStage, wanted: RegExp): Promise<string> {
  for (const end = Date.now() + PATIENCE_MS; ; ) {
    const card = await stage.card();
    if (card !== undefined && wanted.test(card)) return withoutChance(card);
    if (Date.now() > end) throw new Error(`No card came to say ${wanted}; the last one is ${card}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe.each(SURFACES)("in $name", ({ file, open }) => {
  it("a change is proposed, tried, approved by a colleague, run once, verified and taken back", {
    timeout: 120_000,
  }, async () => {
    const stage = await open();
    const { shop, serving } = stage.world;
    const turns: string[] = [];
    try {
      await stage.ask("restart ferrydesk");
      turns.push(await says(stage, /waits for 1 approval/));
      expect(await stage.buttons()).toEqual(["Approve", "Reject", "Dry run", "Change", "Details"]);

      expect(await stage.decide("approve", "ann")).toMatch(/You asked for this change/);
      await stage.decide("dry_run", "ben");
      turns.push(await says(stage, /no dry run/));
      expect(shop.effects).toEqual([]);

      expect(await stage.decide("approve", "ben")).toMatch(/Approved|"statusCode":200/);
      turns.push(await says(stage, /It helped/));
      expect(await stage.buttons()).toEqual(["Propose the way back"]);
      expect(shop.effects.map(({ path }) => path)).toEqual(["/restart/ferrydesk"]);

      await stage.decide("undo", "ann");
      turns.push(
        await says(
          stage,
          /restore\/ferrydesk[\s\S]*waits for 1 approval|waits for 1 approval[\s\S]*restore\/ferrydesk/,
        ),
      );
      expect(await stage.decide("approve", "ann")).toMatch(/You asked for this change/);
      await stage.decide("approve", "ben");
      // Not "It ran.": that is said for a moment only.
      turns.push(
        await says(
          stage,
          /restore\/ferrydesk[\s\S]*It helped: every check|It helped: every check[\s\S]*restore\/ferrydesk/,
        ),
      );
      expect(shop.effects.map(({ path }) => path)).toEqual(["/restart/ferrydesk", "/restore/ferrydesk"]);
      expect(await serving().app.store.proposals.find({ limit: 10 })).toHaveLength(2);
    } finally {
      await stage.world.stop();
    }
    const golden = fileURLToPath(new URL(`../fixtures/cards/${file}`, import.meta.url));
    await expect(`${turns.join("\n\n")}\n`).toMatchFileSnapshot(golden);
  });
});
