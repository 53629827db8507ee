import { type Answer, answerOf, askButton } from "../../core/answer.ts";
import type { Entity } from "../../core/catalogue.ts";
import { quote } from "../../core/concept.ts";
import { readDurations } from "../../core/language/duration.ts";
import { fold } from "../../core/language/normalise.ts";
import type { ProposedAction } from "../../core/proposal.ts";
import { formatDuration } from "../../core/units.ts";
import { inertName } from "../../util/inert.ts";
import type { Turn } from "./turn.ts";

/** What each change acts on, in the order in which a name is taken. */
const TARGET_KINDS: Readonly<Record<string, readonly string[]>> = {
  restart: ["deployment", "service", "statefulset", "daemonset", "pod", "host"],
  scale: ["deployment", "horizontalpodautoscaler", "service"],
  rollback: ["deployment", "service"],
  pause: ["deployment", "service"],
  resume: ["deployment", "service"],
  delete_pod: ["pod", "deployment", "service"],
  cordon: ["node", "host"],
  uncordon: ["node", "host"],
  drain: ["node", "host"],
  free_disk: ["host", "node"],
  rotate_logs: ["host", "node", "service"],
  purge_queue: ["queue"],
  flush_cache: ["host", "service"],
  kill_queries: ["database", "host"],
  vacuum: ["database", "host"],
  failover: ["host", "database"],
  renew_certificate: ["domain"],
  toggle_flag: ["flag"],
  rerun_pipeline: ["project", "pipeline"],
  cancel_pipeline: ["project", "pipeline"],
};

/** A request to change something -> a stored proposal with status `pending`. Nothing runs. */
export async function change(turn: Turn): Promise<Answer> {
  if (turn.read.intent === "schedule") return schedule(turn);
  const type = turn.read.action?.type ?? (turn.read.intent === "ack" ? "ack" : "");
  if (type === "") return whichChange();
  if (type === "silence" || type === "unsilence" || type === "ack") return quiet(turn, type);
  const target = targetOf(turn, type);
  if (target === undefined) return whichTarget(turn, type);
  if (type === "scale") return scale(turn, target);
  return propose(turn, { type, target: target.name, params: paramsOf(turn, type) });
}

function whichChange(): Answer {
  return answerOf("Which change do you mean, and on what?", { intent: "clarify", details: ["For example: restart the checkout deployment, scale it to 4 replicas, or roll it back."] });
}

type Target = { readonly name: string; readonly entity: Entity | undefined };

function targetOf(turn: Turn, type: string): Target | undefined {
  const kinds = TARGET_KINDS[type] ?? ["deployment", "service", "host"];
  for (const mention of turn.read.mentions) {
    for (const kind of kinds) {
      const entity = mention.entities.find((one) => one.kind === kind);
      if (entity !== undefined) return { name: entity.name, entity };
    }
  }
  const any = turn.read.mentions.find((mention) => mention.strong) ?? turn.read.mentions.find((mention) => mention.entities.some((entity) => STRONG_KINDS.has(entity.kind)));
  const entity = any?.entities[0];
  return entity === undefined ? undefined : { name: entity.name, entity };
}

const STRONG_KINDS = new Set(["service", "deployment", "host", "node", "queue", "database", "domain", "pod", "project", "flag", "horizontalpodautoscaler"]);

function whichTarget(turn: Turn, type: string): Answer {
  const [unknown] = turn.read.unknown;
  const verb = type.replaceAll("_", " ");
  if (unknown !== undefined) {
    return answerOf(`I know nothing called ${inertName(unknown.text)}, so there is nothing to ${verb}.`, {
      tone: "warning",
      details: unknown.near.length === 0 ? [] : [`Did you mean ${unknown.near.map((entity) => inertName(entity.name)).join(", ")}?`],
      next: unknown.near.slice(0, 3).map((entity) => askButton(`${verb} ${entity.name}`)),
    });
  }
  const kinds = TARGET_KINDS[type] ?? ["service"];
  const candidates = kinds.map((kind) => turn.catalogue.ofKind(kind)).find((list) => list.length > 0) ?? [];
  return answerOf(`Which ${kinds[0] === "deployment" ? "service or deployment" : (kinds[0] ?? "service")} should I propose to ${verb}?`, {
    intent: "clarify",
    details: candidates.length === 0 ? [] : [`For example: ${candidates.slice(0, 8).map((entity) => inertName(entity.name)).join(", ")}.`],
    next: candidates.slice(0, 8).map((entity) => askButton(`${verb} ${entity.name}`)),
  });
}

