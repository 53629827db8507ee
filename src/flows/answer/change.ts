import { type Answer, answerOf, askButton } from "../../core/answer.ts";
import type { Entity } from "../../core/catalogue.ts";
import { tooBroad } from "../../core/change/breadth.ts";
import { readOlderThan, readPrefix, readSlot, readSwitch, readVersion } from "../../core/change/parameters.ts";
import { wantsLater } from "../../core/change/schedule.ts";
import { ANY_KIND, sayKinds, sayVerb, TARGET_KINDS } from "../../core/change/targets.ts";
import { findActions } from "../../core/language/actions.ts";
import type { Mention } from "../../core/language/link.ts";
import { fold } from "../../core/language/normalise.ts";
import type { UnknownName } from "../../core/language/spelling.ts";
import { inertName } from "../../util/inert.ts";
import { refuseByText } from "./approvals.ts";
import { lately } from "./focus.ts";
import { later } from "./later.ts";
import { type Clause, entityFor, onlyOne, STRICT, strangerIn, targetsIn } from "./named.ts";
import { maySee, propose, sayAction, type Wish } from "./propose.ts";
import { quiet } from "./quiet.ts";
import { readScale, readSize } from "./sizes.ts";
import type { Turn } from "./turn.ts";

export { approvals } from "./approvals.ts";

/** A request to change something -> stored proposals with status `pending`, or a question back. Nothing runs. */
export async function change(turn: Turn): Promise<Answer> {
  const { read } = turn;
  if (read.intent === "schedule") return later(turn);
  if (onlyAsks(turn)) return onlyAsked(turn);
  const clauses = clausesOf(turn);
  const [first] = clauses;
  if (first === undefined) return wantsLater(read.text) ? later(turn) : (refuseByText(turn) ?? whichChange());
  if (first.type === "silence" || first.type === "unsilence" || first.type === "ack") return quiet(turn, first.type);
  if (first.type === "schedule") return later(turn);
  const wishes: Wish[] = [];
  let before: readonly Entity[] = [];
  for (const clause of clauses) {
    const named = targetsIn(turn, clause);
    const broad = tooBroad(read.plain.slice(clause.start, clause.end), named.length > 0);
    if (broad !== undefined) return refuseBreadth(turn, clause.type, broad);
    const found = named.length > 0 ? { targets: named, facts: [] } : pointedAt(turn, clause, before);
    if (!("targets" in found)) return found;
    for (const target of found.targets) {
      const wish = await wishFor(turn, clause, target);
      if ("verdict" in wish) return wish;
      wishes.push({ ...wish, facts: [...typedAs(turn, target), ...found.facts, ...(wish.facts ?? [])] });
    }
    before = found.targets;
  }
  // "restart one … no, restart the whole deployment" asks for one thing.
  const apart = wishes.filter(
    (wish, at) => !wishes.slice(at + 1).some((next) => next.type === wish.type && next.target === wish.target),
  );
  const answer = await propose(turn, apart);
  const stray = read.unknown.filter(
    (one) =>
      one.sure && wishes.every((wish) => !Object.values(wish.params).includes(one.text) && wish.target !== one.text),
  );
  return stray.length === 0
    ? answer
    : {
        ...answer,
        details: [
          `I know nothing called ${stray.map((one) => inertName(one.text)).join(", ")}; that part is not in the proposal.`,
          ...answer.details,
        ],
      };
}

const ONLY_ASKS =
  /^(?:and |so )*(?:(?:did|does|do (?:we|i|they|you)|(?:is|are) (?:any|some)(?:one|body)|has|have|had|was|were|who|whos|when|how (?:often|many)|wer|wann|wurde|hat|haben|wie oft|quien|cuando|cuantas veces|se ha|qui|quand|combien|quem|quando|quantas vezes|kisne|kab)\b)/;

/** Asks about a change that somebody made, and wishes for none. */
export function onlyAsks({ read }: Turn): boolean {
  return read.action?.imperative !== true && ONLY_ASKS.test(fold(read.plain));
}

