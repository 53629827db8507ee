/** Verbs that ask for a change, in six languages, and the canonical action each stands for. */
import { findConstruction } from "./constructions.ts";
import { fold, type Token, tokens } from "./normalise.ts";
import { type Found, findPhrase, phraseBook } from "./patterns.ts";

export type ActionType =
  | "restart"
  | "scale"
  | "rollback"
  | "deploy"
  | "cordon"
  | "uncordon"
  | "drain"
  | "delete_pod"
  | "free_disk"
  | "purge_queue"
  | "flush_cache"
  | "kill_queries"
  | "vacuum"
  | "failover"
  | "rotate_logs"
  | "renew_certificate"
  | "toggle_flag"
  | "set_limit"
  | "resize_volume"
  | "drop_replication_slot"
  | "rerun_pipeline"
  | "cancel_pipeline"
  | "stop"
  | "start"
  | "pause"
  | "resume"
  | "silence"
  | "unsilence"
  | "ack"
  | "schedule";

const DISK =
  "space|disk|disks|storage|platz|speicherplatz|plattenplatz|platte|festplatte|espacio|disco|espace|disque|espaco|jagah";
const REPLICA =
  "replica|replique|repliques|instancia|instancias|replicat|replicats|replicas|pod|pods|instance|instances|replik|replikat|replikate|instanz|instanzen|replika|copy|copies";
const LIMIT =
  "limit|limits|request|requests|limite|limites|grenze|speicherlimit|speichergrenze|memory-limit|cpu-limit|ramlimit";
const VOLUME = "volume|volumes|pvc|partition|filesystem|volumen|volum|platte|disk|disco|disque";
const RESOURCE = "memory|mem|ram|cpu|cores|memoria|memoire|speicher|arbeitsspeicher";
const FLAG = "flag|flags|feature|feature-flag|toggle|funktion|fonctionnalite|funcion";
const CACHE = "cache|caches|redis|memcached";
const QUEUE = "queue|queues|warteschlange|cola|file|fila|messages|backlog|dlq";
const PIPELINE = "pipeline|pipelines|build|builds|ci|workflow|job";

