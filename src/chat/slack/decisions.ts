import { type Card, isResponse } from "../../core/card.ts";
import type { Place } from "../../core/chat.ts";
import type { DealHow } from "../../ports/chat.ts";
import { sha256 } from "../../util/canonical.ts";
import { reasonOf } from "../../util/errors.ts";
import { renderPrivate } from "./cards.ts";
import { type Carried, readCarried } from "./decide-button.ts";
import type { ListenerDeps } from "./listeners.ts";
import { Click, FormAbout, Submission } from "./schema.ts";
import { cutEscaped } from "./text.ts";

/**
 * Clicks on proposals -> decisions. A decision is made by a button of a message that this bot posted, or by the form that
 * such a button opened, and by nothing else. Who clicked, and where, is what Slack signed; what is decided about is
 * looked up by whoever decides. What comes of it is for the person who clicked alone: the message is edited by others.
 */

type DecisionDeps = Pick<ListenerDeps, "api" | "people" | "replies" | "decide" | "log">;

/** Where somebody clicked, and in what Slack calls them. */
type Clicked = {
  readonly id: string;
  readonly user: Click["user"];
  /** The workspace that the click came from. */
  readonly team: string | undefined;
  readonly place: Place;
  readonly message: string | undefined;
  readonly responseUrl: string | undefined;
};

/** What is known of an account may be so old when it decides. */
const LOOKED_UP_SECONDS = 60;

/** A click on a button that decides. */
export async function onDecision(body: unknown, how: DealHow, deps: DecisionDeps): Promise<void> {
  const click = Click.safeParse(body).data;
  const [action] = click?.actions ?? [];
  if (click === undefined || action === undefined) return;
  const carried = readCarried(action.action_id, action.value);
  if (carried === undefined) return deps.log.warn("a button that is none of ours was clicked in Slack");
  const clicked = clickedOf(click, action.action_ts);
  // Slack opens a form within three seconds of the click: nothing is asked or looked up before.
  if (carried.fields !== undefined) return openForm(click.trigger_id, carried, clicked, deps);
  await decide(carried, {}, clicked, how, deps);
}

/** A form that one of our buttons opened was filled in. */
export async function onForm(body: unknown, how: DealHow, deps: DecisionDeps): Promise<void> {
  const { data } = Submission.safeParse(body);
  const about = readAbout(data?.view.private_metadata);
  if (data === undefined || about === undefined || isForeign(data.view.app_id, data.api_app_id))
    return deps.log.warn("a form that is none of ours was sent in Slack");
  const fields = Object.entries(data.view.state.values).map(([id, block]) => [id, block["value"]?.value ?? ""]);
  const { channel, thread, message } = about;
  const clicked: Clicked = {
    id: `slack:form:${data.view.id}`,
    user: data.user,
    team: data.user.team_id ?? data.team?.id,
    place: { platform: "slack", channel, thread },
    message,
    responseUrl: undefined,
  };
  await decide(about, Object.fromEntries(fields), clicked, how, deps);
}

/** The same for a redelivery, and nobody's name: the audit keeps it for good. */
export function idOfClick({ trigger_id, user }: Pick<Click, "trigger_id" | "user">, at: string): string {
  return `slack:click:${trigger_id ?? sha256(`${user.id}:${at}`).slice(0, 32)}`;
}

function clickedOf(click: Click, actionTs: string | undefined): Clicked {
  const { user, team, container, channel, message } = click;
  return {
    id: idOfClick(click, actionTs ?? ""),
    user,
    team: user.team_id ?? team?.id,
    place: {
      platform: "slack",
      channel: container?.channel_id ?? channel?.id ?? user.id,
      thread: message?.thread_ts ?? container?.thread_ts ?? "",
    },
    message: messageOf(click),
    responseUrl: click.response_url,
  };
}

/** The posted message that was clicked on, as the sender refers to it. Undefined for anything else that holds buttons. */
function messageOf({ container, message, api_app_id: app }: Click): string | undefined {
  const { type, is_ephemeral: isEphemeral, channel_id: channel, message_ts: ts } = container ?? {};
  if (type !== "message" || isEphemeral === true || channel === undefined || ts === undefined) return undefined;
  return isForeign(message?.app_id, app) ? undefined : `${channel}/${ts}`;
}

function isForeign(theirs: string | null | undefined, ours: string | undefined): boolean {
  return typeof theirs === "string" && ours !== undefined && theirs !== ours;
}