/** "Did anyone roll cart back?" asks, and proposes nothing. */
function onlyAsked({ read }: Turn): Answer {
  const [name] = read.mentions.flatMap((mention) => mention.entities[0]?.name ?? []);
  return answerOf(
    "That reads as a question about a change, so nothing was proposed; I keep no record of who changed what outside this chat.",
    {
      intent: "audit",
      details: [
        "I can say which version runs, when it was deployed, and what restarted, where Prometheus measures it.",
      ],
      next:
        name === undefined
          ? [askButton("Show pending approvals")]
          : [askButton(`version of ${name}`), askButton(`restarts of ${name}`), askButton(`what changed on ${name}`)],
    },
  );
}

/** Each verb of the request with its words: from the end of the clause before to the next verb. */
function clausesOf({ read }: Turn): readonly Clause[] {
  const { plain } = read;
  const actions = findActions(plain);
  if (actions.length === 0) {
    const type = read.action?.type ?? (read.intent === "ack" ? "ack" : undefined);
    return type === undefined ? [] : [{ type, start: 0, end: plain.length, verb: plain.length }];
  }
  return actions.flatMap(({ value, end: verb }, at) => {
    const clause = {
      type: value,
      start: at === 0 ? 0 : (actions[at]?.start ?? 0),
      end: actions[at + 1]?.start ?? plain.length,
      verb,
    };
    return value === "scale" ? scaledApart(plain, clause) : [clause];
  });
}

/** "scale cart to 4 and search to 3": each number with its own thing. */
function scaledApart(plain: string, clause: Clause): readonly Clause[] {
  const parts: Clause[] = [];
  let { start } = clause;
  for (const match of plain
    .slice(clause.start, clause.end)
    .matchAll(/(?<=\d(?: \w+)?)(?:,| and| und| y| et| e| aur)(?= \S+ (?:to|auf|a|à|para|=) ?\d)/g)) {
    parts.push({ ...clause, start, end: clause.start + match.index });
    start = clause.start + match.index + match[0].length;
  }
  return [...parts, { ...clause, start }];
}

function whichChange(): Answer {
  return answerOf("Which change do you mean, and on what?", {
    intent: "clarify",
    details: ["For example: restart the checkout deployment, scale it to 4 replicas, or roll it back."],
    next: [askButton("help")],
  });
}

/** No name in the clause: what it points back to, or a question which one. */
function pointedAt(
  turn: Turn,
  clause: Clause,
  before: readonly Entity[],
): { readonly targets: readonly Entity[]; readonly facts: readonly string[] } | Answer {
  const [unknown] = turn.read.unknown;
  if (unknown?.sure === true || (unknown !== undefined && turn.history.length === 0))
    return nothingCalled(turn, clause.type, unknown);
  if (before.length > 0) return { targets: before, facts: [] };
  const kinds = TARGET_KINDS[clause.type] ?? ANY_KIND;
  const misfit = turn.read.mentions.find(
    (mention) => mention.first >= 0 && mention.entities.some((entity) => ANY_KIND.includes(entity.kind)),
  );
  if (misfit !== undefined && STRICT.has(clause.type)) return wrongKind(turn, clause.type, misfit);
  const stranger = strangerIn(turn, clause);
  if (stranger !== undefined)
    return nothingCalled(turn, clause.type, { text: stranger, near: turn.catalogue.like(stranger, 3) });
  const said = lately(turn, kinds);
  const carried = turn.read.mentions
    .filter((mention) => mention.first < 0)
    .flatMap((mention) => entityFor(mention, kinds) ?? []);
  const found = said.length > 0 ? said : carried;
  const [only] = found;
  if (only !== undefined && found.length === 1)
    return { targets: [only], facts: [`I took ${inertName(only.name)} from what was said before.`] };
  if (found.length === 0) {
    const single = onlyOne(turn, clause.type);
    if (single !== undefined)
      return { targets: [single], facts: [`It is the only ${sayKinds(clause.type)} I know that fits.`] };
    if (unknown !== undefined) return nothingCalled(turn, clause.type, unknown);
  }
  return whichTarget(turn, clause.type, found);
}