const ACTIONS = phraseBook<ActionType>([
  [
    "schedule",
    "remind me|us, reports|report|digests|summaries|reminders|summary|digest ~ scheduled|planned, list|show ~ schedules|reminders|digests|subscriptions, which|what|any reports|digests|reminders|schedules, rappelle-moi, rappelle-nous, previens-moi, previens-nous, alerte-moi, avertis-moi, previens moi, avise-me, lembre-me, recuerdanos, let us know when|once|if, cancel|stop|delete|remove|end|unsubscribe|disable ~ summary|summaries|report|reports|digest|digests|reminder|reminders|schedule|schedules|subscription|watch, unsubscribe, daily|weekly|hourly|monthly summary|report|digest|recap|overview, taglicher|wochentlicher|tagliche|wochentliche bericht|zusammenfassung, losche|beende|stoppe ~ bericht|zusammenfassung|erinnerung, cancela|elimina|quita ~ resumen|informe|recordatorio, annule|supprime|arrete ~ rapport|resume|rappel, cancele|cancela|remova ~ resumo|relatorio|lembrete, resumen|informe diario|semanal, rapport|resume quotidien|hebdomadaire, resumo|relatorio diario|semanal, report|summary band, set ~ reminder, schedule, send|post|mail|give|show ~ every|daily|weekly|hourly, every|daily ~ send|post|report, tell|notify|alert|ping|inform me|us when|if|once, let me know when|if|once, notify me|us, watch, monitor <service>, keep an eye, ping me, alert me, warn me, melde dich wenn, benachrichtige mich, warne mich, avisame, avisenme, alertame, previens moi, alerte moi, avise me, me avise, me avisa, notifica me, yaad dila, bata dena, mujhe batao jab, subscribe, erinnere mich, schick|sende ~ jeden|taglich, sag bescheid, gib bescheid, recuerdame, avisame, mandame|enviame ~ cada, rappelle moi, previens moi, envoie ~ chaque|tous, me lembra, me avise, me avisa, yaad dilana, mujhe batana",
  ],
  [
    "restart",
    "restart, needs|need a|another restart|reboot|kick, braucht einen neustart, necesita un reinicio, besoin dun redemarrage, precisa de um restart, precisa ser reiniciado, give ~ a restart|kick|bounce, turn it off and on again, reload, restarten, re-start, reboot, bounce, kick, recycle, respawn, relaunch, power cycle, powercycle, turn ~ off and on, rollout restart, rolling restart, neu starten, neustarten, neustart, starte ~ neu, durchstarten, reinicia, reiniciar, reinicie, reiniciame, rearranca, rearrancar, redemarre, redemarrer, redemarrez, relance, relancer, relancez, restart karo, restart kar, dobara chalu, phir se chalu",
  ],
  [
    "scale",
    `scale, upscale, downscale, scale up, scale down, scale out, scale in, rescale, autoscale, skaliere, skalieren, hochskalieren, runterskalieren, herunterskalieren, escala, escalar, escale, escalame, aumenta ~ replicas, augmente ~ replicas|instances, passe ~ replicas|instances, mets ~ replicas|instances, ajoute ~ replica|replicas|instance, reduis ~ replicas, anade ~ replica|replicas, agrega ~ replica|replicas, quita ~ replica|replicas, adicione ~ replica|replicas, adiciona ~ replica|replicas, remova ~ replica|replicas, fuge ~ ${REPLICA}, add ~ ${REPLICA}, remove ~ replica|replicas|instance|instances, need ~ more ${REPLICA}, # more ${REPLICA}, one more ${REPLICA}, another ${REPLICA}, set ~ replicas, set ~ # replicas|pods|instances, give ~ replicas|pods, double ~ replicas|pods, halve ~ replicas|pods, increase ~ replicas|pods|instances, decrease ~ replicas|pods|instances, reduce ~ replicas|pods|instances, raise ~ replicas, lower ~ replicas, bump ~ replicas|pods, bring|take|get|cut|drop|shrink|reduce|put|move|set|keep ~ down|up|back to # ${REPLICA}, bring|take|get|put|change ~ to # ${REPLICA}, # ${REPLICA} less|fewer|more|weniger|mehr|menos|mas|moins|mais, one ${REPLICA} less|fewer|more, ein|eine|einen|una|un|une|um|uma|ek ${REPLICA} weniger|mehr|menos|mas|moins|mais|kam|aur, une|un ${REPLICA} de plus|moins, # fewer|less|extra|additional|weitere|weniger ${REPLICA}, need # ~ ${REPLICA}, needs # ~ ${REPLICA}, need|needs ~ more|another ${REPLICA}, brauchen|brauche|braucht # ~ ${REPLICA}, necesitamos|necesito # ~ replicas|instancias|pods, faut|besoin # ~ replicas|repliques|instances|pods, faut|besoin de # ~ replicas|repliques|instances|pods, precisamos|preciso de # ~ replicas|instancias|pods, # ~ ${REPLICA} chahiye, make that|it|them #, make ~ # ${REPLICA}, mach # draus, mach ~ # draus, que sean #, ponlo en #, mets en #, deixa|coloca em #, add # more, add another # more, add|remove # of them, anade|agrega # mas, ajoute en #, ajoute # de plus, adiciona|adicione|coloca mais #, # aur jodo|chalao, gib ~ # ${REPLICA}, verdopple, verdoppeln, halbiere ~ ${REPLICA}, duplica ~ replicas|instancias|pods, duplique ~ replicas|instancias|pods, double ~ repliques|instances, dobra|dobre ~ replicas|instancias|pods, triple ~ replicas|pods|instances, erhohe|reduziere|setze|fahre|senke ~ auf # ${REPLICA}, sube|baja|reduce|aumenta|pon|deja ~ replicas|instancias, baisse|monte|descends|augmente|reduis ~ repliques|replicas|instances, aumente|reduza|suba|baixe|abaixe|deixe|coloque ~ replicas|instancias|pods, replicas|pods ~ # karo|kar, # replicas|pods karo|kar, number of replicas ~ to #, scale karo, badhao ~ replicas, replicas ~ badhao`,
  ],
  [
    "rollback",
    "take|bring|put|switch|move ~ back to ~ version|release|build, take|bring|put ~ back to v#, undo ~ deploy|deployment|release|rollout, bring ~ auf ~ version zuruck, zuruck zur ~ version, restore ~ previous version, regresa ~ version, regresa|vuelve|remets ~ version, remets ~ version, reviens en arriere, rollback, roll back, roll ~ back, roll-back, revert, undo, downgrade, go back to ~ version, back to ~ previous|last|old version, previous version wieder, zuruckrollen, zurucksetzen, rolle ~ zuruck, setze ~ zuruck, zuruck auf ~ version, revierte, revertir, revertirlo, reverte, reverta, reverter, deshaz, deshacer, vuelve a ~ version, volver a ~ version, volte ~ versao, voltar ~ versao, desfaz, desfazer, annule ~ deploiement|release|version, annuler ~ deploiement|release|version, reviens ~ version, revenir ~ version, rollback karo, wapas karo, purana version",
  ],
  ["deploy", "deploy <version>, deploy v#, promote <version>, release <version>, ship <version>, roll out <version>"],
  [
    "uncordon",
    "uncordon, un-cordon, mark ~ schedulable, put ~ back into|in rotation, bring ~ back into rotation, enable scheduling",
  ],
  [
    "cordon",
    "cordon, cordon off, mark ~ unschedulable, mark ~ as unschedulable, disable scheduling, take ~ out of rotation, sperre ~ node|knoten, acordona, acordonar",
  ],
  [
    "drain",
    "drain, evacuate, empty the node, drainiere, leere den node, drena, drenar, vider le noeud, evacuer, drain karo",
  ],
  [
    "delete_pod",
    "delete|remove|kill|terminate|destroy|evict ~ pod|pods, losche ~ pod|pods, losch ~ pod, pod ~ loschen, borra ~ pod|pods, elimina ~ pod|pods, mata ~ pod, supprime ~ pod|pods, tue ~ pod, apague ~ pod|pods, exclua ~ pod, apaga ~ pod, pod delete, delete <pod>, kill <pod>",
  ],
  [
    "free_disk",
    `free up, free some|the ~ ${DISK}, clear|clean|reclaim|release|make|cleanup ~ ${DISK}, clean|prune ~ files|logs|images, prune ~ old|temp|temporary files|logs|images, prune docker, get rid of ~ files|logs|images, make|create ~ room on, clean up, cleanup, clean-up, delete|remove|purge|clear ~ old|temp|temporary files|logs|images, prune ~ images, raume ~ auf, aufraumen, mach ~ platz|speicher, schaffe ~ platz, gib ~ platz frei, speicher freigeben, platz schaffen, libera ~ ${DISK}, liberar ~ ${DISK}, limpia ~ ${DISK}, limpiar ~ ${DISK}, libere ~ ${DISK}, liberer ~ ${DISK}, nettoie, nettoyer, limpe ~ ${DISK}, limpar ~ ${DISK}, disk ~ khali, disk ~ saaf, jagah khali, jagah banao`,
  ],
  [
    "flush_cache",
    `flush|clear|empty|invalidate|purge|reset|wipe ~ ${CACHE}, flush|clear|invalidate|expire ~ keys|key|prefix, leere ~ cache, cache ~ leeren, vacia ~ cache, limpia ~ cache, vide ~ cache, limpe ~ cache, limpa ~ cache, cache ~ saaf, cache ~ clear`,
  ],
  [
    "purge_queue",
    `purge, purge|flush|empty|clear|drain ~ ${QUEUE}, purge|flush|empty <queue>, flush, leere ~ ${QUEUE}, ${QUEUE} ~ leeren, vacia ~ ${QUEUE}, vaciar ~ ${QUEUE}, purga, purgar, purger, vide ~ ${QUEUE}, vider ~ ${QUEUE}, esvazie ~ ${QUEUE}, esvazia ~ ${QUEUE}, limpe ~ fila, queue ~ khali`,
  ],
  [
    "kill_queries",
    "kill|cancel|terminate|abort|stop ~ query|queries|statement|statements|transactions|transaction|connections|sessions|backends|locks, beende ~ abfragen|verbindungen|transaktionen, mata ~ consultas|conexiones|conexoes, termina ~ consultas|conexiones, tue ~ requetes|connexions, encerre ~ consultas|conexoes, queries ~ band|kill",
  ],
  ["vacuum", "vacuum, vacuum analyze, vakuumiere, vacuum karo"],
  [
    "failover",
    "failover, fail over, fail-over, fail ~ over, promote ~ replica|standby|secondary|follower, promote ~ to primary|master|leader, switch over, switchover, schwenke, promover ~ replica, promueve ~ replica, basculer, bascule",
  ],
  [
    "rotate_logs",
    "rotate ~ log|logs|logfiles, truncate ~ log|logs, logrotate, logs rotieren, rotiere ~ logs, rota ~ logs, rotation des logs",
  ],
  [
    "renew_certificate",
    "renew ~ cert|certs|certificate|certificates|tls|ssl, reissue ~ cert|certificate, rotate ~ cert|certs|certificate|certificates, erneuere ~ zertifikat|zertifikate, zertifikat ~ erneuern, renueva ~ certificado, renovar ~ certificado, renove ~ certificado, renouvelle ~ certificat, renouveler ~ certificat, certificate ~ renew",
  ],
  [
    "toggle_flag",
    `toggle, turn|switch on|off, turn|switch ~ on|off, enable|disable|activate|deactivate ~ ${FLAG}, set ~ ${FLAG}, enable, disable, activate, deactivate, flip ~ ${FLAG}, aktiviere, deaktiviere, aktivieren, deaktivieren, schalte ~ an|aus|ein|ab, activa, desactiva, activar, desactivar, ative, desative, ativar, desativar, active ~ ${FLAG}, desactive ~ ${FLAG}`,
  ],
  [
    "set_limit",
    `bump|raise|increase|lower|reduce|decrease|set|change|cut|double|adjust ~ ${RESOURCE} ${LIMIT}, bump|raise|increase|lower|reduce|decrease|set|change ~ ${LIMIT} of|for|on, set|bump|raise|increase|lower ~ ${RESOURCE} ~ to #, bump|raise|increase|lower|set ~ ${RESOURCE} of|for, give ~ more ${RESOURCE}, give ~ # of|more ${RESOURCE}, give ~ # ${RESOURCE}, erhohe|setze|senke|hebe|andere ~ ${LIMIT}, gib ~ mehr ${RESOURCE}, sube|aumenta|baja|reduce|cambia|pon ~ ${LIMIT} ~ ${RESOURCE}, dale mas ${RESOURCE}, augmente|baisse|passe|reduis|monte|mets ~ ${LIMIT} ~ ${RESOURCE}, aumente|aumenta|reduza|baixe|mude ~ ${LIMIT} ~ ${RESOURCE}, ${RESOURCE} limit ~ badhao|karo|kam`,
  ],
  [
    "resize_volume",
    `resize|expand|grow|extend|enlarge|increase|bump ~ ${VOLUME}, vergrossere|erweitere ~ ${VOLUME}, amplia|agranda|expande ~ ${VOLUME}, agrandis|etends|agrandir|etendre ~ ${VOLUME}, amplie|expanda|aumente ~ ${VOLUME}, volume|disk|pvc ~ bada|badhao`,
  ],
  [
    "drop_replication_slot",
    "drop|remove|delete|kill ~ slot|slots|replication-slot, losche|entferne ~ slot|replikationsslot|replication-slot, slot ~ loschen, elimina|borra|suelta ~ slot|ranura, supprime|enleve ~ slot|emplacement, remova|remove|apague|exclua ~ slot, slot ~ hatao|delete",
  ],
  [
    "rerun_pipeline",
    `rerun, re-run, retrigger, retry ~ ${PIPELINE}, run|start|trigger|kick|restart ~ pipeline|build|workflow|cronjob|job, run ~ again, trigger, starte ~ pipeline|build, ejecuta ~ pipeline, relanza, lance ~ pipeline, relance ~ pipeline|build, execute ~ pipeline, rode ~ pipeline, pipeline ~ chalao, pipeline ~ dobara`,
  ],
  [
    "cancel_pipeline",
    `cancel|abort|stop|kill ~ pipeline|build|workflow, abbrechen ~ pipeline, pipeline ~ abbrechen, cancela ~ pipeline|build, annule ~ pipeline|build`,
  ],
  [
    "unsilence",
    "unsilence, unmute, un-mute, unsnooze, remove|delete|expire|end|lift|cancel|drop ~ silence|silences|mute, stummschaltung aufheben, quita ~ silencio, levanta ~ silencio, enleve ~ silence, remova ~ silencio, tira ~ silencio, unmute karo",
  ],
  [
    "silence",
    "silence, silense, mute, snooze, suppress, hush, quiet ~ alert|alerts, shut up, stop paging|alerting|notifying, stop ~ alerts|alarm|alerts, pause ~ alerts|notifications, dont alert|page|notify, stummschalten, schalte ~ stumm, stumm schalten, unterdrucke, silencia, silenciar, silencie, mets ~ sourdine|silence, mettre ~ sourdine|silence, coupe ~ alerte|alertes, mute karo, silence karo, alerts ~ band, maintenance window",
  ],
  [
    "ack",
    "ack, acknowledge, acknowledged, acked, acknowlege, aknowledge, im on it, ill take, mark ~ acknowledged|seen|handled, quittiere, quittieren, ubernehme, bestatige ~ alarm, reconoce ~ alerta, reconocer, acquitte, acquitter, reconheca, reconhecer, ack karo",
  ],
  [
    "pause",
    "pause, suspend, halt, hold, pausiere, pausieren, anhalten, pausa, pausar, suspende, suspender, suspends, pause karo, roko",
  ],
  [
    "resume",
    "resume, unpause, continue, unsuspend, fortsetzen, setze ~ fort, reanuda, reanudar, reprends, reprendre, retome, retomar, resume karo",
  ],
  [
    "stop",
    "stop, shut down, shutdown, kill, terminate, take down, bring down, stoppe, stoppen, beende, beenden, detener, deten, para, parar, pare, arrete, arreter, arretez, stop karo, band karo, band kar",
  ],
  [
    "start",
    "start, start up, bring up, bring back, boot, launch, starte, starten, hochfahren, arranca, arrancar, inicia, iniciar, inicie, demarre, demarrer, start karo, chalu karo, chalu kar, chalao",
  ],
]);

