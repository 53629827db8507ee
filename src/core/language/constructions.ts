/**
 * Orders told by how several words stand together rather than by one verb: separable verbs ("stelle … auf die vorherige
 * Version zurück"), needs ("could use 3 more pods"), and announcements ("looking into …"). Gaps are bounded, so each pattern
 * is linear in the text. Words are folded and parted by one blank; a name in CamelCase stands as "@alert".
 */
import type { ActionType } from "./actions.ts";
import { type Guarded, guarded } from "./literals.ts";
import type { Token } from "./normalise.ts";

const GAP = "(?:\\S+ ){0,5}?";
const FEW = "(?:\\S+ ){0,3}?";
const COUNT =
  "(?:\\d{1,4}|a single|one|two|three|four|five|six|ein|eine[nr]?|zwei|drei|vier|funf|un[ao]?|une|dos|tres|cuatro|cinco|deux|trois|quatre|cinq|uma?|dois|duas|quatro|ek|do|teen|char|paanch)";
const REPLICAS =
  "(?:replicas?|pods?|instances?|instanz(?:en)?|replik(?:en|as?|ate?n?)?|replikate?n?|instancias?|replicats?|repliques?|copies|copy)";
const VERSION = "(?:version|versao|release|releases|build|image|tag|stand|v\\d\\S*|\\d+\\.\\d+\\.\\d+\\S*)";
const OLD =
  "(?:old|older|previous|prior|earlier|former|last|last good|known good|stable|vorherige\\w*|alte\\w*|letzte\\w*)";
const DIGEST =
  "(?:summar(?:y|ies)|reports?|digests?|recaps?|overviews?|bericht\\w*|zusammenfassung\\w*|uberblick|lagebericht|resumen|resumenes|informes?|reporte|resumes?|rapports?|recapitulatif|resumos?|relatorios?)";
const REPEATED =
  "(?:every|each|daily|weekly|hourly|monthly|weekdays|jede[nrms]?|taglich\\w*|wochentlich\\w*|cada|todos los|todas las|diario|tous les|toutes les|chaque|quotidien|todo dia|todos os|todas as|toda|har|roz|rozana)";
const SIZE = "\\d+(?:[.,]\\d+)? ?(?:[mg]i?b?|cores?|cpus?)";
const MEMORY = "(?:memory|mem|ram|cpu|cores|memoria|memoire|speicher|arbeitsspeicher)";