function wrongKind(turn: Turn, type: string, mention: Mention): Answer {
  const entity = mention.entities.find((one) => ANY_KIND.includes(one.kind));
  const asked = whichTarget(turn, type, []);
  return {
    ...asked,
    verdict: `${inertName(entity?.name ?? mention.text)} is a ${entity?.kind ?? "thing"}, and I can only propose to ${sayVerb(type)} a ${sayKinds(type)}. Which one?`,
  };
}

function nothingCalled(turn: Turn, type: string, unknown: Pick<UnknownName, "text" | "near">): Answer {
  const verb = sayVerb(type);
  const kinds = TARGET_KINDS[type] ?? ANY_KIND;
  const { text: name, near } = unknown;
  const fit = near.filter((entity) => kinds.includes(entity.kind));
  const offered = fit.length > 0 ? fit : near;
  return answerOf(`I know nothing called ${inertName(name)}, so there is nothing to ${verb}.`, {
    tone: "warning",
    details: [
      ...(offered.length === 0 ? [] : [`Did you mean ${offered.map((entity) => inertName(entity.name)).join(", ")}?`]),
      "Nothing was proposed.",
    ],
    next: offered.slice(0, 3).map((entity) =>
      askButton(
        `${verb} ${entity.name}`,
        turn.read.plain.replace(name, () => entity.name),
      ),
    ),
  });
}

function whichTarget(turn: Turn, type: string, found: readonly Entity[]): Answer {
  const verb = sayVerb(type);
  const kinds = TARGET_KINDS[type] ?? ANY_KIND;
  const candidates =
    found.length > 0 ? found : (kinds.map((kind) => turn.catalogue.ofKind(kind)).find((list) => list.length > 0) ?? []);
  const names = [...new Set(candidates.map((entity) => entity.name))].slice(0, 8);
  const verbed = (name: string): string => `${verb} ${name}${type === "scale" ? countIn(turn) : ""}`;
  return answerOf(`Which ${sayKinds(type)} should I propose to ${verb}?`, {
    intent: "clarify",
    details:
      names.length === 0
        ? ["Please name it."]
        : [
            `${found.length > 0 ? "Several were named before" : "For example"}: ${names.map((name) => inertName(name)).join(", ")}.`,
          ],
    next: names.map((name) => askButton(verbed(name))),
  });
}

function countIn({ read }: Turn): string {
  const count = /\b(\d{1,4})\b/.exec(read.plain)?.[1];
  return count === undefined ? "" : ` to ${count}`;
}

function refuseBreadth(turn: Turn, type: string, why: "everything" | "everything-but" | "all-of-a-kind"): Answer {
  const verb = sayVerb(type);
  const kinds = TARGET_KINDS[type] ?? ANY_KIND;
  const names = (kinds.map((kind) => turn.catalogue.ofKind(kind)).find((list) => list.length > 0) ?? [])
    .slice(0, 3)
    .map((entity) => entity.name);
  const what =
    why === "everything" ? "everything" : why === "everything-but" ? "everything but a few things" : "all of them";
  return answerOf(`I will not propose to ${verb} ${what} at once: that is too broad.`, {
    tone: "warning",
    intent: "remediation",
    details: [
      `Please name which ${sayKinds(type)}; several can stand in one request${
        names.length > 1
          ? `, for example: ${verb} ${names
              .slice(0, 2)
              .map((name) => inertName(name))
              .join(" and ")}`
          : ""
      }.`,
      "Nothing was proposed or changed.",
    ],
    next: names.map((name) => askButton(`${verb} ${name}`)),
  });
}

function typedAs({ read }: Turn, target: Entity): readonly string[] {
  const mention = read.mentions.find(
    (one) => one.typed !== undefined && one.entities.some((entity) => entity.name === target.name),
  );
  return mention?.typed === undefined ? [] : [`I read ${inertName(mention.typed)} as ${inertName(target.name)}.`];
}

