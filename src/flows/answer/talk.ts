import { type Answer, answerOf, askButton } from "../../core/answer.ts";
import { isElsewhere } from "../../core/change/topics.ts";
import { fold } from "../../core/language/normalise.ts";
import { inertName } from "../../util/inert.ts";
import { refuseByText } from "./approvals.ts";
import { EXAMPLES } from "./help.ts";
import type { Turn } from "./turn.ts";

export { help } from "./help.ts";

/** Courtesies. "Yes, do it" after a proposal is none: it is told that text approves nothing. */
export function smalltalk(turn: Turn): Answer {
  const refused = refuseByText(turn);
  if (refused !== undefined) return refused;
  const text = fold(turn.read.text);
  if (
    /\b(?:thanks?|thx|ty|cheers|danke|gracias|merci|obrigad[oa]|dhanyavad|shukriya|awesome|great|nice|perfect|good (?:job|bot|work)|well done|super|genial|excelente)\b/.test(
      text,
    )
  )
    return answerOf("You're welcome. Glad to help; ask any time.", { tone: "good" });
  if (/\b(?:bye|good ?night|see you|tschuss|ciao|adios|au revoir|tchau|alvida|good ?bye)\b/.test(text))
    return answerOf("Bye. I keep watching nothing by myself yet, but I answer any time you ask.");
  if (
    /\b(?:who are you|what are you|your name|are you (?:a |an )?(?:bot|human|real|ai)|wer bist|quien eres|qui es|quem e)\b/.test(
      text,
    )
  )
    return answerOf(
      "I am SmartCloudOps, a bot that answers questions about your systems from Prometheus. Say help to see what you can ask.",
      { next: [askButton("help")] },
    );
  if (/\bhow are you|wie geht|como estas|comment (?:ca va|vas)|tudo bem|kaise ho\b/.test(text))
    return answerOf("Hello, I am fine. Ask me how your systems are: status gives the overview.", {
      next: [askButton("status")],
    });
  return answerOf("Hello. Ask me about your systems, for example status, or say help.", {
    next: EXAMPLES.map((text_) => askButton(text_)),
  });
}

export function outOfScope(): Answer {
  return answerOf("Sorry, I can't help with that: I only answer questions about your systems from Prometheus.", {
    details: ["Say help to see what you can ask."],
    next: EXAMPLES.map((text) => askButton(text)),
  });
}

/** One sentence, and nothing of what was sent is repeated. */
export function hostile(turn: Turn): Answer {
  switch (turn.read.hostile) {
    case "secrets":
      return answerOf("I can't show that: I don't reveal credentials, configuration or internal instructions.", {
        tone: "warning",
      });
    case "bypass":
      return answerOf(
        "I can't do that: approvals are given only with buttons by the people whom the policy names, and no text replaces them. Nothing was changed.",
        { tone: "warning" },
      );
    default:
      return answerOf(
        "I can't do that: I run no commands and take no instructions of that kind. Nothing was changed.",
        { tone: "warning" },
      );
  }
}

/** The question fits several things, or none well enough: says which, and asks. */
export function unclear(turn: Turn): Answer {
  const { read } = turn;
  const refused = refuseByText(turn);
  if (refused !== undefined) return refused;
  if (isElsewhere(read.plain)) return { ...outOfScope(), intent: "out_of_scope" };
  const [unknown] = read.unknown;
  if (unknown !== undefined) return unknownName(turn);
  const candidates = read.subjects.filter((subject) => subject.score > 0.25).slice(0, 4);
  if (candidates.length > 0) {
    const names = [...new Set(candidates.map((subject) => subject.bound.concept.name))];
    return answerOf(`What do you mean exactly: ${names.join(", ")}?`, {
      intent: "clarify",
      details: ["Please name which service, host or metric you want."],
      next: names.map((name) => askButton(name)),
    });
  }
  const name = read.mentions[0]?.entities[0]?.name;
  if (name !== undefined)
    return answerOf(`What do you want to know about ${inertName(name)}?`, {
      intent: "clarify",
      details: ["Which measure: latency, errors, traffic, cpu, memory?"],
      next: [askButton(`how is ${name} doing`), askButton(`alerts for ${name}`)],
    });
  return answerOf("What do you mean? Please name a service, host or metric.", {
    intent: "clarify",
    details: ["For example: p95 latency of a service, cpu of a host, or status for everything. Which one is it?"],
    next: EXAMPLES.map((text) => askButton(text)),
  });
}

/** A name that nothing here has. The nearest ones are offered, none is assumed. */
export function unknownName(turn: Turn): Answer {
  const [unknown] = turn.read.unknown;
  const name = inertName(unknown?.text ?? "");
  const near = unknown?.near ?? [];
  return answerOf(`I know nothing called “${name}”: no such service, host or label value in Prometheus.`, {
    tone: "warning",
    details:
      near.length === 0
        ? ["Ask “list all services” or “list all hosts” to see what there is."]
        : [`Did you mean ${near.map((entity) => `${inertName(entity.name)} (${entity.kind})`).join(", ")}?`],
    next: near.slice(0, 3).map((entity) =>
      askButton(
        entity.name,
        turn.read.plain.replace(unknown?.text ?? "", () => entity.name),
      ),
    ),
  });
}

/**
 * A word that only names of metrics have, asked together with another measure: no thing of that name has one, and what the
 * others have is no answer.
 */
export function noThingCalled(turn: Turn, text: string): Answer {
  const names = turn.catalogue.search(text, 3).map(({ metric }) => metric.name);
  return answerOf(`I know nothing called “${inertName(text)}”: no such service, host or label value in Prometheus.`, {
    tone: "warning",
    details:
      names.length === 0 ? [] : [`Metrics that fit the word: ${names.map((name) => inertName(name)).join(", ")}.`],
    next: names.map((name) => askButton(name)),
  });
}

/** The thread so far, as its questions and first lines of answers. */
export function summary(turn: Turn): Answer {
  const pairs: string[] = [];
  let asked: string | undefined;
  for (const said of turn.history) {
    if (said.author === "person") asked = said.text;
    else if (asked !== undefined) {
      pairs.push(`${inertName(asked, { max: 120 })} → ${inertName(said.text.split("\n")[0] ?? "", { max: 160 })}`);
      asked = undefined;
    }
  }
  if (pairs.length === 0)
    return answerOf("There is nothing to summarise yet: nobody asked me anything in this thread.");
  return answerOf(`This thread so far: ${pairs.length} question${pairs.length === 1 ? "" : "s"}.`, {
    list: pairs.slice(-15),
    notes: pairs.length > 15 ? [`${pairs.length - 15} earlier ones are left out.`] : [],
  });
}
