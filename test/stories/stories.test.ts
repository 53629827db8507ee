import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { slackStage } from "./slack-stage.ts";
import { type Shown, type Stage, squeezed } from "./stage.ts";
import { STORIES, type Story, type Surface } from "./stories.ts";
import { teamsStage } from "./teams-stage.ts";
import { terminalStage } from "./terminal-stage.ts";

/**
 * The same stories on every surface, told once: whole program, real SDKs, Prometheus and the platforms played by fakes.
 * What each surface was sent is kept in `test/fixtures/cards`; after a change that is meant, read it and run with `-u`.
 */

const SURFACES: readonly { readonly name: string; readonly surface: Surface; readonly open: () => Promise<Stage> }[] = [
  { name: "the terminal", surface: "terminal", open: terminalStage },
  { name: "Slack in socket mode", surface: "slack", open: () => slackStage("socket") },
  { name: "Slack over HTTP", surface: "slack", open: () => slackStage("http") },
  { name: "Teams", surface: "teams", open: teamsStage },
];

describe.each(SURFACES)("in $name", ({ surface, open }) => {
  it.each(STORIES)("the story of $name is told", async (story) => {
    const stage = await open();
    try {
      if (story.isDown) for (const source of stage.bot.sources) source.fail("unreachable");
      let last: Shown | undefined;
      for (const step of story.steps) last = await stage.act(step);
      await expect(stage.golden()).toMatchFileSnapshot(goldenFile(surface, story));
      check(last!, story, surface);
      expect(stage.bot.trouble).toEqual([]);
    } finally {
      await stage.stop();
    }
  });
});

function goldenFile(surface: Surface, { name }: Story): string {
  const ending = surface === "terminal" ? "txt" : "json";
  return fileURLToPath(new URL(`../fixtures/cards/${surface}/${name}.${ending}`, import.meta.url));
}

/** The facts of the last answer, which are the same everywhere. */
function check(shown: Shown, story: Story, surface: Surface): void {
  const { headline, says = [], queries = [], chart, buttons } = story;
  expect(shown.headline).toBe(typeof headline === "string" ? headline : headline[surface]);
  const words = squeezed(shown.words);
  for (const text of [...says, ...queries]) expect(words).toContain(squeezed(text));
  expect(shown.hasChart).toBe(chart !== undefined);
  // A terminal writes the numbers at the axes of its picture; a chart that a platform draws has words beside it.
  if (chart !== undefined && surface !== "terminal") expect(shown.words).toContain(chart);
  if (buttons !== undefined) expect(shown.buttons).toEqual(buttons);
  if (surface === "slack") expect(shown.isPrivate).toBe(story.isPrivate === true);
}