async function decide(
  { decision, proposal, code }: Pick<Carried, "decision" | "proposal" | "code">,
  fields: Readonly<Record<string, string>>,
  clicked: Clicked,
  how: DealHow,
  deps: DecisionDeps,
): Promise<void> {
  const { id, user, team, place, message, responseUrl } = clicked;
  const tell = (card: Card) => deps.replies.aside(place, user.id, renderPrivate(card), responseUrl);
  // A decision of long ago is made again by whoever still wants it: the card waits for it.
  if (how.late) return tell(FAILED);
  try {
    const name = user.name ?? user.username;
    const hint = { ...(name !== undefined && { name }), ...(team !== undefined && { team }) };
    const person = await deps.people(user.id, hint, LOOKED_UP_SECONDS);
    if (!person.isKnown) return await tell(UNKNOWN);
    // Whoever has left, and bots, have no more say than guests.
    const isGuest = person.isGuest || !person.isPresent;
    const visitor = { user: person.user, place, isGuest, isExternal: person.isExternal };
    await tell(await deps.decide({ id, visitor, decision, proposal, code, fields, message }));
  } catch (err) {
    deps.log.error({ err, id, proposal }, "a decision from Slack could not be taken");
    await tell(FAILED);
  }
}

const UNKNOWN: Card = {
  title: "I could not look up your account in Slack just now, so your click does not count. Click again in a minute.",
  tone: "warning",
  blocks: [],
};
const FAILED: Card = {
  title: "I could not take that decision just now. Look at the proposal, and click again if it still waits.",
  tone: "warning",
  blocks: [],
};
const NOT_OPENED: Card = { title: "Slack did not open the form. Please click again.", tone: "warning", blocks: [] };

// ---------------------------------------------------------------- forms

/** What stands above a form and on its button. Slack takes 24 characters of each. */
const WORDS: Readonly<Record<Carried["decision"], readonly [title: string, submit: string]>> = {
  approve: ["Approve this change", "Approve"],
  break_glass: ["Break glass", "Break glass"],
  reject: ["Reject this change", "Reject"],
  change: ["Change parameters", "Propose anew"],
  dry_run: ["Dry run", "Try it"],
  details: ["Details", "Show"],
  withdraw: ["Withdraw this change", "Withdraw"],
  undo: ["Way back", "Propose it"],
  it_ran: ["It ran", "It ran"],
  it_did_not: ["It did not run", "It did not run"],
  look_again: ["Look again", "Look again"],
  re_enable: ["Re-enable runbook", "Re-enable"],
  resume: ["Resume", "Resume"],
  acknowledge: ["Acknowledge", "Acknowledge"],
  unacknowledge: ["Hand back", "Hand back"],
  snooze: ["Snooze", "Snooze"],
  wake: ["End snooze", "End snooze"],
  fix: ["Propose fix", "Propose"],
  silence: ["Silence alerts", "Show what it matches"],
  silence_write: ["Silence", "Silence"],
  silence_drop: ["Do not silence", "Do not"],
  silence_end: ["End silence", "End silence"],
};

async function openForm(
  trigger: string | undefined,
  carried: Carried,
  clicked: Clicked,
  deps: DecisionDeps,
): Promise<void> {
  try {
    await deps.api.apiCall("views.open", { trigger_id: trigger ?? "", view: formOf(carried, clicked) });
  } catch (err) {
    deps.log.warn({ reason: reasonOf(err), proposal: carried.proposal }, "Slack did not open a form");
    await deps.replies.aside(clicked.place, clicked.user.id, renderPrivate(NOT_OPENED), clicked.responseUrl);
  }
}

function formOf({ decision, proposal, code, fields = [] }: Carried, { place, message }: Clicked) {
  const [title, submit] = WORDS[decision];
  const about: FormAbout = {
    v: 1,
    decision,
    proposal,
    code,
    channel: place.channel,
    thread: /^\d+\.\d+$/.test(place.thread) ? place.thread : "",
    ...(message !== undefined && { message }),
  };
  return {
    type: "modal",
    callback_id: "decide",
    private_metadata: JSON.stringify(about),
    title: plain(title, 24),
    submit: plain(submit, 24),
    close: plain("Back", 24),
    blocks: [
      { type: "context", elements: [plain(`${isResponse(decision) ? "Incident" : "Proposal"} ${proposal}`, 2000)] },
      ...fields.map(({ id, label, isRequired, value }) => ({
        type: "input",
        block_id: id,
        label: plain(label, 2000),
        optional: !isRequired,
        element: {
          type: "plain_text_input",
          action_id: "value",
          multiline: id === "reason",
          max_length: 3000,
          ...(value !== undefined && value !== "" && { initial_value: value }),
        },
      })),
    ],
  };
}

function plain(text: string, most: number) {
  return { type: "plain_text", text: cutEscaped(text, most) || "–", emoji: false };
}

function readAbout(text: string | undefined): FormAbout | undefined {
  try {
    return FormAbout.safeParse(JSON.parse(text ?? "")).data;
  } catch {
    return undefined;
  }
}
