import type { Card } from "../../core/card.ts";
import { sayMatcher } from "../../core/silence.ts";
import { sayTime } from "../../core/zone.ts";
import type { Clock } from "../../ports/clock.ts";
import type { AlertRouter, Silence } from "../../ports/metrics.ts";
import { reasonOf } from "../../util/errors.ts";
import { inert, inertName } from "../../util/inert.ts";
import { refused } from "./words.ts";

const SHOWN = 30;

/** What Alertmanager keeps silent now, whoever wrote it, the next to end first. `mayWrite`: whoever asks may have one ended or made. */
export async function silencesCard(
  { router, clock, zone }: { readonly router: AlertRouter | undefined; readonly clock: Clock; readonly zone: string },
  signal?: AbortSignal,
  mayWrite = true,
): Promise<Card> {
  if (router === undefined) return refused("There is no Alertmanager to ask.", "Set ALERTMANAGER_URL to its address.");
  try {
    const now = clock();
    const all = [...(await router.silences(signal))].sort((a, b) => a.endsAt - b.endsAt);
    const line = ({ id, matchers, endsAt, createdBy, comment }: Silence) =>
      `${matchers
        .map(sayMatcher)
        .map((one) => inert(one))
        .join(
          ", ",
        )} – until ${sayTime(endsAt, now, zone)}, by ${inertName(createdBy)}${comment === "" ? "" : `: ${inert(comment).slice(0, 200)}`} [${id}]`;
    const rest = all.length - SHOWN;
    return {
      title:
        all.length === 0 ? "Nothing is silenced." : `${all.length} silence${all.length === 1 ? "" : "s"} hold now.`,
      tone: "info",
      blocks: [
        ...(all.length === 0 ? [] : [{ kind: "list" as const, items: all.slice(0, SHOWN).map(line) }]),
        ...(rest > 0 ? [{ kind: "note" as const, text: `${rest} more.` }] : []),
        ...(mayWrite
          ? [
              {
                kind: "note" as const,
                text: 'To end one: unsilence ID. To make one: silence alertname="NAME" for 2h: why',
              },
            ]
          : []),
      ],
    };
  } catch (problem) {
    return refused("Alertmanager could not be asked.", reasonOf(problem));
  }
}
