import type { Intent } from "./classify.ts";
import { isThing } from "./delexicalise.ts";
import { kindsOf } from "./link.ts";
import { fold } from "./normalise.ts";
import type { Context, Memory, Understanding } from "./understand.ts";

/** Intents whose answer is a number of one subject; which of them is meant follows from the subject. */
const MEASURES: ReadonlySet<Intent> = new Set<Intent>([
  "resource_usage",
  "golden_signal",
  "metric_query",
  "k8s_state",
  "capacity",
  "slo",
  "cert_expiry",
  "ci_status",
  "deploy_status",
  "health_check",
]);

/** The same measure again: of another thing, at another time, or ahead. */
function continuedIntent(
  read: Pick<Understanding, "offset" | "ahead" | "ranking" | "subjects">,
  memory: Memory,
): Intent {
  if (read.offset !== undefined) return "compare";
  if (read.ahead !== undefined) return "forecast";
  if (memory.intent === "top_k" && read.ranking !== undefined) return "top_k";
  if (memory.intent === "forecast" || memory.intent === "anomaly") return memory.intent;
  const own = read.subjects[0]?.bound.concept.intent as Intent | undefined;
  return MEASURES.has(memory.intent) ? memory.intent : (own ?? "metric_query");
}

const ALIVE =
  /\b(?:up|alive|reachable|online|responding|responds?|erreichbar|en ligne|repond|no ar|zinda)\b\W*(?:now|right now|again|still|yet|today|gerade|jetzt)?\W*$/;

/** Intents that a new name alone continues: "and for checkout?" after the alerts of something else. */
const RESUMED: ReadonlySet<Intent> = new Set<Intent>([
  "alerts",
  "status_overview",
  "anomaly",
  "root_cause",
  "health_check",
]);

/** A clear sign lifts even what the classifier thought impossible: it has not seen every wording. */
const FLOOR = -3.5;

const SCHEDULING =
  /\bschedul\w*|\b(?:reports?|digests?|summary|summaries|remind\w*|notify|notification settings|tell (?:me|us) (?:when|once|as soon as)|let me know|ping (?:me|us)|watch|alert (?:me|us)|warn (?:me|us)|bescheid|benachrichtig\w*|previens|avertis|alerte moi|avis[ae]\w*|bata dena|batana|subscrib\w*|daily|weekly|monthly|hourly|every (?:day|week|month|morning|evening|hour|\d+|mon\w*|tue\w*|wed\w*|thu\w*|fri\w*|sat\w*|sun\w*)|bericht\w*|zusammenfassung|erinner\w*|resumen\w*|informe\w*|recuerd\w*|rapport\w*|rappel\w*|resumo\w*|relatorio\w*|lembr\w*|report bhej\w*|yaad)\b/;
/** "and all alerts for pg-1?": only shows them. Requests to silence them have a verb, a negation or a length of time. */
const PLAIN_ALERTS =
  /^\W*(?:and |und |y |et |e |aur )?(?:(?:show|list|give)(?: me)? )?(?:all|every|any|alle|todas|toutes|todos|sab|saare)(?: the| our| las| les| os| as)? (?:\S+ )?(?:alerts?|alarme?s?|alertas|alertes)(?: (?:for|of|on|from|about|fur|von|bei|de|du|do|da|para|pour) \S+)?\W*$/;
const GREETING =
  /^\W*(?:hi+|hello+|hey+|hallo|moin|servus|hola|ola|salut|bonjour|bonsoir|namaste|guten (?:morgen|tag|abend)|good (?:morning|afternoon|evening)|buen[oa]s\b.*|bom dia|boa (?:tarde|noite))\b/;

