import type { Entity } from "../../core/catalogue.ts";
import { ANY_KIND, joins, TARGET_KINDS } from "../../core/change/targets.ts";
import { kindsOf, type Mention, tokensOf } from "../../core/language/link.ts";
import { isFieldWord, STOP_WORDS } from "../../core/language/vocabulary.ts";
import type { Turn } from "./turn.ts";

/** A verb with the part of the question that belongs to it. `start` and `end` are offsets in `plain`. */
export type Clause = {
  readonly type: string;
  readonly start: number;
  readonly end: number /** Where the verb's words end. */;
  readonly verb: number;
};

/** Changes that act on one kind of thing only: draining a service means nothing. */
export const STRICT: ReadonlySet<string> = new Set(["cordon", "uncordon", "drain", "purge_queue", "toggle_flag"]);

/**
 * The things a clause names: of the mentions of the kind that the change acts on, the first one after the verb (or before it,
 * where verbs come last) and those joined to it. Reasons ("because node-1 is slow") name things too, and are left out.
 */
export function targetsIn(turn: Turn, clause: Clause): readonly Entity[] {
  const { read } = turn;
  const kinds = TARGET_KINDS[clause.type] ?? ANY_KIND;
  const spans = read.mentions
    .filter((mention) => mention.first >= 0)
    .map((mention) => ({
      mention,
      start: read.tokens[mention.first]?.start ?? 0,
      end: read.tokens[mention.end - 1]?.end ?? 0,
    }))
    .filter(({ start, end }) => start >= clause.start && start < clause.end && !/^[:*]/.test(read.plain.slice(end)));
  const fit = spans.flatMap((span) => {
    const entity = entityFor(span.mention, kinds);
    return entity === undefined ? [] : [{ ...span, entity }];
  });
  const corrected = fit.findLast(({ start }) => CORRECTION.test(read.plain.slice(clause.start, start)));
  const [lead] = corrected === undefined ? fit : [corrected];
  if (lead === undefined) {
    // A thing of another kind, named plainly beside the verb, is taken as it is: "restart the redis job".
    const other =
      spans.find(
        ({ mention }) => mention.strong && mention.entities.some((entity) => ANY_KIND.includes(entity.kind)),
      ) ?? spans.find(({ mention }) => mention.entities.some((entity) => ANY_KIND.includes(entity.kind)));
    const entity = STRICT.has(clause.type)
      ? undefined
      : other?.mention.entities.find((one) => ANY_KIND.includes(one.kind));
    return entity === undefined ? [] : [entity];
  }
  const targets = [lead.entity];
  let end = lead.end;
  for (const next of fit.slice(fit.indexOf(lead) + 1)) {
    if (clause.type === "failover" || !joins(read.plain.slice(end, next.start))) break;
    if (!targets.some((one) => one.name === next.entity.name)) targets.push(next.entity);
    end = next.end;
  }
  return targets;
}

const CORRECTION =
  /\bno[,.]|\b(?:sorry|i mean|rather|actually|nein|ich meine|digo|perdon|pardon|je veux dire|quer dizer)\b[\s,.]/i;

/** The thing of the first of those kinds that a mention may mean. */
export function entityFor(mention: Mention, kinds: readonly string[]): Entity | undefined {
  for (const kind of kinds) {
    const entity = mention.entities.find((one) => one.kind === kind);
    if (entity !== undefined) return entity;
  }
  return undefined;
}

/** Words that may follow a verb without naming anything. */
const NO_NAMES =
  /^(?:again|now|asap|please|quickly|immediately|urgently|today|tonight|thing|things|stuff|guy|box|one|ones|other|same|last|previous|old|new|bad|broken|whole|entire|deploy|deployment|release|version|change|rollout|that|then|too|also|there|here|just|down|out|back|off|all|some|any|more|less|space|sofort|bitte|wieder|nochmal|jetzt|mal|neu|zuruck|ahora|ya|otra|vez|favor|maintenant|encore|agora|vorige\w*|anterior|precedente|abhi|karo|kar|kardo|dobara|\d.*)$/;

/** A word right after the verb that stands where a name stands and is none: "restart frobnicator". */
export function strangerIn({ read }: Turn, clause: Clause): string | undefined {
  const named = new Set(read.mentions.flatMap(tokensOf));
  for (const [at, token] of read.tokens.entries()) {
    if (token.start < clause.verb || token.start >= clause.end) continue;
    if (named.has(at)) return undefined;
    if (
      STOP_WORDS.has(token.fold) ||
      isFieldWord(token.fold) ||
      NO_NAMES.test(token.fold) ||
      kindsOf(token.fold) !== undefined
    ) {
      if (/^(?:it|that|this|them|because|since|if|when|after|until|es|weil|que|porque|car)$/.test(token.fold))
        return undefined;
      continue;
    }
    return /^[a-z][\w.-]{2,}$/i.test(token.text) ? token.text : undefined;
  }
  return undefined;
}

/** A cache is often called by its software: "flush the redis cache". Taken when exactly one thing is named so. */
export function onlyOne({ catalogue, read }: Turn, type: string): Entity | undefined {
  if (type !== "flush_cache") return undefined;
  const kinds = TARGET_KINDS[type] ?? [];
  const said = read.tokens.map((token) => token.fold).filter((word) => /^(?:redis|memcached|valkey|cache)$/.test(word));
  const found = catalogue.entities.filter(
    (entity) =>
      kinds.includes(entity.kind) &&
      said.some((word) =>
        entity.name
          .toLowerCase()
          .split(/[-_.:]/)
          .includes(word),
      ),
  );
  const names = new Set(found.map((entity) => entity.name));
  return names.size === 1 ? found[0] : undefined;
}
