import type { Catalogue } from "../../core/catalogue.ts";
import type { Runbooks } from "../../ports/changes.ts";
import type { Suggester } from "../../ports/chat.ts";
import type { Inquiry } from "../../ports/metrics.ts";
import type { Case } from "../../ports/model.ts";
import type { Cleaner } from "./data.ts";
import type { Masks } from "./masks.ts";
import type { Notebook } from "./notebook.ts";
import type { Records } from "./records.ts";

/** What the tools of one question share. */
export type Search = {
  readonly one: Case;
  readonly ask: Inquiry;
  readonly catalogue: Catalogue;
  readonly notes: Notebook;
  readonly clean: Cleaner;
  readonly masks: Masks;
  readonly runbooks: Runbooks;
  readonly suggest: Suggester;
  readonly records: Records;
  /** Whether a text has a secret of the configuration. */
  readonly hasSecret: (text: string) => boolean;
  readonly alertText: "off" | "summary" | "full";
  /** A moment as the model reads it. Unix seconds. */
  readonly at: (seconds: number) => string;
  /** A tool begins with these arguments. */
  readonly began: (tool: string, args: unknown) => void;
  readonly signal: AbortSignal;
};
