import { z } from "zod";
import { type Button, type ButtonAction, CLICKS } from "../../core/card.ts";
import { cut, escaped, plain } from "./text.ts";

/** Buttons that decide about a proposal: what they carry to Teams and back. */

type Decide = ButtonAction & { kind: "decide" };
export type DecideButton = Button & { readonly action: Decide };

export function isDecision(button: Button): button is DecideButton {
  return button.action.kind === "decide";
}

type Element = Readonly<Record<string, unknown>>;

/**
 * The button as an action. What has to be confirmed or filled in is asked in a card of its own that opens below it. There
 * is no `Action.Submit` beside it for older clients: that would come as a message, and no message decides.
 */
export function decideAction({ label, style, action }: DecideButton): Element {
  const { decision, proposal, code, confirm, fields = [] } = action;
  const looks = style === "primary" ? { style: "positive" } : style === "danger" ? { style: "destructive" } : {};
  const title = cut(plain(label), 120);
  const send = {
    type: "Action.Execute",
    title,
    verb: "decide",
    data: { action: { kind: "decide", decision, about: `v1|${proposal}|${code}` } },
    ...looks,
    fallback: "drop",
  };
  if (confirm === undefined && fields.length === 0) return send;
  const asked =
    confirm === undefined
      ? []
      : [
          { type: "TextBlock", text: escaped(confirm.title), weight: "Bolder", wrap: true },
          { type: "RichTextBlock", inlines: [{ type: "TextRun", text: cut(plain(confirm.text), 1200) }] },
        ];
  const inputs = fields.map(({ id, label: name, isRequired, value }) => ({
    type: "Input.Text",
    // Ids must differ within the whole card: two of its forms may ask for a reason.
    id: `${decision}/${id}`,
    label: escaped(isRequired ? name : `${name} (may be left empty)`),
    isRequired,
    maxLength: LONGEST,
    ...(id === "reason" ? { isMultiline: true } : {}),
    ...(isRequired ? { errorMessage: "Please fill this in." } : {}),
    ...(value === undefined || plain(value) !== value ? {} : { value }),
  }));
  const card = { type: "AdaptiveCard", version: "1.5", body: [...asked, ...inputs], actions: [send] };
  return { type: "Action.ShowCard", title, ...looks, card };
}

const LONGEST = 3000;

const About = z.string().regex(/^v1\|[\w.:-]{1,200}\|[\w-]{1,100}$/);

/** `value` of an invoke by one of these buttons. What was typed stands beside `action`, under the inputs' ids. */
const DecideValue = z.object({
  action: z.object({
    type: z.literal("Action.Execute").optional(),
    data: z.record(z.string(), z.unknown()).and(
      z.object({
        action: z.strictObject({ kind: z.literal("decide"), decision: z.enum(CLICKS), about: About }),
      }),
    ),
  }),
});

export type Decided = Pick<Decide, "decision" | "proposal" | "code"> & {
  readonly fields: Readonly<Record<string, string>>;
};

/** What a click says, or undefined when it is nothing we wrote. */
export function readDecided(value: unknown): Decided | undefined {
  const { data: read } = DecideValue.safeParse(value);
  if (read === undefined) return undefined;
  const { data } = read.action;
  const { decision, about } = data.action;
  const [, proposal = "", code = ""] = about.split("|");
  const typed = Object.entries(data).flatMap(([id, text]) =>
    id.startsWith(`${decision}/`) && typeof text === "string" && text.length <= LONGEST
      ? [[id.slice(decision.length + 1), text] as const]
      : [],
  );
  return { decision, proposal, code, fields: Object.fromEntries(typed) };
}
