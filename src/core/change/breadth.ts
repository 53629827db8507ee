import { fold } from "../language/normalise.ts";

const ALL = "(?:all|every|each|alle[ns]?|jede[nrs]?|tod[oa]s?|tous|toutes|chaque|sab|sabhi|saare|saari)";
const KINDS =
  "(?:services?|deployments?|pods?|hosts?|nodes?|servers?|machines?|queues?|databases?|pipelines?|builds?|flags?|features?|caches?|disks?|apps?|applications?|things?|clusters?|replicas?|namespaces?|containers?|systems?|alerts?|alarms?|silences?|dienste|knoten|warteschlangen|alarme|servicios|nodos|servidores|colas|bases de datos|alertas|noeuds|serveurs|files|alertes|servicos|nos|filas|maschinen)";
const EVERYTHING =
  /\b(?:everything|everyone|anything|alles|alle zusammen|todo|tudo|tout(?! de suite| d'abord)|sab kuch|sabkuch|the lot|prod(?:uction)? (?:down|off)|(?:the |whole |entire |all of )(?:cluster|prod(?:uction)?|infrastructure|platform|fleet|system|environment|stack))\b/;
const EXCEPT =
  /\b(?:except|but not|apart from|other than|ausser|bis auf|excepto|menos|salvo|sauf|exceto|chhodkar|ke alawa)\b/;

/**
 * Why a request names too much at once, or undefined. A request that names a thing ("all pods of cart") is narrow enough,
 * unless that name is what it leaves out ("everything except cart").
 */
export function tooBroad(
  text: string,
  namesThing: boolean,
): "everything" | "everything-but" | "all-of-a-kind" | undefined {
  const folded = fold(text);
  const everything = EVERYTHING.test(folded);
  const kind = new RegExp(
    `\\b${ALL}\\s+(?:of\\s+)?(?:the\\s+|our\\s+|my\\s+|die\\s+|der\\s+|los\\s+|las\\s+|les\\s+|os\\s+|as\\s+|active\\s+|firing\\s+|running\\s+)*${KINDS}\\b`,
  ).test(folded);
  const bare = new RegExp(
    `\\b(?:scale|restart|reboot|stop|kill|delete|drain|purge|silence|mute|ack|acknowledge|silencia|reinicia|skaliere|starte|roll ?back)\\s+(?:${ALL}|them all|all of (?:it|them))(?=\\s*(?:$|[.!]|to\\b|auf\\b|a\\b|down\\b|for\\b|now\\b|neu\\b|please\\b))`,
  ).test(folded);
  if ((everything || kind || bare) && EXCEPT.test(folded)) return "everything-but";
  if (namesThing) return undefined;
  if (everything) return "everything";
  return kind || bare ? "all-of-a-kind" : undefined;
}
