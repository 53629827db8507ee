/** Verbs that ask for a change, in six languages, and the canonical action each stands for. */
import { type Token, tokens } from "./normalise.ts";
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
  "replica|replicas|pod|pods|instance|instances|replik|replikat|replikate|instanz|instanzen|replika|copy|copies";
const FLAG = "flag|flags|feature|feature-flag|toggle|funktion|fonctionnalite|funcion";
const CACHE = "cache|caches|redis|memcached";
const QUEUE = "queue|queues|warteschlange|cola|file|fila|messages|backlog|dlq";
const PIPELINE = "pipeline|pipelines|build|builds|ci|workflow|job";

const ACTIONS = phraseBook<ActionType>([
  [
    "schedule",
    "remind me|us, set ~ reminder, schedule, send|post|mail|give|show ~ every|daily|weekly|hourly, every|daily ~ send|post|report, tell|notify|alert|ping|inform me|us when|if|once, let me know when|if|once, notify me|us, watch, keep an eye, subscribe, erinnere mich, schick|sende ~ jeden|taglich, sag bescheid, gib bescheid, recuerdame, avisame, mandame|enviame ~ cada, rappelle moi, previens moi, envoie ~ chaque|tous, me lembra, me avise, me avisa, yaad dilana, mujhe batana",
  ],
  [
    "restart",
    "restart, restarten, re-start, reboot, bounce, kick, recycle, respawn, relaunch, power cycle, powercycle, turn ~ off and on, rollout restart, rolling restart, neu starten, neustarten, neustart, starte ~ neu, durchstarten, reinicia, reiniciar, reinicie, reiniciame, rearranca, rearrancar, redemarre, redemarrer, redemarrez, relance, relancer, relancez, restart karo, restart kar, dobara chalu, phir se chalu",
  ],
  [
    "scale",
    `scale, upscale, downscale, scale up, scale down, scale out, scale in, rescale, autoscale, skaliere, skalieren, hochskalieren, runterskalieren, herunterskalieren, escala, escalar, escale, escalame, aumenta ~ replicas, augmente ~ replicas|instances, passe ~ replicas|instances, mets ~ replicas|instances, ajoute ~ replica|replicas|instance, reduis ~ replicas, anade ~ replica|replicas, agrega ~ replica|replicas, quita ~ replica|replicas, adicione ~ replica|replicas, adiciona ~ replica|replicas, remova ~ replica|replicas, fuge ~ ${REPLICA}, add ~ ${REPLICA}, remove ~ replica|replicas|instance|instances, need ~ more ${REPLICA}, # more ${REPLICA}, one more ${REPLICA}, another ${REPLICA}, set ~ replicas, set ~ # replicas|pods|instances, give ~ replicas|pods, double ~ replicas|pods, halve ~ replicas|pods, increase ~ replicas|pods|instances, decrease ~ replicas|pods|instances, reduce ~ replicas|pods|instances, raise ~ replicas, lower ~ replicas, bump ~ replicas|pods, scale karo, badhao ~ replicas, replicas ~ badhao`,
  ],
  [
    "rollback",
    "rollback, roll back, roll ~ back, roll-back, revert, undo, downgrade, go back to ~ version, back to ~ previous|last|old version, previous version wieder, zuruckrollen, zurucksetzen, rolle ~ zuruck, setze ~ zuruck, zuruck auf ~ version, revierte, revertir, revertirlo, reverte, reverta, reverter, deshaz, deshacer, vuelve a ~ version, volver a ~ version, volte ~ versao, voltar ~ versao, desfaz, desfazer, annule ~ deploiement|release|version, annuler ~ deploiement|release|version, reviens ~ version, revenir ~ version, rollback karo, wapas karo, purana version",
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
    `free up, free some|the ~ ${DISK}, clear|clean|reclaim|release|make|cleanup ~ ${DISK}, clean ~ files, clean up, cleanup, clean-up, delete|remove|purge ~ old|temp|temporary files|logs|images, prune ~ images, raume ~ auf, aufraumen, mach ~ platz|speicher, schaffe ~ platz, gib ~ platz frei, speicher freigeben, platz schaffen, libera ~ ${DISK}, liberar ~ ${DISK}, limpia ~ ${DISK}, limpiar ~ ${DISK}, libere ~ ${DISK}, liberer ~ ${DISK}, nettoie, nettoyer, limpe ~ ${DISK}, limpar ~ ${DISK}, disk ~ khali, disk ~ saaf, jagah khali, jagah banao`,
  ],
  [
    "flush_cache",
    `flush|clear|empty|invalidate|purge|reset|wipe ~ ${CACHE}, leere ~ cache, cache ~ leeren, vacia ~ cache, limpia ~ cache, vide ~ cache, limpe ~ cache, limpa ~ cache, cache ~ saaf, cache ~ clear`,
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
  let found: Found<ActionType> | undefined = findPhrase(all, ACTIONS);
  if (found === undefined) return undefined;
  // "kann ich" … a verb later in the sentence may be the more telling one: "clean up … and restart" keeps the first.
  const named = found;
  if (named.value === "start" || named.value === "stop" || named.value === "toggle_flag") {
    const later = findPhrase(
      all,
      ACTIONS,
      (one) => one.first > named.first && one.value !== "start" && one.value !== "stop" && one.value !== "toggle_flag",
    );
    if (later !== undefined && later.first <= named.last + 3) found = later;
  }
  const first = all[0]?.fold ?? "";
  const asked = ASKS.has(first) || (MAY_ASK.has(first) && !ADDRESSED.has(all[1]?.fold ?? ""));
  const asNoun = NOUNS_BEFORE.has(all[found.first - 1]?.fold ?? "");
  return { value: found.value, start: found.start, end: found.end, imperative: !asked && !asNoun };
}