async function scale(turn: Turn, target: Target): Promise<Answer> {
  const text = fold(turn.read.plain);
  const current = await currentReplicas(turn, target.name);
  const wanted = wantedReplicas(text, target.name, current);
  if (wanted === undefined) {
    return answerOf(`To how many replicas should ${inertName(target.name)} be scaled?`, {
      intent: "clarify",
      details: current === undefined ? [] : [`It has ${current} now.`],
      next: current === undefined ? [] : [current + 1, current * 2].map((count) => askButton(`scale ${target.name} to ${count} replicas`)),
    });
  }
  if (wanted === "unknown-current") {
    return answerOf(`I cannot tell how many replicas ${inertName(target.name)} has now, so please give the number you want.`, { intent: "clarify", details: ["Which number of replicas should it be? kube_deployment_spec_replicas has no series for it."] });
  }
  const proposed = await propose(turn, { type: "scale", target: target.name, params: { replicas: wanted } });
  return current === undefined ? proposed : { ...proposed, details: [`It has ${current} replica${current === 1 ? "" : "s"} now.`, ...proposed.details], values: [{ name: `replicas of ${target.name}`, value: current, unit: "count", labels: {}, at: turn.now }] };
}

async function currentReplicas(turn: Turn, name: string): Promise<number | undefined> {
  if (!turn.catalogue.metrics.has("kube_deployment_spec_replicas")) return undefined;
  const answer = await turn.ask.instant(`kube_deployment_spec_replicas{deployment=${quote(name)}}`);
  return answer.ok ? answer.data[0]?.value : undefined;
}

const NUMBER_WORDS: Readonly<Record<string, number>> = { a: 1, an: 1, one: 1, another: 1, two: 2, three: 3, four: 4, five: 5, six: 6, ein: 1, eine: 1, einen: 1, zwei: 2, drei: 3, vier: 4, un: 1, una: 1, uno: 1, une: 1, deux: 2, trois: 3, dos: 2, tres: 3, um: 1, uma: 1, dois: 2, duas: 2, ek: 1, do: 2, teen: 3, quatre: 4, cuatro: 4, quatro: 4, couple: 2, extra: 1, more: 1, additional: 1 };

