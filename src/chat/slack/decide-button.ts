import { z } from "zod";
import { type Button, type ButtonAction, CLICKS, type ClickMeaning, type Field } from "../../core/card.ts";
import { inert } from "../../util/inert.ts";
import { cutEscaped } from "./text.ts";

/** Buttons that decide about a proposal: what they carry to Slack and back. */

type Decide = ButtonAction & { kind: "decide" };
export type DecideButton = Button & { readonly action: Decide };

/** What a click says: the decision, and what it is about. `fields` where a form has to be filled in first. */
export type Carried = Pick<Decide, "decision" | "proposal" | "code"> & { readonly fields?: readonly Field[] };

const LONGEST_VALUE = 2000;
const LIMIT = { title: 100, text: 300, button: 30 } as const;

export function isDecision(button: Button): button is DecideButton {
  return button.action.kind === "decide";
}

/**
 * The parts of a button that are about its decision. `value` is `v1|id|code`, and where a form is needed its fields after
 * that; what a person may type in is short, so where it does not fit the fields begin empty. Undefined when even that does
 * not fit.
 */
export function decideButton({ label, style, action }: DecideButton, index: number) {
  const { decision, proposal, code, confirm, fields } = action;
  const key = `v1|${proposal}|${code}`;
  const bare = fields?.map(({ value: _, ...field }) => field);
  // What cannot be seen is not put into a form: who sends it would send more than they read.
  const filled = fields?.map((field, i) => (inert(field.value ?? "") === (field.value ?? "") ? field : bare![i]));
  const whole = fields === undefined ? key : `${key}|${JSON.stringify(filled)}`;
  const empty = `${key}|${JSON.stringify(bare)}`;
  const value = [whole, empty].find((one) => one.length <= LONGEST_VALUE);
  if (value === undefined) return undefined;
  return {
    action_id: `decide:${decision}:${index}`,
    value,
    ...(confirm !== undefined && { confirm: dialog(confirm, label, style) }),
  };
}

function dialog(confirm: NonNullable<Decide["confirm"]>, label: string, style: Button["style"]) {
  return {
    title: plain(confirm.title, LIMIT.title),
    text: plain(confirm.text, LIMIT.text),
    confirm: plain(label, LIMIT.button),
    deny: plain("Back", LIMIT.button),
    ...(style !== "plain" && { style }),
  };
}

function plain(text: string, most: number) {
  return { type: "plain_text", text: cutEscaped(text, most), emoji: false };
}

const Fields = z
  .array(
    z.strictObject({
      id: z.string().min(1).max(200),
      label: z.string().min(1).max(2000),
      isRequired: z.boolean(),
      value: z.string().max(3000).optional(),
    }),
  )
  .min(1)
  .max(20);

/** What a click on one of our buttons says, or undefined when it is nothing we wrote. */
export function readCarried(actionId: string, value: string): Carried | undefined {
  const decision = readDecision(/^decide:([a-z_]{1,30}):\d{1,3}$/.exec(actionId)?.[1]);
  const [, proposal, code, form] = /^v1\|([\w.:-]{1,200})\|([\w-]{1,100})(?:\|([\s\S]*))?$/.exec(value) ?? [];
  if (decision === undefined || proposal === undefined || code === undefined) return undefined;
  if (form === undefined) return { decision, proposal, code };
  const fields = Fields.safeParse(json(form)).data;
  return fields === undefined ? undefined : { decision, proposal, code, fields: fields as readonly Field[] };
}

function readDecision(word: string | undefined): ClickMeaning | undefined {
  return CLICKS.find((one) => one === word);
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