const ASKS = new Set(
  "how what whats why when who which where is are was were did does do has have had any show list wie was warum wann wer welche welcher welches ist sind wurde hat cuando cuantas cuantos que quien por como combien quand pourquoi qui quel quelle quels est quando quantas quantos quem qual quais kitni kitne kyun kab kaun kisne kya explain describe should".split(
    " ",
  ),
);
/** "Can it scale?" asks, "can you scale it?" orders. */
const MAY_ASK = new Set(["can", "could", "will", "would", "kann", "wird", "puede", "peut", "pode"]);
const ADDRESSED = new Set([
  "you",
  "u",
  "someone",
  "somebody",
  "anyone",
  "we",
  "i",
  "please",
  "pls",
  "jemand",
  "alguien",
  "on",
]);
const NOUNS_BEFORE = new Set(
  "the a an last recent number of many any no each every after since during pending container pod times failed his her its der die das den ein letzter el la un una ultimo le les dernier o um".split(
    " ",
  ),
);

/** Orders that words alone do not show: signs, and a verb that only counts beside a pod's name. Read on the folded text. */
const SIGNED = /(?<![\w.])[+-] ?\d{1,4} *(?:more )?(?:replicas?|pods?|instances?|instan\w+|replik\w*|replique\w*)\b/;
const MULTIPLIED =
  /^(?:please )?(?:double|triple|quadruple|halve|halbiere|dobre|dobra|duplica|duplique|triplica)\b(?! (?:check|click|trouble|sure|quotes?))/;
