import type { Block, Card } from "../core/card.ts";
import type { AfterDeploys } from "../core/pattern/after-deploys.ts";
import { type Pattern, patternName } from "../core/pattern/pattern.ts";
import { formatDuration } from "../core/units.ts";
import { sayTime } from "../core/zone.ts";
import { inertName } from "../util/inert.ts";
import { patternLine } from "./digest-lines.ts";
import { plural } from "./plural.ts";

/** What comes again, as a list and one by one with a draft of what may be added. */

type Look = { readonly now: number; readonly zone: string };

/** What a draft is: settings as text, and how a person adds them; or why there is none. */
export type Draft = { readonly name: string; readonly yaml: string; readonly how: string } | { readonly none: string };

const SHOWN = 15;

/** Every pattern, the surest first. */
export function patternsCard(patterns: readonly Pattern[]): Card {
  if (patterns.length === 0)
    return {
      title: "Nothing comes again often enough to be told from chance.",
      tone: "info",
      blocks: [{ kind: "note", text: METHOD }],
    };
  const rest = patterns.length - SHOWN;
  return {
    title: `${patterns.length} ${plural(patterns.length, "pattern")} in the last 90 days.`,
    tone: "info",
    blocks: [
      {
        kind: "lines",
        items: patterns.slice(0, SHOWN).map((one) => ({
          text: patternLine(one),
          button: { label: "Draft", style: "plain", action: { kind: "ask", text: `pattern ${patternName(one)}` } },
        })),
      },
      ...(rest > 0 ? [{ kind: "note" as const, text: `${rest} more that are less sure.` }] : []),
      { kind: "note", text: METHOD },
    ],
  };
}

const METHOD =
  "Deployments are held against the same times of other days by Fisher's exact test, and of all pairs of an alert and a service that were tried, 5 % of what is told may be chance (Benjamini and Hochberg). Near in time is no proof of a cause.";

/** One pattern: what it rests on, and what may be added by hand. */
export function patternCard(pattern: Pattern, draft: Draft, look: Look): Card {
  const { after } = pattern;
  const blocks: Block[] = [
    ...(after === undefined ? [] : restsOn(after, look)),
    ...("none" in draft
      ? [{ kind: "text" as const, text: draft.none }]
      : [
          { kind: "facts" as const, items: [{ name: draft.name, value: draft.yaml }] },
          { kind: "text" as const, text: draft.how },
          { kind: "note" as const, text: "A draft: nothing was changed, and nothing is until somebody adds it." },
        ]),
  ];
  return { title: patternLine(pattern), tone: "info", blocks };
}

function restsOn(after: AfterDeploys, { now, zone }: Look): readonly Block[] {
  const { examples, chance, tried, environment, median } = after;
  const odds = chance < 1e-6 ? "less than one in a million" : `${Number(chance.toPrecision(2))}`;
  return [
    {
      kind: "text",
      text: `To ${inertName(environment, { max: 40 })}; half of them within ${formatDuration(Math.max(1, Math.round(median)), { parts: 1 })}. Probability by chance: ${odds} (Fisher's exact test; ${tried} ${plural(tried, "pair")} tried, corrected by Benjamini and Hochberg).`,
    },
    {
      kind: "list",
      items: examples.map(
        ({ deployedAt, beganAt, incident }) =>
          `Deployed ${sayTime(deployedAt, now, zone)}, fired ${sayTime(beganAt, now, zone)} (${incident})`,
      ),
    },
  ];
}