function wantedReplicas(text: string, target: string, current: number | undefined): number | "unknown-current" | undefined {
  const rest = text.replace(fold(target), " ");
  const relative = (change: (now: number) => number): number | "unknown-current" => (current === undefined ? "unknown-current" : Math.max(0, Math.round(change(current))));
  if (/\b(?:double|twice|verdoppl\w*|duplica\w*|doubl\w*|dobr\w*|dugna)\b|\bx ?2\b|\b2x\b/.test(rest)) return relative((now) => now * 2);
  if (/\b(?:triple|tripl\w*|3x|x ?3|verdreifach\w*)\b/.test(rest)) return relative((now) => now * 3);
  if (/\b(?:half|halve|halbier\w*|mitad|moitie|metade|aadha)\b/.test(rest)) return relative((now) => Math.max(1, now / 2));
  const number = (word: string | undefined): number | undefined => (word === undefined ? undefined : /^\d+$/.test(word) ? Number(word) : NUMBER_WORDS[word]);
  const to = /\b(?:to|auf|a|vers|para|at|=|tak|sur)\s*:?\s*(\d{1,4}|zero|one|two|three|four|five|six|seven|eight|nine|ten)\b/.exec(rest)?.[1];
  const toNumber = to === undefined ? undefined : /^\d+$/.test(to) ? Number(to) : ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"].indexOf(to);
  const signed = /(?<!\w)([+-])\s?(\d{1,3})\b/.exec(rest);
  if (signed?.[2] !== undefined) return relative((now) => now + (signed[1] === "-" ? -1 : 1) * Number(signed[2]));
  const by = /\bby (\d{1,3}|one|two|three)\b/.exec(rest)?.[1];
  const isDown = /\b(?:down|remove|reduce|fewer|less|minus|weniger|entfern\w*|quita\w*|reduc\w*|enleve\w*|retire\w*|remov\w*|decrease|shrink|drop|kam|hata\w*)\b/.test(rest);
  if (by !== undefined) return relative((now) => now + (isDown ? -1 : 1) * (number(by) ?? 0));
  if (toNumber !== undefined && toNumber >= 0) return toNumber;
  const more = /\b(\d{1,3}|a|an|one|two|three|four|five|another|ein|eine|einen|zwei|drei|una?|dos|tres|une|deux|trois|uma?|dois|duas|ek|teen|couple)\s+(?:more|extra|additional|further|weitere\w*|zusatzliche\w*|mehr|mas|adicional\w*|de plus|supplementaires?|a mais|aur|other|fewer|less|weniger|menos|moins)?\s*(?:of\s+)?(?:more\s+)?(?:replicas?|pods?|instances?|instanz\w*|replikas?|instancias?|replicat?s?|replique\w*)\b/.exec(rest)?.[1];
  if (/\b(?:add|remove|plus|minus|more|extra|another|additional|fewer|less|hinzu\w*|fug\w*|weitere\w*|anade|agrega|quita|ajoute\w*|enleve\w*|retire\w*|adiciona\w*|mais|mas|jodo|badha\w*)\b/.test(rest) && more !== undefined) {
    return relative((now) => now + (isDown ? -1 : 1) * (number(more) ?? 1));
  }
  const plain = /\b(\d{1,4})\s*(?:replicas?|pods?|instances?|instanzen|replikas?|instancias?|replique\w*|copies)?\b/.exec(rest)?.[1];
  return plain === undefined ? undefined : Number(plain);
}

function paramsOf(turn: Turn, type: string): Record<string, string | number> {
  const params: Record<string, string | number> = {};
  const version = /\bv?\d+\.\d+(?:\.\d+)?\b/.exec(turn.read.plain)?.[0];
  if (type === "rollback" && version !== undefined) params["version"] = version;
  if (type === "toggle_flag") params["state"] = /\b(?:off|disable\w*|deactivate|aus|desactiv\w*|desliga\w*)\b/i.test(turn.read.plain) ? "off" : "on";
  const seconds = readDurations(turn.read.plain)[0]?.seconds;
  if ((type === "kill_queries" || type === "pause") && seconds !== undefined) params["longer_than_seconds"] = seconds;
  return params;
}

/** Silences and acknowledgements name an alert, a thing, or everything. */
async function quiet(turn: Turn, type: string): Promise<Answer> {
  const { read } = turn;
  const target = alertNamed(turn) ?? turn.read.mentions[0]?.entities[0]?.name;
  if (target === undefined) {
    const verb = type === "ack" ? "acknowledge" : type;
    const everything = /\b(?:all|every|everything|alle|alles|todas?|todos|toutes?|tous|tudo|sab|sabhi)\b/i.test(read.plain);
    const [unknown] = read.unknown;
    if (unknown !== undefined) return answerOf(`I know no alert or thing called ${inertName(unknown.text)}.`, { tone: "warning", details: unknown.near.map((entity) => `Did you mean ${inertName(entity.name)}?`) });
    return answerOf(everything ? `I will not ${verb} every alert at once: that is too broad.` : `Which alert should I propose to ${verb}?`, {
      intent: everything ? type === "ack" ? "ack" : "silence" : "clarify",
      details: ["Please name which alert, service or host, and for how long. For example: silence HighErrorRate for 1h."],
      next: [askButton("Show active alerts")],
    });
  }
  const seconds = read.window?.seconds ?? readDurations(read.plain)[0]?.seconds ?? (read.ahead === undefined ? undefined : read.ahead.seconds);
  const params: Record<string, string | number> = {};
  if (type === "silence") {
    const length = Math.round(seconds ?? 3600);
    params["duration"] = shortDuration(length);
    params["seconds"] = length;
  }
  return propose(turn, { type, target, params });
}

