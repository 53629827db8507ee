import { readWatchWish } from "../../core/watch/wish.ts";
import type { Reception, SurfaceDeps } from "../../ports/chat.ts";
import type { HttpRequest, HttpResponse, Route } from "../../ports/http.ts";
import type { Log } from "../../util/log.ts";
import { never } from "../../util/never.ts";
import { refusals } from "../../util/refusals.ts";
import { type Answers, type InvokeAnswer, toClick } from "./answers.ts";
import { type Gate, MAX_BODY, type Verdict } from "./gate.ts";
import { type Heard, hear, visitorOf } from "./intake.ts";
import type { Activity } from "./schema.ts";

export type FrontDeps = {
  readonly gate: Gate;
  readonly reception: Pick<Reception, "offer">;
  readonly mayRead: SurfaceDeps["mayRead"];
  readonly answers: Answers;
  /** False before the bot has started: then the channel is asked to come again. */
  readonly isReady: () => boolean;
  readonly log: Log;
};

/**
 * The one address for activities. What passes the gate is noted and acknowledged, and dealt with after that. An invoke is
 * answered within its own request, with what can be said before the work is done.
 */
export function teamsRoute(deps: FrontDeps): Route {
  const refused = refusals(deps.log, "info", "a request to /api/messages was refused");
  return {
    method: "POST",
    path: "/api/messages",
    bodyBytes: MAX_BODY,
    handle: async (request) => {
      try {
        return await answer(request, deps, refused);
      } catch (err) {
        deps.log.error({ err }, "an activity from Teams could not be noted, so the channel may send it again");
        return unavailable();
      }
    },
  };
}

async function answer(
  request: HttpRequest,
  deps: FrontDeps,
  refused: ReturnType<typeof refusals>,
): Promise<HttpResponse> {
  const verdict = await deps.gate.check(request);
  if (!verdict.ok) {
    refused({ status: verdict.status, reason: verdict.reason });
    return json(verdict.status, { error: CODES[verdict.status] }); // why is for the log
  }
  if (!deps.isReady()) return unavailable();
  const { activity } = verdict;
  const heard = hear(activity);
  if (heard.kind === "nothing") return { status: 200 };
  if (heard.kind === "unreadable") return { status: 400 };
  if (heard.kind === "click") {
    const reach = deps.mayRead(visitorOf(activity));
    if (!reach.allowed) return invoked(toClick(reach.reason));
  }
  const decided =
    heard.kind === "decide" || (heard.kind === "enough" && activity.type === "invoke")
      ? deps.answers.of(verdict.body)
      : undefined;
  const taken = await deps.reception.offer(identityOf(activity), verdict.body, verdict.json);
  switch (taken) {
    case "taken":
      return decided === undefined ? acknowledgement(activity, heard) : invoked(await withPatience(decided));
    case "repeated":
      return activity.type === "invoke" ? json(200, {}) : { status: 200 };
    case "full":
      return unavailable();
    default:
      return never(taken);
  }
}

function acknowledgement(activity: Activity, heard: Heard): HttpResponse {
  if (heard.kind === "click") {
    const wish = readWatchWish(heard.text);
    return invoked(toClick(wish?.kind === "judge" ? `Noted: ${wish.opinion}.` : `Asked: ${heard.text.slice(0, 200)}`));
  }
  return activity.type === "invoke" ? json(200, {}) : { status: 200 };
}

/** Teams gives up on a click some time after this. */
const ANSWER_MS = 8000;

/** What came of a decision, or that it goes on without this request. Never rejects. */
async function withPatience(decided: Promise<InvokeAnswer>): Promise<InvokeAnswer> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<InvokeAnswer>((resolve) => {
    const words = "It takes a little longer. The card shows what came of it.";
    timer = setTimeout(() => resolve(toClick(words)), ANSWER_MS);
  });
  try {
    return await Promise.race([decided, late]);
  } catch {
    return toClick("I could not take that decision just now. Look at the proposal, and click again if it still waits.");
  } finally {
    clearTimeout(timer);
  }
}

function invoked({ status, body }: InvokeAnswer): HttpResponse {
  return json(status, body);
}

/** The same for what is delivered again. */
function identityOf({ conversation, id }: Activity): string {
  return `${conversation.id}|${id}`;
}

const CODES: Readonly<Record<(Verdict & { ok: false })["status"], string>> = {
  400: "bad_request",
  401: "unauthorized",
  403: "forbidden",
  413: "too_large",
  503: "unavailable",
};

function unavailable(): HttpResponse {
  const refusal = json(503, { error: CODES[503] });
  return { ...refusal, headers: { ...refusal.headers, "retry-after": "2" } };
}

function json(status: number, body: unknown): HttpResponse {
  return { status, headers: { "content-type": "application/json; charset=utf-8" }, body: JSON.stringify(body) };
}