const BOOK: readonly (readonly [ActionType, readonly string[]])[] = [
  [
    "schedule",
    [
      `(?:dont|do not|no longer) (?:want|need|send|post|wanna) ${GAP}${DIGEST}`,
      `no more ${FEW}${DIGEST}`,
      `stop (?:sending|posting|giving|mailing) ${GAP}${DIGEST}`,
      `${DIGEST} ${FEW}nicht mehr`,
      `keine?n? ${FEW}${DIGEST} mehr`,
      `no (?:quiero|necesito|me mandes|me envies) ${GAP}${DIGEST}`,
      `(?:veux|veut|voulons|souhaite|envoie) (?:plus|pas) ${GAP}${DIGEST}`,
      `nao (?:quero|preciso|mande|envie|queremos) ${GAP}${DIGEST}`,
      `${DIGEST} ${FEW}(?:mat bhejo|nahi chahiye|band karo)`,
      `${DIGEST} ${GAP}${REPEATED}`,
      `${REPEATED} ${GAP}${DIGEST}`,
      "(?:tell|ping|notify|alert|warn|inform|message) (?:me|us) (?:when|if|once|as soon as|whenever)",
      "(?:sag|sagt|gib|gebt) (?:mir |uns |bitte )*bescheid",
      "(?:previens|avertis|alerte|previens|dis) (?:moi|nous) (?:quand|si|des que|lorsque)",
      "(?:avisa|avise|avisen)(?:me|nos)? (?:si|cuando|quando|se)",
      "(?:me|nos) avis[ae] (?:se|quando|si|cuando)",
      `jab ${GAP}${GAP}(?:bata|batana|batao)`,
    ],
  ],
  [
    "silence",
    [
      "keep (?:it|them|that|this|\\S+) (?:quiet|silent|muted|calm)",
      "(?:doing|starting|begin|beginning|planned|have|having|performing) (?:some )?maintenance (?:on|for|at)",
      `(?:put|set|place|setze?|pon|poner|mets|coloca) ${FEW}(?:in|into|en|em|im) (?:maintenance|wartung\\w*|mantenimiento|manutencao)`,
      "(?:stop|quit) (?:paging|pinging|bugging|alerting|notifying|waking|bothering|nagging|spamming|calling)(?: me| us| everyone)?",
      "(?:dont|do not) (?:page|ping|bug|alert|notify|wake|bother|call)(?: me| us| anyone)? (?:about|for|on|over|up for)",
      "no more (?:pages?|alerts?|notifications?|alarms?|noise|pings?) (?:for|from|about|on)",
      `shut ${FEW}up`,
      `(?:mach\\w*|stell\\w*|halt\\w*) ${GAP}(?:still|ruhig|leise|stumm)`,
      "ruhe (?:bitte )?(?:bei|vor|fur|mit|um)",
      "keine (?:alarme|alerts|benachrichtigungen|pages) mehr",
      "nicht mehr (?:alarmieren|pagen|wecken|benachrichtigen)",
      "(?:calla|calle|acalla|callame|callar)",
      "(?:no me|deja de|dejen de) (?:avises|alertes|molestes|molestar|alertar|notificar|avisar)",
      "(?:fais|faire|faites) (?:\\S+ )?taire",
      "arretez? de (?:me |nous )?(?:alerter|notifier|reveiller|prevenir|biper)",
      `deix[ae] ${FEW}(?:quiet[oa]|mud[oa]|em silencio|silenciad[oa]|calad[oa])`,
      "pare? de (?:me |nos )?(?:avisar|alertar|notificar|acordar)",
      "(?:chup|shaant|shant) (?:kar|karo|kardo|karao|rakho)",
      "(?:alerts?|page|notification) (?:mat|na) (?:bhejo|karo|do)",
    ],
  ],
  [
    "ack",
    [
      "(?:acking|acknowledging)",
      "(?:i|ive|we|weve) (?:got|have|own|took|take|grabbed|handle) (?:the |this )?(?:@alert|it|this|that)(?: one)?(?: now| covered)?$",
      "(?:ill|i will|well|i) (?:handle|take|own|grab|deal with|take care of|look into|look after|work on) (?:the |this )?(?:@alert|it|this one|that one)",
      "(?:looking|digging) (?:into|at) (?:the )?(?:@alert|it|this|that)",
      "working on (?:the )?(?:@alert|it)",
      "(?:@alert|this|that|this one) is (?:mine|on me)",
      "@alert mine",
      "(?:ich )?(?:kummere|kummer) (?:mich|ich mich)",
      "ich (?:ubernehme?|habe?) (?:@alert|das|den alarm|die meldung)",
      "ich (?:ubernehme?|bin (?:schon )?dran)$",
      "ich (?:schaue?|sehe?|gucke?) (?:mir )?(?:@alert|das|den alarm) (?:\\S+ )?an",
      "me (?:encargo|ocupo)",
      "(?:estoy|estamos) (?:en ello|mirando|revisando|investigando) ?(?:@alert|lo|eso|$)",
      "je (?:m |m en )(?:occupe|charge)",
      "je (?:gere|prends|regarde) (?:l alerte|ca|@alert)",
      "(?:eu )?(?:cuido|assumo|to cuidando|estou cuidando) (?:d[oae]|disso|o|a|essa|esse)",
      "deixa comigo",
      "(?:main|mai|mein|hum) (?:ise )?(?:dekh|sambhal)\\S*",
      "dekh rah[aei] (?:hoon|hu|hun)",
    ],
  ],
  [
    "rollback",
    [
      `(?:take|bring|put|move|switch|set|get|flip|return|send|pin|go|going|roll) ${GAP}back to ${FEW}(?:${VERSION}|one before|previous one|old one|one prior)`,
      `(?:put|bring|get|reinstall|redeploy|reinstate|restore) ${FEW}${OLD} (?:\\S+ )?${VERSION}`,
      `back out (?:of )?${GAP}(?:release|deploy\\w*|change|rollout|version)`,
      `return ${FEW}to ${FEW}${OLD} ${VERSION}`,
      `(?:stell\\w*|setz\\w*|roll\\w*|nimm|nehmt|bring\\w*|dreh\\w*|mach\\w*|hol\\w*|zieh\\w*) ${GAP}${GAP}(?:zuruck|ruckgangig)`,
      `zuruck (?:auf|zu|zur|zum) ${FEW}${VERSION}`,
      `(?:regres|vuelv|volver|devuelv|devolver|retroced|retorn|restaur|recuper)\\w* ${GAP}${VERSION}`,
      `(?:ramen|remet|reviens|reven|retourn|repass|restaur|rebascul)\\w* ${GAP}${VERSION}`,
      `(?:volt|retorn|restaur|regrid|regred)\\w* ${GAP}${VERSION}`,
      `(?:purana|purane|purani|pichla|pichle|pichli|previous|old) ${VERSION} ${FEW}(?:lao|karo|kar|kardo|pe|par|wapas|lagao|do)`,
      `${VERSION} (?:pe|par|pr) (?:wapas|laut\\w*|le)`,
    ],
  ],
  [
    "uncordon",
    [
      `(?:make|mark|set) ${FEW}schedulable`,
      `(?:put|bring|take|get) ${FEW}back (?:in|into|to|on) (?:the )?(?:service|rotation|pool|cluster|duty|use|scheduling)`,
      "let (?:new )?(?:pods|workloads?|things|jobs) (?:run|land|schedule|be scheduled|go) (?:\\S+ )?(?:on|onto|to|there)",
      "(?:allow|permit|reenable|re-enable|resume) (?:\\S+ )?(?:pods|scheduling|workloads?)",
      `(?:remove|undo|lift|take off) ${FEW}cordon`,
      `gib ${FEW}wieder frei`,
      "wieder (?:freigeben|einplanbar|schedulable)",
      "entsperr\\w*",
      `nimm ${FEW}wieder in (?:betrieb|den pool|die rotation)`,
      "(?:vuelve a|volver a) habilitar",
      "(?:rehabilita|descordona|reabilita)",
      `(?:remets|remettez|remettre) ${FEW}en (?:service|rotation)`,
      "schedulable (?:karo|kar|bana\\w*)",
    ],
  ],
  [
    "cordon",
    [
      "no (?:new|more|further) (?:pods|workloads?|scheduling) (?:on|onto|to)",
      "stop (?:scheduling|placing|putting) (?:\\S+ ){0,3}?(?:on|onto|to|there)",
      `(?:dont|do not) (?:schedule|put|place) ${GAP}(?:on|onto|there)`,
      "keine (?:neuen|weiteren) pods",
      `take ${FEW}out of (?:the )?(?:pool|scheduling|cluster)`,
      "keep (?:new )?pods off",
      "block (?:scheduling|new pods)",
      `nimm ${FEW}aus (?:der rotation|dem pool|dem scheduling)`,
      `(?:saca|sacar|quita) ${FEW}(?:de la rotacion|del pool)`,
      "(?:plus|pas) de nouveaux pods",
      `(?:tira|tire) ${FEW}(?:da rotacao|do pool)`,
      "naye pods? (?:\\S+ )?(?:mat|nahi|na|band)",
      "unschedulable (?:karo|kar|bana\\w*|machen|setzen)",
    ],
  ],
  [
    "drain",
    [
      "(?:move|get|push|shift|evict|migrate) (?:everything|all (?:the |its )?(?:pods|workloads?)|(?:the |its )?(?:pods|workloads?)|stuff) (?:off|away from|out of|from)",
      `raum\\w* ${GAP}leer`,
      "leer raumen",
      `(?:leer|leere|leeren) ${FEW}(?:node|knoten)`,
      `vaci(?:a|ar|e) ${FEW}nodo`,
      "(?:evacua|evacue|evacuar|evacuez)",
      `vide[rz]? ${FEW}noeud`,
      "esvazi[ea] o no",
    ],
  ],
  [
    "drop_replication_slot",
    [
      `(?:get rid of|drop|remove|delete|ditch|lose|toss|throw out|throw away|clean up|wirf|entfern\\w*|losch\\w*|weg mit|borra\\w*|elimina\\w*|quita\\w*|suelta|supprim\\w*|enleve\\w*|jette|remov\\w*|apag\\w*|exclu\\w*) ${GAP}(?:slots?|replikationsslot|ranura|emplacement)`,
      `(?:slot|ranura) ${GAP}(?:drop|delete|remove|loschen|entfernen|wegwerfen|hatao|hata)`,
    ],
  ],
  [
    "kill_queries",
    [
      `(?:shoot|kill|stop|cancel|end|terminate|abort|get rid of|zap|brich|brecht|beend\\w*|mata\\w*|termin[ae]\\w*|cancel[ae]\\w*|cort[ae]\\w*|tue[rz]?|arret\\w*|coupe[rz]?|annul\\w*|encerr\\w*|derrub\\w*) ${GAP}(?:quer(?:y|ies)|statements?|abfragen?|transaktionen|consultas?|conexiones|conexoes|requetes?|connexions)`,
      "(?:queries|query) (?:\\S+ ){0,2}?(?:maro|mar do|band karo|khatam karo|kill karo)",
    ],
  ],
  [
    "failover",
    [
      "promote (?:\\S+ ){0,4}?(?:standby|replica|secondary|follower)",
      `make ${FEW}the (?:new )?(?:primary|master|leader)`,
      "switch (?:\\S+ ){0,3}?(?:to|over to) (?:the |its )?(?:standby|replica|secondary)",
      `(?:befordere|mach) ${FEW}zum (?:primary|master|primaren)`,
      `(?:promueve|promove|promova|promeus|promouvoir) ${FEW}(?:replica|standby|secundari[oa]|secondaire)`,
    ],
  ],
  [
    "flush_cache",
    [
      `(?:clear|flush|empty|wipe|reset|bust|purge|invalidate|leere?|vacia\\w*|vider?|limp[aei]\\w*|esvazi\\w*) ${GAP}cache`,
      "cache (?:\\S+ ){0,3}?(?:leeren|saaf|khali|clear kar\\w*)",
    ],
  ],
  [
    "purge_queue",
    [
      `(?:throw away|throw out|discard|get rid of|clear|empty|wipe|dump) (?:out )?${GAP}(?:queue|backlog|messages|dlq)`,
      "(?:throw away|throw out|discard|clear out) (?:everything|all (?:the )?messages|whatever is) (?:in|from|on|sitting in|stuck in)",
      "wirf (?:\\S+ ){0,4}?nachrichten (?:\\S+ ){0,4}?weg",
    ],
  ],
  [
    "free_disk",
    [
      "tidy (?:\\S+ ){0,3}?up",
      "clean (?:\\S+ ){0,3}?(?:up|out)",
      `(?:throw away|throw out|toss|delete|remove|get rid of|purge) ${FEW}(?:logs|log files|files|images|tmp|dumps|core dumps|junk|garbage|temp)`,
      "(?:make|clear|create|reclaim|recover) (?:\\S+ ){0,2}?(?:room|space)",
      `mach\\w* ${GAP}(?:sauber|platz)`,
      `schaff\\w* ${GAP}platz`,
      "bereinig\\w*",
      `(?:losch\\w*|wirf) ${FEW}(?:alte\\w*|temporare\\w*) (?:logs?|dateien|images)`,
      "(?:haz|hacer|hagan|hazme|libera\\w*|limpia\\w*) (?:\\S+ ){0,4}?(?:espacio|disco|sitio|hueco|lugar)",
      "(?:fais|faire|libere\\w*|degage\\w*) (?:\\S+ ){0,3}?(?:place|espace|menage)",
      "(?:abre|abra|abrir|libera|libere|liberar|faz|faca|limpa|limpe|limpar) (?:\\S+ ){0,3}?(?:espaco|disco|lugar)",
      "(?:disk|jagah|space|kachra) (?:\\S+ ){0,2}?(?:saaf|khali|free|banao)(?: kar\\w*| do)?",
    ],
  ],
  [
    "rerun_pipeline",
    [
      "(?:run|kick off|start|trigger|launch|fire|give|retry) (?:\\S+ ){0,4}?(?:pipeline|build|workflow|ci) (?:\\S+ ){0,3}?(?:again|once more|one more time|another time|another go|another try)",
      "lass\\w* (?:\\S+ ){0,4}?(?:nochmal|neu|noch einmal|erneut) (?:durch)?laufen",
      "(?:vuelve a|volver a) (?:lanzar|ejecutar|correr)",
      "(?:refais|refaites|fais|faites) (?:re)?tourner",
      "(?:roda|rode|executa|execute|dispara) (?:\\S+ ){0,4}?(?:de novo|novamente|outra vez)",
      "(?:pipeline|build) (?:\\S+ ){0,2}?(?:phir se|fir se|dobara)",
    ],
  ],
  [
    "toggle_flag",
    [
      `(?:kill|stop) ${FEW}(?:flag|feature|toggle)`,
      "mach\\w* (?:\\S+ ){1,3}?(?:aus|an)$",
      `(?:apag|enciend|prend|deslig|lig|allum|etein)\\w* ${FEW}(?:flag|bandera|feature|funcion|funcionalidade?|fonctionnalite|drapeau)`,
      "(?:flag|feature) (?:\\S+ ){0,2}?(?:band|chalu|on|off) kar\\w*",
    ],
  ],
  [
    "set_limit",
    [
      `(?:needs?|give|let|allow|wants?|gib|gebt|dale|donne|da) (?=.{0,60}\\b${SIZE})${GAP}${GAP}${MEMORY}`,
      `(?:braucht|necesita|precisa de) (?=.{0,60}\\b${SIZE})${GAP}${MEMORY}`,
    ],
  ],
  [
    "scale",
    [
      `(?:want|wants|need|needs|like|use|add|get|give|gimme|throw|spin up|run|start|put|brauch\\w*|mocht\\w*|wollen|besoin|faut|faudrait|voudrais|voudrait|pon|ponme|ponle|dale|anade|agregale|sumale|sube|subir|baja|deja|quiero|queremos|necesit\\w*|coloca|coloque|poe|ponha|bota|sobe|suba|aumenta|aumente|adiciona|deixa|quero|precis\\w+|passe[rz]?|mets|mettez|ajoute|rajoute|monte|descends|retire|enleve|quita|quitale|tira|tire) ${GAP}${COUNT} (?:\\S+ ){0,3}?${REPLICAS}`,
      `(?:get|drop|cut|take|bring|bump|push|set|move|dial|ramp|turn|shrink|grow) ${GAP}to (?:just |only )?${COUNT} ${REPLICAS}`,
      `should (?:have|run|be at|run with|get) ${COUNT} ${REPLICAS}`,
      `(?:dreh|fahr|zieh|schraub|skalier|setz|stell|bring)\\w* ${GAP}auf ${COUNT} ${REPLICAS}`,
      `(?:dreh|fahr|zieh|schraub|skalier)\\w* ${GAP}auf ${COUNT} (?:hoch|runter|rauf|herunter|herauf)`,
      `${COUNT} (?:\\S+ )?${REPLICAS} (?:mehr|weniger|mas|menos|de plus|de moins|en plus|en moins|a mais|a menos|aur|kam)`,
      `${COUNT} (?:aur )?${REPLICAS} (?:\\S+ ){0,2}?(?:badhao|badha|karo|kar|kardo|chahiye|le jao|jodo|hatao|lagao|ghatao)`,
    ],
  ],
  [
    "restart",
    [
      "^(?:restarting|bouncing|rebooting)",
      "(?:mind|try|consider) (?:restarting|bouncing|rebooting|recycling)",
      "(?:please|somebody|someone|you|just|to|and|lets) cycle",
      `(?:give|needs?|deserves?) ${FEW}(?:kick|bounce|reboot|restart)`,
      "(?:revive|resurrect|unwedge|unstick)",
      `starte? ${GAP}durch`,
      "neu hochfahren",
      `(?:fahr|fahre) ${FEW}neu hoch`,
      `(?:muss|musste|mussen|soll|sollte|kann|konnte) ${GAP}neu gestartet`,
      "(?:reinicias|reinicialo|reiniciala|reinicien|reinicies|rearranca)",
      "(?:da|dar|das|dale|de|faz|faca) (?:un|um|uma) (?:restart|reboot|reinicio|reiniciada)",
      `(?:fais|faire|faites) ${FEW}(?:redemarrer|repartir)`,
      "restart (?:kar|karo|kardo|kijiye|maro)",
    ],
  ],
];

