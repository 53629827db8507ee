import { describe, expect, it } from "vitest";
import type { AskReply } from "../../../src/core/answer.ts";
import { HARBOUR, harbour } from "../../fakes/harbour.ts";
import type { FakeSeries } from "../../fakes/metrics.ts";
import { World } from "../../fakes/world.ts";

/** An observatory: three deployments, two nodes, a database with a slot, a queue, a flag, a pipeline, two alerts. */
const OBSERVATORY: readonly FakeSeries[] = [
  ...Object.entries({ stargazer: 3, "dome-control": 2, orbitsync: 1 }).flatMap(([deployment, value]): FakeSeries[] => [
    { metric: "kube_deployment_spec_replicas", labels: { deployment, namespace: "sky" }, value },
    { metric: "app_build_info", labels: { service: deployment, version: "v2.4.0" }, value: 1 },
  ]),
  ...["mount-1", "mount-2"].map((node) => ({ metric: "kube_node_info", labels: { node }, value: 1 })),
  ...["plate-1", "vault-1", "lens-cache"].flatMap((host) => [
    { metric: "node_memory_MemTotal_bytes", labels: { instance: `${host}:9100`, job: "node" }, value: 2 ** 33 },
    { metric: "up", labels: { instance: `${host}:9100`, job: "node" }, value: 1 },
  ]),
  { metric: "pg_replication_slots_active", labels: { slot_name: "archive_feed", instance: "vault-1:9187" }, value: 0 },
  { metric: "rabbitmq_queue_messages", labels: { queue: "exposures", vhost: "/" }, value: 900 },
  { metric: "redis_up", labels: { instance: "lens-cache:9121", job: "redis" }, value: 1 },
  { metric: "feature_flag_enabled", labels: { flag: "night_mode" }, value: 1 },
  { metric: "ci_pipeline_runs_total", labels: { project: "firmware", status: "failed" }, value: 3 },
  { metric: "ALERTS", labels: { alertname: "DomeStuck", alertstate: "firing", severity: "critical" }, value: 1 },
  { metric: "ALERTS", labels: { alertname: "SkyTooBright", alertstate: "firing", severity: "warning" }, value: 1 },
];

const observatory = () => new World(harbour({ series: [...HARBOUR, ...OBSERVATORY] }));

/** "scale stargazer replicas=4"; what repeats another parameter, and how a measure is called, is left out. */
function proposed({ proposed_actions }: AskReply): readonly string[] {
  return proposed_actions.map(({ type, target, params }) => {
    const rest = Object.entries(params)
      .filter(([name]) => !["seconds", "zone", "metric"].includes(name))
      .map(([name, value]) => `${name}=${value}`);
    return [type, target, ...rest].join(" ");
  });
}

