import { z } from "zod";
import { type Card, CLICKS } from "../../core/card.ts";
import type { Draft } from "../../core/draft.ts";
import type { ProposalView } from "../../ports/chat.ts";

// JSON has no NaN or infinity: what such a point was, a chart shows as a hole.
const number = z
  .number()
  .nullable()
  .transform((value) => value ?? Number.NaN);
const strings = z.array(z.string());

const ChartJson = z.object({
  title: z.string(),
  unit: z.string(),
  series: z.array(z.object({ name: z.string(), points: z.array(z.tuple([number, number])) })),
  band: z.object({ low: number, high: number }).optional(),
  threshold: number.optional(),
  events: z.array(z.object({ at: number, name: z.string() })).optional(),
});

const Field = z.object({ id: z.string(), label: z.string(), isRequired: z.boolean(), value: z.string().optional() });

const Button = z.object({
  label: z.string(),
  style: z.enum(["primary", "danger", "plain"]),
  action: z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("ask"), text: z.string() }),
    z.object({ kind: z.literal("enough"), question: z.string() }),
    z.object({
      kind: z.literal("decide"),
      decision: z.enum(CLICKS),
      proposal: z.string(),
      code: z.string(),
      confirm: z.object({ title: z.string(), text: z.string() }).optional(),
      fields: z.array(Field).optional(),
    }),
  ]),
});

const Block = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("text"), text: z.string() }),
  z.object({ kind: z.literal("list"), items: strings }),
  z.object({ kind: z.literal("lines"), items: z.array(z.object({ text: z.string(), button: Button })) }),
  z.object({ kind: z.literal("table"), columns: strings, rows: z.array(strings) }),
  z.object({ kind: z.literal("facts"), items: z.array(z.object({ name: z.string(), value: z.string() })) }),
  z.object({ kind: z.literal("chart"), chart: ChartJson }),
  z.object({
    kind: z.literal("evidence"),
    items: z.array(
      z.object({
        promql: z.string(),
        source: z.string(),
        url: z.string().optional(),
        opens: z.string().optional(),
        mark: z.string().optional(),
      }),
    ),
  }),
  z.object({ kind: z.literal("said"), by: z.string(), paragraphs: strings }),
  z.object({ kind: z.literal("note"), text: z.string() }),
  z.object({ kind: z.literal("buttons"), buttons: z.array(Button) }),
]);

const CardJson = z.object({
  title: z.string(),
  tone: z.enum(["info", "good", "warning", "danger"]),
  blocks: z.array(Block),
});

const ViewJson = z.object({ card: CardJson, isMoving: z.boolean() }).nullable();

/** A proposal that came so; undefined when there is none. Throws `ZodError` when it is nothing of the kind. */
export function readProposal(value: unknown): ProposalView | undefined {
  return (ViewJson.parse(value) as ProposalView | null) ?? undefined;
}

/** A card that came as JSON from a bot in another process. Throws `ZodError` when it is none. */
export function readCard(value: unknown): Card {
  return CardJson.parse(value) as Card;
}

const DraftJson = z.object({ card: CardJson, status: z.string(), said: strings });

/** A draft that came so; undefined when it is none. */
export function readDraft(value: unknown): Draft | undefined {
  return DraftJson.safeParse(value).data as Draft | undefined;
}