const NAMED_POD =
  /\b(?:delete|kill|remove|evict|terminate|losche|borra|elimina|mata|supprime|tue|apague|apaga|exclua)\s+[a-z0-9][a-z0-9-]*-[a-z0-9]{5,10}-[a-z0-9]{5}\b/;
const MORE_OF_THEM =
  /^(?:please |ok |then |and |noch |encore |y |et |e )*(?:\d{1,3}|one|two|three|four|five|ein|eine|einen|zwei|drei|uno|una|dos|tres|une?|deux|trois|uma?|dois|duas) (?:more|less|fewer|extra|mehr|weniger|mas|menos|de plus|de moins|a mais|a menos|aur)(?: please| bitte| por favor)?$/;
/** "make it 3 hours" speaks of time, "make that 70%" of a share. */
const NOT_REPLICAS =
  /^(?:s|sec|seconds?|min|minutes?|m|h|hrs?|hours?|d|days?|weeks?|am|pm|percent|%|stunden?|minuten|tage|horas?|dias?|heures?|jours?)$/;

export type FoundAction = {
  readonly value: ActionType;
  readonly start: number;
  readonly end: number;
  /** False when the words stand in a question or as a noun: "how many restarts", "since the last rollback". */
  readonly imperative: boolean;
};

/** A request for a change -> its canonical action. The first one named wins, and of those the most specific. */
export function findAction(text: string | readonly Token[]): FoundAction | undefined {
  const all = typeof text === "string" ? tokens(text) : text;
  let found: Found<ActionType> | undefined = findPhrase(all, ACTIONS, isMeant);
  const whole = byConstruction(all, found);
  if (whole !== undefined) return whole;
  if (found === undefined) return typeof text === "string" ? bySign(text) : undefined;
  // "kann ich" … a verb later in the sentence may be the more telling one: "clean up … and restart" keeps the first.
  const named = found;
  if (named.value === "start" || named.value === "stop" || named.value === "toggle_flag") {
    const later = findPhrase(
      all,
      ACTIONS,
      (one, words) =>
        one.first > named.first &&
        one.value !== "start" &&
        one.value !== "stop" &&
        one.value !== "toggle_flag" &&
        isMeant(one, words) &&
        !joined(words, one.first),
    );
    if (later !== undefined && later.first <= named.last + 3) found = later;
  }
  return seen(all, found);
}