const ORDERS: readonly (readonly [text: string, wanted: string])[] = [
  // restart
  ["give stargazer a good kick please", "restart stargazer"],
  ["stargazer hangs again, i mean restart it", "restart stargazer"],
  ["please give stargazer a kick, i mean restart it", "restart stargazer"],
  ["can somebody cycle dome-control", "restart dome-control"],
  ["dome-control is wedged, needs a bounce", "restart dome-control"],
  ["OMG stargazer is dead, restart it NOW!!!", "restart stargazer"],
  ["would you mind restarting orbitsync", "restart orbitsync"],
  ["starte stargazer mal durch", "restart stargazer"],
  ["stargazer muss neu gestartet werden", "restart stargazer"],
  ["kannst du orbitsync bitte einmal neu hochfahren", "restart orbitsync"],
  ["hay que reiniciar stargazer ya", "restart stargazer"],
  ["¿me reinicias dome-control porfa?", "restart dome-control"],
  ["il faut redémarrer stargazer", "restart stargazer"],
  ["tu peux relancer dome-control ?", "restart dome-control"],
  ["dá um restart no stargazer", "restart stargazer"],
  ["reinicia o orbitsync por favor", "restart orbitsync"],
  ["stargazer ko ek baar restart kar do", "restart stargazer"],
  ["orbitsync dobara chalu karo yaar", "restart orbitsync"],
  // scale
  ["we want two additional stargazer instances", "scale stargazer replicas=5"],
  ["stargazer braucht eine Replik mehr", "scale stargazer replicas=4"],
  ["dome-control could use 3 more pods", "scale dome-control replicas=5"],
  ["get stargazer to 6 pods", "scale stargazer replicas=6"],
  ["run 4 copies of dome-control", "scale dome-control replicas=4"],
  ["stargazer should have 5 replicas", "scale stargazer replicas=5"],
  ["drop stargazer to a single replica", "scale stargazer replicas=1"],
  ["fahr stargazer auf 4 Instanzen hoch", "scale stargazer replicas=4"],
  ["dreh dome-control auf 3 Pods hoch", "scale dome-control replicas=3"],
  ["ponme dos réplicas más de stargazer", "scale stargazer replicas=5"],
  ["sube dome-control a 4 réplicas", "scale dome-control replicas=4"],
  ["passe stargazer à 5 réplicas", "scale stargazer replicas=5"],
  ["on a besoin de 2 instances de plus de stargazer", "scale stargazer replicas=5"],
  ["coloca mais duas réplicas no stargazer", "scale stargazer replicas=5"],
  ["aumenta o dome-control para 4 réplicas", "scale dome-control replicas=4"],
  ["stargazer ke 2 pod aur badhao", "scale stargazer replicas=5"],
  ["stargazer ko 5 replicas pe le jao", "scale stargazer replicas=5"],
  // roll back
  ["take stargazer back to v2.1.6, the new one leaks", "rollback stargazer version=v2.1.6"],
  ["put the old version of dome-control back", "rollback dome-control"],
  ["go back to the previous build on stargazer", "rollback stargazer"],
  ["back out the last release of orbitsync", "rollback orbitsync"],
  ["return stargazer to its prior release", "rollback stargazer"],
  ["stelle dome-control auf die vorherige Version zurück", "rollback dome-control"],
  ["nimm das letzte Deployment von stargazer zurück", "rollback stargazer"],
  ["stargazer bitte zurück auf v2.3.1", "rollback stargazer version=v2.3.1"],
  ["regresa stargazer a la versión anterior", "rollback stargazer"],
  ["devuelve dome-control a v2.2.0", "rollback dome-control version=v2.2.0"],
  ["ramène stargazer à la version précédente", "rollback stargazer"],
  ["reviens à v2.3.0 sur dome-control", "rollback dome-control version=v2.3.0"],
  ["volta o stargazer para a versão anterior", "rollback stargazer"],
  ["stargazer ka purana version wapas lao", "rollback stargazer"],
  // nodes
  ["make mount-1 schedulable again", "uncordon mount-1"],
  ["put mount-2 back into service", "uncordon mount-2"],
  ["let pods run on mount-1 again", "uncordon mount-1"],
  ["gib mount-2 wieder frei", "uncordon mount-2"],
  ["vuelve a habilitar mount-1", "uncordon mount-1"],
  ["no new pods on mount-1 please", "cordon mount-1"],
  ["stop scheduling on mount-2", "cordon mount-2"],
  ["keine neuen Pods mehr auf mount-1", "cordon mount-1"],
  ["take mount-2 out of the pool", "cordon mount-2"],
  ["move everything off mount-2", "drain mount-2"],
  ["räume mount-1 leer", "drain mount-1"],
  ["vacía el nodo mount-2", "drain mount-2"],
  ["évacue mount-1", "drain mount-1"],
  // disk
  ["/ on plate-1 is almost full, can you tidy up", "free_disk plate-1"],
  ["plate-1 is running out of space, please make some room", "free_disk plate-1"],
  ["throw away old logs on plate-1", "free_disk plate-1"],
  ["mach auf plate-1 mal sauber", "free_disk plate-1"],
  ["haz espacio en plate-1", "free_disk plate-1"],
  ["fais de la place sur plate-1", "free_disk plate-1"],
  ["abre espaço no disco do plate-1", "free_disk plate-1"],
  ["plate-1 ki disk saaf kar do", "free_disk plate-1"],
  // databases
  ["get rid of the dead replication slot archive_feed", "drop_replication_slot archive_feed"],
  ["the slot archive_feed can go, drop it", "drop_replication_slot archive_feed"],
  ["wirf den Slot archive_feed weg", "drop_replication_slot archive_feed"],
  ["borra la ranura de replicación archive_feed", "drop_replication_slot archive_feed"],
  ["shoot down queries running longer than 10 minutes on vault-1", "kill_queries vault-1 longer_than_seconds=600"],
  ["brich die langen Abfragen auf vault-1 ab", "kill_queries vault-1"],
  ["mata las consultas lentas en vault-1", "kill_queries vault-1"],
  ["promote the standby of vault-1", "failover vault-1"],
  // queues, caches, flags, pipelines, limits
  ["throw away everything in exposures", "purge_queue exposures"],
  ["empty out the exposures queue", "purge_queue exposures"],
  ["leere bitte die Queue exposures", "purge_queue exposures"],
  ["vide la file exposures", "purge_queue exposures"],
  ["exposures ki queue khali kar do", "purge_queue exposures"],
  ["clear out the cache on lens-cache", "flush_cache lens-cache"],
  ["leer mal den Cache von lens-cache", "flush_cache lens-cache"],
  ["switch night_mode off", "toggle_flag night_mode state=off"],
  ["kill the night_mode flag", "toggle_flag night_mode state=off"],
  ["mach night_mode aus", "toggle_flag night_mode state=off"],
  ["schalte das Flag night_mode bitte ab", "toggle_flag night_mode state=off"],
  ["apaga la flag night_mode", "toggle_flag night_mode state=off"],
  ["run the firmware pipeline once more", "rerun_pipeline firmware"],
  ["kick off firmware's build again", "rerun_pipeline firmware"],
  ["lass die Pipeline firmware nochmal laufen", "rerun_pipeline firmware"],
  ["vuelve a lanzar la pipeline firmware", "rerun_pipeline firmware"],
  ["stargazer needs more memory, make it 2Gi", "set_limit stargazer resource=memory limit=2Gi"],
  ["let stargazer use up to 2Gi of memory", "set_limit stargazer resource=memory limit=2Gi"],
  ["gib stargazer 2Gi Speicher", "set_limit stargazer resource=memory limit=2Gi"],
  // silences and acknowledgements
  ["I'm doing maintenance on plate-1, keep it quiet for the next 2h", "silence plate-1 duration=2h"],
  ["stop paging me about DomeStuck", "silence DomeStuck duration=1h"],
  ["no more pages for plate-1 until I say so", "silence plate-1 duration=1h"],
  ["DomeStuck is noise, shut it up for 30m", "silence DomeStuck duration=30m"],
  ["put plate-1 into maintenance mode for 3 hours", "silence plate-1 duration=3h"],
  ["mach DomeStuck für 2 Stunden still", "silence DomeStuck duration=2h"],
  ["Ruhe bitte bei plate-1 für eine Stunde", "silence plate-1 duration=1h"],
  ["calla SkyTooBright durante 45 minutos", "silence SkyTooBright duration=45m"],
  ["fais taire DomeStuck pendant 1h", "silence DomeStuck duration=1h"],
  ["deixa o DomeStuck quieto por 2 horas", "silence DomeStuck duration=2h"],
  ["DomeStuck ko 2 ghante ke liye chup karo", "silence DomeStuck duration=2h"],
  ["acking DomeStuck, I'm looking into it", "ack DomeStuck"],
  ["I got DomeStuck", "ack DomeStuck"],
  ["DomeStuck is mine", "ack DomeStuck"],
  ["I'll handle SkyTooBright", "ack SkyTooBright"],
  ["DomeStuck: ich kümmere mich darum", "ack DomeStuck"],
  ["me encargo de DomeStuck", "ack DomeStuck"],
  ["je m'occupe de DomeStuck", "ack DomeStuck"],
  ["eu cuido do SkyTooBright", "ack SkyTooBright"],
  ["DomeStuck main dekh raha hoon", "ack DomeStuck"],
  // schedules
  ["mándame un resumen todos los días a las 18:00", "schedule daily summary cron=0 18 * * *"],
  ["jeden Montag um 7:45 einen Bericht bitte", "schedule weekly summary cron=45 7 * * 1"],
  ["I'd like a digest every weekday at 8:15", "schedule weekday summary cron=15 8 * * 1-5"],
  ["envoie-moi un rapport tous les jours à 9h30", "schedule daily summary cron=30 9 * * *"],
  ["quero um resumo todo dia às 7:30", "schedule daily summary cron=30 7 * * *"],
  ["roz subah 9 baje report bhejo", "schedule daily summary cron=0 9 * * *"],
  // watches
  ["tell me when exposures goes over 5000", "watch exposures op=> threshold=5000"],
  ["sag Bescheid wenn exposures über 5000 steigt", "watch exposures op=> threshold=5000"],
  ["avísame si exposures pasa de 5000", "watch exposures op=> threshold=5000"],
  ["préviens-moi quand exposures dépasse 5000", "watch exposures op=> threshold=5000"],
  ["me avisa se exposures passar de 5000", "watch exposures op=> threshold=5000"],
  ["jab exposures 5000 se zyada ho to bata dena", "watch exposures op=> threshold=5000"],
];