/** The change of one thing with its parameters, or the question that is still open. */
async function wishFor(turn: Turn, clause: Clause, target: Entity): Promise<Wish | Answer> {
  const { read } = turn;
  const text = read.plain.slice(clause.start, clause.end);
  const names = read.mentions.map((mention) => mention.text);
  const base = { type: clause.type, target: target.name };
  switch (clause.type) {
    case "scale":
      return readScale(turn, target, text, names);
    case "set_limit":
    case "resize_volume":
      return readSize(turn, clause.type, target, text);
    case "rollback":
    case "deploy": {
      const version = readVersion(text, names);
      if (version === undefined && clause.type === "deploy")
        return answerOf(`Which version of ${inertName(target.name)} should be deployed?`, {
          intent: "clarify",
          details: ["For example: deploy v2.3.0 of it."],
        });
      return {
        ...base,
        params: version === undefined ? {} : { version },
        facts: version === undefined ? ["No version was named: the one before the current is meant."] : [],
      };
    }
    case "toggle_flag": {
      const state = readSwitch(text);
      if (state === undefined)
        return answerOf(`Should the flag ${inertName(target.name)} be on or off?`, {
          intent: "clarify",
          details: ["Which one is it?"],
          next: [askButton(`turn on ${target.name}`), askButton(`turn off ${target.name}`)],
        });
      return { ...base, params: { state } };
    }
    case "kill_queries": {
      const seconds = readOlderThan(text);
      return {
        ...base,
        params: seconds === undefined ? {} : { longer_than_seconds: seconds },
        facts: seconds === undefined ? ["No age was named: which queries are meant is decided with the approval."] : [],
      };
    }
    case "flush_cache": {
      const prefix = readPrefix(text);
      return {
        ...base,
        params: prefix === undefined ? {} : { prefix },
        facts: prefix === undefined ? ["No prefix was named: all keys are meant."] : [],
      };
    }
    case "drop_replication_slot": {
      const slot = target.kind.startsWith("slot") ? target.name : readSlot(text, names);
      if (slot === undefined)
        return answerOf(`Which replication slot of ${inertName(target.name)} should I propose to drop?`, {
          intent: "clarify",
          details: ["Please name which slot. For example: drop the replication slot analytics."],
        });
      const on = target.kind.startsWith("slot")
        ? read.mentions.flatMap((mention) => entityFor(mention, ["host", "database"]) ?? [])[0]?.name
        : target.name;
      return { type: clause.type, target: slot, params: on === undefined ? {} : { on } };
    }
    case "failover": {
      const to = read.mentions
        .flatMap((mention) => entityFor(mention, ["host", "database", "service"]) ?? [])
        .find((entity) => entity.name !== target.name);
      return { ...base, params: to === undefined ? {} : { to: to.name } };
    }
    case "stop":
      // "kill" of a pod deletes it: its controller starts another.
      return target.kind === "pod" && /\b(?:kill|terminate|mata|tue)\b/.test(fold(text))
        ? { type: "delete_pod", target: target.name, params: {} }
        : { ...base, params: {} };
    default:
      return { ...base, params: {} };
  }
}

/** What the bot did: what it answered, and which changes were asked for, decided and run. */
export async function audit(turn: Turn): Promise<Answer> {
  const since = turn.read.window?.from ?? turn.now - 86_400;
  const [answers, all] = await Promise.all([
    turn.store.evidence.since(since, 200),
    turn.store.proposals.find({ since, limit: 200 }),
  ]);
  const asked = all.filter((proposal) => maySee(turn, proposal));
  const ran = asked.filter(({ startedAt }) => startedAt !== undefined);
  // How much others asked, of sources that are closed here, is none of this person's business.
  const details =
    turn.question.sources !== undefined
      ? []
      : [
          `${answers.length} question${answers.length === 1 ? "" : "s"} answered with ${answers.reduce((sum, answer) => sum + answer.queries, 0)} queries, ${asked.length} proposal${asked.length === 1 ? "" : "s"} noted.`,
        ];
  return answerOf(
    ran.length === 0
      ? "I executed no actions."
      : `I executed ${ran.length} action${ran.length === 1 ? "" : "s"}, each approved on its card.`,
    {
      tone: "good",
      details,
      list: asked
        .slice(0, 20)
        .map(
          ({ id, spec, status, note }) =>
            `${id}: ${sayAction(spec.action)} (${status.replace("_", " ")}${note === undefined || status === "pending" ? "" : `: ${inertName(note)}`})`,
        ),
    },
  );
}