/**
 * Every change that one sentence asks for, in order: "cordon node-1, then drain it and restart cart". A further one counts
 * when its verb stands right after a comma's place or a joining word; verbs at the end of a clause are not parted.
 */
export function findActions(text: string): FoundAction[] {
  const first = findAction(text);
  if (first === undefined) return [];
  const all = tokens(text);
  const found = [first];
  for (let from = first.end; found.length < MOST_ACTIONS; ) {
    const next = findPhrase(
      all,
      ACTIONS,
      (one, words) => one.start >= from && isMeant(one, words) && joined(words, one.first, text),
    );
    if (next === undefined) break;
    found.push({ value: next.value, start: next.start, end: next.end, imperative: true });
    from = next.end;
  }
  return found;
}

const MOST_ACTIONS = 5;
const JOINERS = new Set(
  "and then also plus und dann danach y luego despues et puis ensuite e depois aur phir".split(" "),
);

function joined(all: readonly Token[], at: number, text = ""): boolean {
  const before = all[at - 1];
  if (before === undefined) return false;
  const own = all[at] as Token;
  return JOINERS.has(before.fold) || /[,;.&+]/.test(text.slice(before.end, own.start));
}

function isMeant(found: Found<ActionType>, all: readonly Token[]): boolean {
  if (found.value !== "scale") return true;
  const [first, last, next] = [
    all[found.first]?.fold ?? "",
    all[found.last]?.fold ?? "",
    all[found.last + 1]?.fold ?? "",
  ];
  return (
    !/^(?:make|mach|que|ponlo|deixa|coloca|mets)$/.test(first) ||
    (!/^\d.*[a-z%]/.test(last) && !NOT_REPLICAS.test(next))
  );
}