describe("an order in words of its own", () => {
  it.each(ORDERS)("is proposed: %s", async (text, wanted) => {
    expect(proposed(await observatory().ask(text))).toEqual([wanted]);
  });
});

describe("what only speaks of a change", () => {
  it.each([
    "how often did stargazer restart",
    "who restarted stargazer",
    "when was stargazer scaled",
    "did anyone roll back dome-control",
    "why was mount-1 drained",
    "how many replicas does stargazer have",
    "ack rate of exposures",
    "rollback ratio",
    "approval rate",
    "is night_mode on",
    "is mount-1 schedulable",
    "is mount-1 cordoned",
    "is plate-1 almost full",
    "which replication slots are inactive",
    "when was the cache flushed",
    "wann wurde stargazer neu gestartet",
    "wie oft wurde stargazer neu gestartet",
    "wer hat dome-control zurückgesetzt",
    "cuántas veces se reinició stargazer",
    "quién reinició stargazer",
    "combien de fois stargazer a-t-il redémarré",
    "quantas vezes o stargazer reiniciou",
    "stargazer kitni baar restart hua",
    "what is the memory limit of stargazer",
    "is anyone looking into DomeStuck",
    "was stargazer restarted after the deploy",
    "what would happen if I restart stargazer",
    "should I be worried about stargazer",
    "is the exposures queue empty",
    "has the firmware pipeline been run again",
    "stargazer has 3 replicas but should have 5 replicas, why?",
    "do we need 5 replicas of stargazer",
    "free space on plate-1",
    "tell me when stargazer last restarted",
  ])("proposes nothing: %s", async (text) => {
    const reply = await observatory().ask(text);
    expect(proposed(reply)).toEqual([]);
  });
});

describe("the end of a schedule", () => {
  it.each([
    "i don't want the morning summary anymore",
    "no more daily reports please",
    "you can stop sending the digest",
    "ich will den täglichen Bericht nicht mehr",
    "ya no quiero el resumen diario",
    "je ne veux plus du rapport quotidien",
    "não quero mais o resumo diário",
  ])("is answered as such: %s", async (text) => {
    const reply = await observatory().ask(text);
    expect(reply.intent).toBe("schedule");
    expect(reply.reply_text).toMatch(/no such schedule/);
  });
});