const WHY =
  /^\W*y (?:is|are|did|does|was|were)\b|\b(?:why|cause|caus(?:es|ed|ing)|reason|root cause|rca|how come|because of what|what(?:'s|s| is| was)? (?:wrong|behind|the problem|the matter|up with|broken) with|what changed|what happened|warum|wieso|weshalb|ursache|grund|por ?que|causa|motivo|pourquoi|raison|kyu+n?|kyo|wajah)\b|\b(?:who|whos|wer|quien|qui|quem|kaun)(?:'s| is| all)? (?:is )?(?:eat\w*|hog\w*|using (?:up )?all|taking (?:up )?all|burning|friss\w*|verbraucht|come|consume|mange|consomme|kha)\b|\bwhat(?:'s|s| is)? (?:eats?|eating|fills?|filling|using up|uses up|taking|takes up|hogging|hogs|slowing|killing)\b|\bwhat(?:'s|s| is) behind\b|\bnois(?:y|iest) neighbou?rs?\b|\bwhere (?:did|does|do) .{3,60} come from\b/;
const VERSUS =
  /\b(?:vs|versus|compared?|comparison|against|than|difference|verglichen|vergleich\w*|gegenuber|comparad[oa]|compara\w*|frente|comparer?|compare|par rapport|tulna)\b/;
const LOGS =
  /\b(?:logs?|traces?|tracing|spans?|stack ?traces?|log ?files?|loglines?|journal|sql (?:statement|text|query)|protokolle?|registros|journaux)\b/;

/** Which of the possible readings it is: the classifier's odds, moved by what was found in the question. */
export function decideIntent(
  read: Omit<Understanding, "intent">,
  context: Context,
  memory: Memory | undefined,
  fromMemory: boolean,
): Intent {
  const text = fold(read.plain);
  if (read.hostile !== undefined) return "hostile";
  if (looksLikePromql(read)) return "promql_query";
  const score = new Map<Intent, number>(read.ranked.map(({ intent, p }) => [intent, Math.log(p + 1e-4)]));
  const add = (intent: Intent, by: number): void => {
    const before = score.get(intent) ?? Math.log(1e-4);
    score.set(intent, (by > 1 ? Math.max(before, FLOOR) : before) + by);
  };
  const odds = (intent: Intent): number => read.ranked.find((one) => one.intent === intent)?.p ?? 0;
  const [subject] = read.subjects;
  // A subject that only the names in the question lead to is no measure that somebody asked for.
  const asked =
    subject !== undefined &&
    [...subject.covered].some(
      (at) => at < 0 || !read.mentions.some((mention) => at >= mention.first && at < mention.end && isThing(mention)),
    );
  const certain = (subject?.score ?? 0) * (asked || fromMemory ? 1 : 0.4);
  const changes = odds("remediation") + odds("silence") + odds("ack") + odds("schedule");
  const isSchedule = read.action?.type === "schedule" && read.schedule === undefined && !SCHEDULING.test(text);
  const ordered = read.action?.imperative === true && opensClause(read) && !isSchedule;
  if (read.action?.imperative && !isSchedule && (ordered || changes > 0.08)) {
    const { type } = read.action;
    add(
      type === "silence" || type === "unsilence"
        ? "silence"
        : type === "ack"
          ? "ack"
          : type === "schedule"
            ? "schedule"
            : "remediation",
      ordered ? 6 : 3.5,
    );
  }
  if (odds("hostile") < 0.97 || certain > 0.3 || read.mentions.length > 0 || memory !== undefined)
    score.set("hostile", Number.NEGATIVE_INFINITY);
  if (/\bquery (?:for|that|to|which|gives?|shows?|returns?|do i)\b/.test(text)) add("promql_query", 5);
  if (/\bpromql\b/.test(text)) add("promql_query", 5);
  if (!/\b(?:promql|quer(?:y|ies)|expression|abfrage|consulta|requete)\b/.test(text)) add("promql_query", -3);
  if (/\bgolden signals?\b/.test(text)) add("status_overview", 8);
  if (
    /\bthan (?:usual|normal|average|expected)\b|\b(?:unusual|abnormal|als (?:sonst|ublich|normal)|de lo (?:normal|habitual)|que d habitude|do que o normal)/.test(
      text,
    )
  )
    add("anomaly", 3.5);
  if (
    read.window !== undefined &&
    /\b(?:since|seit|desde|depuis)\b/.test(text) &&
    /\b(?:chang\w*|grow\w*|grew|gone|went|increas\w*|decreas\w*|risen|rise|rose|drop\w*|fallen|fell|develop\w*|verander\w*|gestiegen|gesunken|cambi\w*|subido|bajado|evolu\w*|augmente|baisse|mud\w*)\b/.test(
      text,
    )
  )
    add("compare", 5.5);
  if (
    /\bschedul\w*|\breminders?\b|\bdigests?\b|\bgeplante\w*|\bprogramad[ao]s\b|\bplanifie\w*|\bagendad[ao]s\b/.test(
      text,
    ) &&
    certain < 0.7
  )
    add("schedule", 2.5);
  if (
    read.action?.imperative !== true &&
    (/\b[A-Z][a-z0-9]+(?:[A-Z][a-z0-9]*)+\b/.test(read.text) ||
      read.tokens.some((token) => context.alertNames.has(token.text.toLowerCase())))
  )
    add("alerts", 2.5);
  if (/^\W*(?:status|overview|sitrep)\W*$/.test(text)) add("status_overview", 8);
  if (read.schedule !== undefined) add("schedule", 3);
  if (
    !/\b(?:bot|you|your|audit|actions?|executed|history|who (?:approved|did|ran|executed|requested|restarted|scaled|changed|rolled|silenced|acked|asked|deleted|triggered)|du|hast|has hecho|tu|vous|voce|tumne|wer hat|quien ha|qui a|quem|kisne)\b/.test(
      text,
    )
  )
    add("audit", -7);
  if (
    /\b(?:tell me when|let me know (?:when|if)|notify me|ping me|alert me|warn me|avisame|sag bescheid|previens moi|me avisa)\b/.test(
      text,
    )
  )
    add("schedule", 7);
  if (/\bapproval (?:rate|ratio)\b/.test(text)) add("approvals", -9);
  if (read.schedule === undefined && !SCHEDULING.test(text)) add("schedule", -7);
  if (
    !/\back\w*|\backnowledg\w*|\b(?:looking into|on it|i (?:have|got|take|own) (?:it|this|that))\b/.test(text) &&
    read.action?.type !== "ack"
  )
    add("ack", -5);
  if (
    /^(?:so )?how many [a-z]+s?(?: do we (?:have|run)| are there| exist| are (?:monitored|running|known))?\W*$/.test(
      text,
    ) &&
    read.tokens.some(
      (token) => kindsOf(token.fold) !== undefined && !/^(?:pod|replica|instance)s?$/.test(token.fold),
    ) &&
    read.mentions.length === 0
  )
    add("discovery", 7);
  if (
    /^(?:what is |whats |show |give me )?(?:the )?(?:overall |current )?(?:state|status|health|condition|zustand|estado|etat) (?:of|von|de|du|do|da)\b|\bnamespace (?:status|state|health)\b/.test(
      text,
    ) &&
    read.unknown.length === 0
  )
    add("status_overview", 6);
  if (
    !asked &&
    read.mentions.some(isThing) &&
    /^\W*(?:so |and |ok )?(?:hows|how (?:is|are|s)|wie (?:geht|lauft|steht)|como (?:esta|va|anda)|comment va|how goes)\b/.test(
      text,
    )
  )
    add("status_overview", 6);
  if (
    /\b(?:not|dont|doesnt|isnt|arent|nicht|no|pas)\s+(?:answer\w*|respond\w*|reply\w*|reachable|report\w*|being scraped|antworte\w*|erreichbar|responde\w*|repond\w*)\b/.test(
      text,
    ) &&
    certain < 0.6
  )
    add("health_check", 6);
  if (GREETING.test(text) && read.tokens.length <= 5 && certain < 0.5) add("smalltalk", 8);
  if (
    /\b(?:lagebericht|uberblick|sup with|whats up with|what is up with|haal|sitrep|handover|resumen general|vue d ensemble|visao geral)\b/.test(
      text,
    ) &&
    read.schedule === undefined &&
    certain < 0.7
  )
    add("status_overview", 4);
  if (
    /\b(?:do we|do you|are we|is there anything|haben wir) (?:collect|monitor\w*|track|record|measure|have metrics)\b|\b(?:surveill\w+|uberwacht|monitore\w+|monitorad\w+)\b/.test(
      text,
    )
  )
    add("discovery", 4);
  if (
    /^(?:please )?(?:list|show|name|enumerate)(?: me)?(?: all)?(?: the| our| known| existing)? [a-z]+s\W*$/.test(
      text,
    ) &&
    read.tokens.some((token) => kindsOf(token.fold) !== undefined) &&
    read.ranking === undefined
  )
    add("discovery", 5);
  if (WHY.test(text))
    add(
      "root_cause",
      /^\W*(?:and |but |so )?(?:why|y (?:is|are|did|does|was|were)|warum|wieso|weshalb|por ?que|pourquoi|kyu+n?)\b/.test(
        text,
      )
        ? 6.5
        : 4,
    );
  if (read.offset !== undefined) add("compare", 3);
  if (
    read.yesNo &&
    ALIVE.test(text) &&
    read.mentions.some((mention) => mention.strong) &&
    read.ranking === undefined &&
    read.threshold === undefined
  )
    add("health_check", 3);
  const things = new Set(read.mentions.map((mention) => mention.text.toLowerCase())).size;
  if (VERSUS.test(text) && things >= 2) add("compare", 5);
  if (read.ahead !== undefined && certain > 0.3)
    add("forecast", certain > 0.4 && subject?.bound.concept.intent === "cert_expiry" ? -1 : 1.2);
  if (read.ranking !== undefined && certain > 0.3)
    add(
      "top_k",
      read.ranking.explicit ||
        !read.mentions.some((mention) => mention.strong) ||
        /\b(?:which|what|who|top|welche\w*|que|cual|quel\w*|qual|kaun\w*)\b/.test(text)
        ? read.mentions.some((mention) => mention.strong)
          ? 2.2
          : 5
        : 0.8,
    );
  if (LOGS.test(text) && !context.catalogue.metrics.has(text))
    add("logs", /\b(?:logs?|traces?)\b/.test(text) ? 4 : 1.5);
  if (certain > 0.45) {
    const own = subject?.bound.concept.intent as Intent | undefined;
    const measured = read.ranked.reduce((sum, { intent, p }) => sum + (MEASURES.has(intent) ? p : 0), 0);
    if (own !== undefined) add(own, (measured > 0.1 ? 2.2 : 0.6) * certain);
    for (const intent of ["out_of_scope", "smalltalk", "clarify"] as const)
      if (odds(intent) < 0.75) add(intent, -2.5 * certain);
  } else if (read.mentions.some((mention) => mention.strong)) {
    for (const intent of ["out_of_scope", "smalltalk"] as const) add(intent, -1.5);
  }
  if (
    memory !== undefined &&
    !fromMemory &&
    certain < 0.5 &&
    things > 0 &&
    RESUMED.has(memory.intent) &&
    read.action?.imperative !== true &&
    !WHY.test(text)
  )
    add(memory.intent, 4);
  if (memory !== undefined && !WHY.test(text)) {
    if (fromMemory && read.action?.imperative !== true) return continuedIntent(read, memory);
    if (memory.intent === "top_k" && read.ranking !== undefined) add("top_k", 3);
    for (const intent of ["out_of_scope", "smalltalk", "clarify", "help"] as const) add(intent, -2.5);
    if (read.action?.imperative !== true)
      for (const intent of ["remediation", "silence", "ack", "schedule", "approvals"] as const) add(intent, -5);
  }
  if (PLAIN_ALERTS.test(text)) add("silence", -6);
  let best: Intent = "clarify";
  let most = Number.NEGATIVE_INFINITY;
  for (const [intent, value] of score) {
    if (value <= most) continue;
    best = intent;
    most = value;
  }
  if ((best === "smalltalk" || best === "out_of_scope") && odds(best) < 0.4 && !GREETING.test(text)) return "clarify";
  return MEASURES.has(best) && certain > 0.45
    ? measureIntent(best, subject?.bound.concept.intent as Intent, certain, best === "health_check" && ALIVE.test(text))
    : best;
}

/** Health checks and the like keep their name when the classifier is sure; otherwise the subject says which measure it is. */
function measureIntent(best: Intent, own: Intent, certain: number, alive: boolean): Intent {
  if (best === own || !MEASURES.has(own) || alive) return best;
  return certain > 0.6 ? own : best;
}

/** The verb stands where an order begins: first, after a comma, or after "please", "to", "should". */
function opensClause(read: Pick<Understanding, "action" | "plain">): boolean {
  const at = read.action?.start ?? 0;
  return (
    at <= 2 ||
    /(?:[,;:.!]|\b(?:please|bitte|to|should|lets|let's|must|and|so|then|now|zu|und|por favor|hay que|il faut))\s*$/i.test(
      read.plain.slice(0, at),
    )
  );
}

const PROMQL =
  /\b(?:sum|avg|max|min|count|rate|irate|increase|histogram_quantile|topk|bottomk|quantile|delta|deriv|predict_linear|absent|changes|label_replace|\w+_over_time)\s*(?:by|without)?\s*\(|[a-zA-Z_:][\w:]*\{[^}]*[=~]|\[\d+[smhdwy]\]|\{\s*\w+\s*(?:=|!=|=~|!~)\s*"|\boffset\s+-?\d+[smhdwy]\b/;

/** `up == 0` */
const COMPARISON = /^\s*[a-zA-Z_:][\w:]*\s*(?:[=!]=|[<>]=?)\s*-?[\d.]+\s*$/;

/** PromQL in code ticks, or typed bare. */
function looksLikePromql(read: Pick<Understanding, "code" | "plain">): boolean {
  if (read.code.length > 0 && /^(?:run|execute|eval\w*|query|promql|explain|ejecuta|exec\w*)\b/i.test(read.plain))
    return true;
  return (
    read.code.some(
      (code) => PROMQL.test(code) || COMPARISON.test(code) || /^[a-z_:][\w:]*_[\w:]*$/i.test(code.trim()),
    ) ||
    (PROMQL.test(read.plain) && !/\b(?:silence|mute)\b/i.test(read.plain))
  );
}
