import type { Catalogue } from "../../core/catalogue.ts";
import type { Question } from "../../core/chat.ts";
import type { ConceptPacks } from "../../core/concept.ts";
import type { ConceptIndex } from "../../core/language/subject.ts";
import type { Understanding } from "../../core/language/understand.ts";
import type { Identity } from "../../core/people.ts";
import type { Suggester } from "../../ports/chat.ts";
import type { AlertRouter, Metrics } from "../../ports/metrics.ts";
import type { Store, Turn as StoredTurn } from "../../ports/store.ts";
import type { Asker } from "./asker.ts";

/** Everything one question is answered with. Made once per question; answerers only read it and ask. */
export type Turn = {
  readonly question: Question;
  readonly read: Understanding;
  readonly ask: Asker;
  readonly catalogue: Catalogue;
  readonly packs: ConceptPacks;
  readonly index: ConceptIndex;
  /** Unix seconds. */
  readonly now: number;
  readonly zone: string;
  readonly store: Store;
  readonly sources: readonly Metrics[];
  /** "closed": there is one, and whoever asks may not read it. */
  readonly alertmanager: AlertRouter | "closed" | undefined;
  readonly history: readonly StoredTurn[];
  readonly signal: AbortSignal;
  readonly newId: () => string;
  readonly suggest: Suggester;
  /** The person who asks, as the configuration links accounts. */
  readonly person: Identity;
};