/** Verbs whose meaning the words around them change: "start … through", "kill the flag". */
const VAGUE: ReadonlySet<ActionType> = new Set<ActionType>([
  "start",
  "stop",
  "toggle_flag",
  "rerun_pipeline",
  "delete_pod",
  "pause",
  "resume",
]);

/** The order of a whole construction, unless a plain verb before it says something else. It reaches back to its clause's start. */
function byConstruction(all: readonly Token[], verb: Found<ActionType> | undefined): FoundAction | undefined {
  const found = findConstruction(all);
  const [first, last] = [all[found?.first ?? 0], all[found?.last ?? 0]];
  if (found === undefined || first === undefined || last === undefined) return undefined;
  if (verb !== undefined && verb.value !== found.value && !VAGUE.has(verb.value) && verb.first < found.first)
    return undefined;
  const end = verb?.value === found.value ? Math.min(verb.end, last.end) : last.end;
  return { value: found.value, start: all[0]?.start ?? 0, end, imperative: !asksFirst(all) };
}

function bySign(text: string): FoundAction | undefined {
  const folded = fold(text.slice(0, 2000));
  const order = (match: RegExpExecArray | null, value: ActionType): FoundAction | undefined =>
    match === null
      ? undefined
      : {
          value,
          start: match.index,
          end: match.index + match[0].length,
          imperative: !ASKS.has(tokens(text)[0]?.fold ?? ""),
        };
  return (
    order(NAMED_POD.exec(folded), "delete_pod") ??
    order(SIGNED.exec(folded), "scale") ??
    order(MULTIPLIED.exec(folded.trim()), "scale") ??
    order(MORE_OF_THEM.exec(folded.trim()), "scale")
  );
}

/** "It has 3 replicas and should have 5, why?" */
const REASONS = new Set(["why", "warum", "wieso", "weshalb", "pourquoi", "kyu", "kyun"]);

/** The text begins as a question ("how", "when", "can it", but not "can you"), or ends as one. */
function asksFirst(all: readonly Token[]): boolean {
  const first = all[0]?.fold ?? "";
  return (
    ASKS.has(first) || REASONS.has(all.at(-1)?.fold ?? "") || (MAY_ASK.has(first) && !ADDRESSED.has(all[1]?.fold ?? ""))
  );
}

function seen(all: readonly Token[], found: Found<ActionType>): FoundAction {
  const asNoun = NOUNS_BEFORE.has(all[found.first - 1]?.fold ?? "");
  return { value: found.value, start: found.start, end: found.end, imperative: !asksFirst(all) && !asNoun };
}