const GUARDED: readonly (readonly [ActionType, readonly Guarded[]])[] = BOOK.map(([type, patterns]) => [
  type,
  patterns.map((pattern) => guarded(`(?<![^ ])(?:${pattern})(?![^ ])`)),
]);

/** "why does it have 5 replicas when it should have 6": speaks of a number, and asks. */
const REASONS = /\b(?:why|warum|wieso|weshalb|pourquoi|kyun?)\b/;
const LONGEST = 60;

export type Construction = {
  readonly value: ActionType;
  /** Tokens of the first and the last word. */
  readonly first: number;
  readonly last: number;
};

/** The order that stands in a text as a whole construction, undefined when none does. Only the first 60 words are read. */
export function findConstruction(tokens: readonly Token[]): Construction | undefined {
  const words = tokens
    .slice(0, LONGEST)
    .map(({ text, fold }) => (/^[A-Z][a-z0-9]+(?:[A-Z][a-z0-9]*)+$/.test(text) ? "@alert" : fold));
  const said = words.join(" ");
  for (const [value, patterns] of GUARDED) {
    const match = firstOf(patterns, said);
    if (match === undefined || ((value === "scale" || value === "set_limit") && REASONS.test(said))) continue;
    const at = (offset: number): number => said.slice(0, offset).split(" ").length - 1;
    return { value, first: at(match.index), last: at(match.index + match[0].length) };
  }
  return undefined;
}

/** The match that begins first; of two that begin together, that of the earlier pattern. */
function firstOf(patterns: readonly Guarded[], text: string): RegExpExecArray | undefined {
  let first: RegExpExecArray | undefined;
  for (const pattern of patterns) {
    const match = pattern.exec(text);
    if (match !== null && (first === undefined || match.index < first.index)) first = match;
  }
  return first;
}
