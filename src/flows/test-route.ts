import { testNotice } from "../cards/incident-notice.ts";
import type { Card } from "../core/card.ts";
import type { Place } from "../core/chat.ts";
import { isNotifier } from "../core/incident/notice.ts";
import type { Route } from "../core/incident/route.ts";
import type { TestWish } from "../core/incident/wish.ts";
import type { Identity } from "../core/people.ts";
import type { Suggester } from "../ports/chat.ts";
import type { Clock } from "../ports/clock.ts";
import type { Outbox } from "../ports/outbox.ts";
import { reasonOf } from "../util/errors.ts";
import { inert, inertName } from "../util/inert.ts";

export type TestRouteDeps = {
  readonly outbox: Pick<Outbox, "put" | "fateOf">;
  readonly clock: Clock;
  readonly routes: readonly Route[];
  /** A message stands in the outbox. */
  readonly wake: () => void;
  readonly pause: () => Promise<unknown>;
  readonly suggest: Suggester;
};

/** A message that did not arrive by then is reported as on its way. */
const WAIT_SECONDS = 10;
const MOST = 100;
const PROPOSE_MS = 15_000;

/**
 * Sends a marked test through every route, or the one of that name, and says where it arrived; with a change, also a proposal that can
 * never run, whose buttons people may try. `id` tells this test from others.
 */
export async function testRoutes(
  deps: TestRouteDeps,
  { name, withChange }: TestWish,
  id: string,
  by: Identity,
): Promise<Card> {
  const { outbox, clock, routes } = deps;
  const wanted = name === undefined ? routes : routes.filter((one) => one.name.toLowerCase() === name.toLowerCase());
  if (wanted.length === 0)
    return {
      title:
        routes.length === 0
          ? "There are no routes: nothing is posted anywhere."
          : `I know no route ${inertName(name ?? "", { max: 60 })}.`,
      tone: "warning",
      blocks: [
        {
          kind: "text",
          text:
            routes.length === 0
              ? "List them under `routes` in smartcloudops.yaml."
              : `There is: ${routes.map((one) => one.name).join(", ")}.`,
        },
      ],
    };
  const sent = wanted.flatMap((route) => route.to.map((place) => ({ route, place }))).slice(0, MOST);
  for (const [at, { route, place }] of sent.entries()) {
    const message = { id: `test:${id}:${at}`, place, card: testCard(route, by.name), at: clock() };
    const notice = isNotifier(place)
      ? testNotice({ id: message.id, route: route.name, by: by.name, at: message.at })
      : undefined;
    await outbox.put({ ...message, ...(notice !== undefined && { hint: JSON.stringify(notice) }) });
  }
  const change = withChange
    ? await testChange(
        deps,
        sent.map(({ place }) => place),
        by,
      )
    : undefined;
  deps.wake();
  const began = clock();
  let fates = await Promise.all(sent.map((_, at) => outbox.fateOf(`test:${id}:${at}`)));
  while (fates.some((one) => one?.state === "waiting") && clock() - began < WAIT_SECONDS) {
    await deps.pause();
    fates = await Promise.all(sent.map((_, at) => outbox.fateOf(`test:${id}:${at}`)));
  }
  const arrived = fates.filter((one) => one?.state === "sent").length;
  const items = sent.map(
    ({ route, place }, at) =>
      `${route.name}${route.isFallback ? " (fallback)" : ""} → ${sayPlace(place)}: ${sayFate(fates[at])}`,
  );
  return {
    title:
      arrived === sent.length
        ? sent.length === 1
          ? "The test arrived."
          : `The test arrived in all ${sent.length} places.`
        : `The test arrived in ${arrived} of ${sent.length} places.`,
    tone: arrived === sent.length ? "good" : "warning",
    blocks: [{ kind: "list", items }, ...(change === undefined ? [] : [{ kind: "text" as const, text: change }])],
  };
}

/** Proposes something that no runbook can do, in every chat of the routes. Returns what came of it, in a sentence. */
async function testChange({ suggest }: TestRouteDeps, sent: readonly Place[], by: Identity): Promise<string> {
  const chats = sent.filter((place) => !isNotifier(place));
  const places = [...new Map(chats.map((place) => [JSON.stringify(place), place])).values()];
  if (places.length === 0) return "No route leads to a chat, so no proposal was shown.";
  try {
    const suggested = await suggest(
      {
        action: { type: "test", target: "of the routes", params: {} },
        kinds: ["test"],
        // No runbook, also where one is asked for by that verb.
        among: [],
        values: {},
        environment: undefined,
        source: undefined,
        requester: by,
        places,
        cause: { kind: "ask", text: "TEST of the routes: nothing has to be done." },
        facts: [],
      },
      AbortSignal.timeout(PROPOSE_MS),
    );
    if (suggested.kind === "proposed")
      return `A proposal that can never run is shown in ${places.length === 1 ? "that chat" : `all ${places.length} chats`}: press Dismiss there to see that clicks arrive.`;
    return `No proposal was shown: ${suggested.kind === "refused" ? suggested.reason : suggested.text}`;
  } catch (problem) {
    return `No proposal could be shown: ${inert(reasonOf(problem))}`;
  }
}

function testCard(route: Route, by: string): Card {
  return {
    title: `TEST: an alert of route ${inertName(route.name)} would be shown here.`,
    tone: "info",
    blocks: [
      { kind: "text", text: `${inertName(by)} tests the routes. Nothing is wrong, and nothing has to be done.` },
    ],
  };
}

function sayPlace(place: Place): string {
  const { platform, channel } = place;
  if (isNotifier(place)) return `notifier ${inertName(channel, { max: 80 })}`;
  return `${platform === "slack" ? "Slack" : platform === "teams" ? "Teams" : platform} ${inertName(channel, { max: 80 })}`;
}

function sayFate(fate: Awaited<ReturnType<Outbox["fateOf"]>>): string {
  if (fate === undefined) return "it is not known any more";
  const why = fate.reason === undefined ? "" : `: ${inert(fate.reason).slice(0, 200)}`;
  switch (fate.state) {
    case "sent":
      return "arrived";
    case "given up":
      return `cannot arrive${why}`;
    case "waiting":
      return `is on its way still${why}`;
  }
}