function shortDuration(seconds: number): string {
  if (seconds % 86_400 === 0) return `${seconds / 86_400}d`;
  if (seconds % 3600 === 0) return `${seconds / 3600}h`;
  return seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`;
}

/** The alert a question names: one that is known, or a word written like one (TwoCapitals). */
export function alertNamed(turn: Turn): string | undefined {
  const known = turn.catalogue.metrics.get("ALERTS")?.labels.get("alertname") ?? [];
  const folded = turn.read.text.toLowerCase();
  const hit = [...known].sort((a, b) => b.length - a.length).find((name) => folded.includes(name.toLowerCase()));
  return hit ?? /\b[A-Z][a-z0-9]+(?:[A-Z][a-z0-9]*)+\b/.exec(turn.read.text)?.[0];
}

/** Digests and reminders are not posted in this version; the wish is kept as a proposal. */
async function schedule(turn: Turn): Promise<Answer> {
  const { read } = turn;
  const text = fold(read.plain);
  if (/\b(?:cancel|delete|remove|stop|unsubscribe|losch\w*|abbestell\w*|cancela\w*|elimina\w*|annule\w*|supprime\w*|desliga\w*|band)\b/.test(text)) return answerOf("There is no such schedule, so nothing was cancelled.", { details: ["This version keeps no schedules."] });
  if (/\b(?:list|show|which|what|my|welche|zeig\w*|muestra|liste|mostra\w*)\b/.test(text) && read.schedule === undefined) return answerOf("No schedules: nothing is scheduled.", { details: ["This version posts no digests yet."] });
  const cron = read.schedule?.cron;
  const what = /\b(?:summary|report|digest|overview|zusammenfassung|bericht|resumen|informe|resume|rapport|resumo|relatorio|status)\b/.test(text) ? "summary" : /\bremind\w*|erinner\w*|recuerda\w*|rappel\w*|lembr\w*|yaad\b/.test(text) ? "reminder" : "report";
  if (cron === undefined && read.ahead === undefined) {
    return answerOf(`When should the ${what} come?`, { intent: "clarify", details: ["Which time and how often? For example: send me a summary every day at 9:00."] });
  }
  const target = `${dailyWord(cron)}${what}`;
  const params: Record<string, string | number> = cron === undefined ? { at: new Date(((read.ahead?.to ?? turn.now) as number) * 1000).toISOString() } : { cron, zone: turn.zone };
  const said = cron === undefined ? "once" : sayCron(cron, turn.zone);
  const answer = await propose(turn, { type: "schedule", target, params });
  return { ...answer, verdict: `Noted as a proposal: ${target}, ${said}.`, details: ["Scheduled messages are not posted by this version yet; the wish is kept and waits for approval."] };
}

function dailyWord(cron: string | undefined): string {
  if (cron === undefined) return "";
  const [, hour, , , weekday] = cron.split(" ");
  if (weekday !== "*") return "weekly ";
  return hour === "*" ? "hourly " : "daily ";
}

/** A cron line of ours in words: "every day at 09:00 UTC". */
function sayCron(cron: string, zone: string): string {
  const [minute = "*", hour = "*", , , weekday = "*"] = cron.split(" ");
  if (/^\d+$/.test(minute) && /^\d+$/.test(hour)) {
    const days = weekday === "*" ? "day" : weekday === "1-5" ? "weekday" : `week on day ${weekday}`;
    return `every ${days} at ${hour.padStart(2, "0")}:${minute.padStart(2, "0")} ${zone}`;
  }
  return `on the schedule ${cron} (${zone})`;
}

async function propose(turn: Turn, wish: { readonly type: string; readonly target: string; readonly params: Readonly<Record<string, string | number>> }): Promise<Answer> {
  const action: ProposedAction = { ...wish, status: "pending", executed: false };
  const { question } = turn;
  const id = turn.newId();
  await turn.store.proposals.insert({
    id,
    action,
    requester: { platform: question.user.platform, id: question.user.id, name: question.user.name },
    place: question.place,
    at: turn.now,
  });
  const params = Object.entries(wish.params)
    .filter(([name]) => name !== "seconds" && name !== "zone")
    .map(([name, value]) => `${name} ${inertName(String(value))}`)
    .join(", ");
  return answerOf(`Proposed: ${wish.type.replaceAll("_", " ")} ${inertName(wish.target)}${params === "" ? "" : ` (${params})`}. It waits for approval.`, {
    tone: "warning",
    details: ["Nothing was changed. No text in the chat approves it, and this version does not execute proposals.", `Proposal ${id}.`],
    proposals: [action],
    next: [askButton("Show pending approvals"), askButton(`How is ${wish.target}?`, `how is ${wish.target} doing`)],
    notes: wish.type === "silence" ? [`The silence would last ${formatDuration(Number(wish.params["seconds"] ?? 3600))}.`] : [],
  });
}

/** Proposals that wait. Approving by text is not possible, and said so. */
export async function approvals(turn: Turn): Promise<Answer> {
  const text = fold(turn.read.plain);
  const wanted = /\b(?:approve|deny|reject|accept|confirm|freigeb\w*|genehmig\w*|ablehn\w*|apruebo|aprobar|aprueba|approuve\w*|rejet\w*|aprov\w*|rejeit\w*|manjoor)\b\s+(?:proposal\s+|request\s+|action\s+|#)?([a-z]*-?\d[\w-]*|#\d+)/.exec(text)?.[1];
  const pending = await turn.store.proposals.pending(50);
  if (wanted !== undefined) {
    const known = pending.find((proposal) => proposal.id === wanted);
    return answerOf(known === undefined ? `There is no pending proposal ${inertName(wanted)}.` : `Proposal ${inertName(wanted)} is not approved: text never approves anything.`, {
      tone: "warning",
      details: ["Approvals are given with buttons by the people whom the policy names; nothing was approved or changed by this message."],
    });
  }
  if (pending.length === 0) return answerOf("No pending approvals: nothing waits for a decision.", { tone: "good" });
  return answerOf(`${pending.length} proposal${pending.length === 1 ? "" : "s"} wait${pending.length === 1 ? "s" : ""} for approval.`, {
    list: pending.map(({ id, action, requester }) => `${id}: ${action.type} ${inertName(action.target)}, asked by ${inertName(requester.name)}`),
  });
}

/** What the bot did: it answers questions and stores proposals, and changed nothing. */
export async function audit(turn: Turn): Promise<Answer> {
  const since = turn.read.window?.from ?? turn.now - 86_400;
  const [answers, pending] = await Promise.all([turn.store.evidence.since(since, 200), turn.store.proposals.pending(200)]);
  const asked = pending.filter((proposal) => proposal.at >= since);
  const details = [`${answers.length} question${answers.length === 1 ? "" : "s"} answered with ${answers.reduce((sum, answer) => sum + answer.queries, 0)} queries, ${asked.length} proposal${asked.length === 1 ? "" : "s"} noted.`];
  return answerOf("I executed no actions: this version only asks, answers and notes proposals.", { tone: "good", details, list: asked.slice(0, 20).map((proposal) => `${proposal.id}: ${proposal.action.type} ${inertName(proposal.action.target)} (pending)`) });
}
