/**
 * Words of six languages that mean the same to the classifier, a group a line, its name first. They let a phrase that was
 * learnt in one language or with one word help all others. Multi-word expressions are joined with a blank and parted by |.
 */
export const SYNONYMS = `
WHY|why|whys|warum|wieso|weshalb|pourquoi|porque|por que|kyun|kyu|kyon|reason|cause|causes|causing|caused|ursache|causa|wajah|blame|culprit|woran|motivo|raison|how come
HOWMANY|how many|wie viele|wieviele|cuantos|cuantas|combien|quantos|quantas|kitne|kitni|number of|count of|anzahl|numero de|nombre de
HOWMUCH|how much|wie viel|wieviel|cuanto|cuanta|quanto|quanta|kitna
WHEN|when|wann|cuando|quand|quando|kab
HOWLONG|how long|wie lange|cuanto tiempo|cuanto falta|combien de temps|quanto tempo|since when|seit wann|depuis quand|desde cuando|kab se|kab tak
WHO|who|wer|quien|qui|quem|kisne|kaun
WHICH|which|welche|welcher|welches|welchen|cual|cuales|quel|quelle|quels|quelles|qual|quais|kaunsa|kaunsi|what|whats|was|que|quoi|kya
SHOW|show|display|list|zeig|zeige|liste|muestra|muestrame|lista|montre|affiche|mostra|mostre|dikhao|give me|gib mir|dame|donne moi|print|see
FULL|full|fills|fill|filling|filled|voll|lleno|llenar|llena|llenara|plein|remplit|cheio|encher|enche|bharega|bhara|full up|run out|runs out|running out|exhausted|eng
WILL|will|wird|werden|werde|gonna|going to|sera|va|vai|soon|bald|pronto|bientot|em breve|predict|predicted|prediction|forecast|forecasts|projection|project|expected|estimate|prognose|vorhersage|pronostico|prediccion|prevision|previsao|eta|extrapolate
DISK|disk|disks|disc|hdd|ssd|festplatte|platte|platten|disco|discos|disque|disques|space|storage|volume|volumes|filesystem|filesystems|mount|mountpoint|partition|speicherplatz|plattenplatz|platz|espacio|espace|espaco|inodes
MEMORY|memory|mem|ram|memoria|memoire|arbeitsspeicher|speicher|speicherauslastung|heap|swap
CPU|cpu|cpus|processor|prozessor|procesador|processeur|processador|core|cores|kerne|nucleos|coeurs
LOAD|load|loadavg|last|carga|charge|auslastung
NETWORK|network|net|bandwidth|netzwerk|netzwerkverkehr|red|reseau|rede|rx|tx|inbound|outbound|ingress|egress|packets|nic|bytes received|bytes sent
LATENCY|latency|latencies|latenz|latencia|latence|response time|response times|antwortzeit|antwortzeiten|tiempo de respuesta|temps de reponse|tempo de resposta|slow|slower|langsam|lento|lent|lente|p50|p90|p95|p99|percentile|perzentil|median|fast|schnell|rapide|rapido|ms
ERRORS|error|errors|fehler|fehlerrate|fehlerquote|errores|erreur|erreurs|erro|erros|5xx|4xx|500|502|503|504|404|401|failures|failed requests|error rate|exceptions rate|success rate
TRAFFIC|traffic|verkehr|trafico|trafic|trafego|rps|qps|req/s|requests|request|anfragen|peticiones|requetes|requisicoes|throughput|durchsatz|hits|calls
QUEUE|queue|queues|warteschlange|warteschlangen|cola|colas|file|files|fila|filas|backlog|messages|nachrichten|mensajes|mensagens|message
DATABASE|database|databases|db|dbs|datenbank|datenbanken|base de datos|base de donnees|banco|postgres|postgresql|mysql|sql
CACHE|cache|redis|memcached|hit rate|hit ratio|evictions
HOST|host|hosts|server|servers|machine|machines|box|boxes|vm|vms|maschine|rechner|servidor|servidores|serveur|serveurs|maquina|hotes|instance|instances
SERVICE|service|services|svc|dienst|dienste|servicio|servicios|servico|servicos|app|application|microservice
ALERT|alert|alerts|alarm|alarms|alarme|alerte|alertes|alerta|alertas|alertes|page|pages|paging|warning|warnings|criticals|firing|alerting
SILENCE|silence|silences|silenced|mute|muted|mutes|snooze|suppress|stumm|stummschalten|stummgeschaltet|silencia|silenciar|silencie|sourdine|unmute|unsilence|hush|quiet|maintenance|wartung
RESTART|restart|reboot|bounce|neustart|neustarten|reinicia|reiniciar|reinicie|redemarre|redemarrer|relance|recycle|restarting
ROLLBACK|rollback|roll back|revert|undo|zuruckrollen|zuruck|revierte|revertir|reverta|reverter|annule|annuler
SCALE|scale|skaliere|skalieren|escala|escalar|escale|upscale|downscale|scale up|scale down|scale out
REPLICAS|replica|replicas|replikate|replikat|replikas
APPROVE|approve|approval|approvals|approved|freigabe|freigaben|genehmigung|genehmige|genehmigungen|aprobacion|aprobaciones|aprueba|approbation|approbations|approuve|aprovacao|aprovacoes|aprove|aprobo|aprovou|approuve
CERT|cert|certs|certificate|certificates|zertifikat|zertifikate|certificado|certificados|certificat|certificats|tls|ssl|https cert
EXPIRE|expire|expires|expiring|expired|expiry|expiration|renew|renewal|renewed|caduca|caducan|vence|vencen|vencem|expira|expirent|lauft ab|ablaufen|abgelaufen
BUILD|build|builds|ci|pipeline|pipelines|runner|runners|jenkins|gitlab|workflow|builds
DEPLOY|deploy|deploys|deployed|deployment|deployments|release|released|releases|rollout|ship|shipped|version|versions|versao|deployt|ausgerollt|despliegue|despliegues|desplego|desplegada|deploiement|deploye|implantacao|implantacoes|went live
SLO|slo|slos|sla|sli|error budget|burn rate|budget|availability|verfugbarkeit|disponibilidad|disponibilite|disponibilidade|objective|fehlerbudget|nines
LIMIT|limit|limits|limite|limites|quota|request limit|maximum|maxed|headroom|capacity|kapazitat|capacidad|capacite|capacidade|autoscaler|autoscalers|hpa|hpas|throttled|throttling|allocatable|room
POD|pod|pods|container|containers|crashloop|crashlooping|crashloopbackoff|oomkilled|pending pods|node|nodes|nodos|noeuds|nos|statefulset|daemonset|cronjob|cronjobs|namespace|namespaces
UP|up|down|alive|dead|reachable|online|offline|erreichbar|lauft|laufen|funciona|fonctionne|funcionando|caido|caiu|available|running|responding|chal raha|no ar|en ligne|unreachable
LOGS|log|logs|logfile|logfiles|stacktrace|stack trace|trace|traces|traceback|exception|protokolle|registros|journaux|sql statement|statement|query text|span|spans|dump|grep|tail
MOST|most|highest|top|max|biggest|largest|longest|slowest|fastest|quickest|busiest|fullest|hottest|worst|noisiest|heaviest|meisten|hochste|hochsten|langsamsten|langsamste|vollste|langste|grosste|mas lento|plus lent|mais lento|sabse|sabse zyada|el mas|le plus|o mais|maior|mayor|ranking|rank
LEAST|least|lowest|fewest|smallest|min|wenigsten|niedrigste|am wenigsten|sabse kam|menor|moins
COMPARE|compare|compared|comparison|vs|versus|vergleich|vergleiche|verglichen|compara|comparado|comparar|comparada|comparer|par rapport|frente a|im vergleich|gegenuber|relative to|against|difference|than|als|que hier|week over week
YESTERDAY|yesterday|gestern|ayer|hier|ontem|kal|last week|letzte woche|letzter woche|semana pasada|semaine derniere|semana passada|ago|usual
WEIRD|weird|strange|odd|unusual|abnormal|normal|anomaly|anomalies|anomalie|anomalien|anomalias|spike|spikes|outlier|outliers|raro|bizarre|estranho|ungewohnlich|auffallig|auffalliges|ajeeb|gadbad|off|inusual|suspicious|fishy|dip|drop|dips|drops|anormal
ALLOK|everything|alles|todo|tout|tudo|sab|overall|all good|all ok|theek|thik
BROKEN|broken|kaputt|roto|casse|quebrado|kharab|on fire|wrong|issue|issues|problem|problems|probleme|problema|probleme|dikkat|trouble|incident|incidents|outage
HELLO|hi|hello|hey|hallo|hola|bonjour|salut|ola|oi|namaste|moin|good morning|good evening|buenos dias|bom dia|guten morgen|guten tag|bonsoir
THANKS|thanks|thank you|thx|ty|danke|gracias|merci|obrigado|obrigada|dhanyavaad|shukriya|cheers|valeu
EVERYDAY|every|daily|weekly|hourly|each|taglich|jeden|cada|chaque|todo dia|har|roz|tous les|weekday|weekdays|nightly at
REMIND|remind|reminder|reminders|erinnere|recuerdame|rappelle|lembra|notify|tell me when|let me know|watch|watches|avisame|avise|previens|sag bescheid|keep an eye|alert me|ping me|digest|report|reports|schedule|schedules|scheduled|subscribe
SECRET|password|passwords|passwort|contrasena|contrasenas|mot de passe|senha|secret|secrets|credentials|api key|api keys|private key|env|token|tokens|zugangsdaten
INJECT|ignore|forget|disregard|override|bypass|skip|pretend|jailbreak|ignoriere|vergiss|olvida|oublie|esqueca|bhool|instructions|instructions|anweisungen|instrucciones|instrucoes|rules|regeln|reglas|regles|regras|without approval|ohne freigabe|sin aprobacion|sans approbation|sem aprovacao
DELETE|delete|drop|wipe|destroy|erase|losche|borra|supprime|apague|apaga|remove|truncate|rm
METRICS|metric|metrics|metrik|metriken|metricas|metriques|label|labels|series
QUERY|promql|query|queries|expression|abfrage|consulta|requete promql|prometheus
PRONOUN|it|that|this|thing|things|that one|the other|das ding|eso|isso|ca|woh|usko|same
REST|free|left|available|remaining|frei|freier|libre|livre|free space|reste|queda|resta|bacha|bachi
WRITE|write|compose|schreib|escribe|ecris|escreve|sing|tell me a|recommend|translate|order a|book a|play
MINUTE|per second|per minute|per hour|pro sekunde|pro minute|por segundo|por minuto|par seconde|par minute
`;
