/** Training phrases, one a line, names and numbers replaced by placeholders. */
export const resource_usage = `
cpu <host>
cpu usage of <host>
cpu usage on <host> right now
how much cpu is <host> using
how busy is the cpu on <host>
whats the cpu load of <host>
<host> cpu
<host> cpu %
cpu% <host>
processor utilization of <host> in the last <duration>
average cpu of <host> over the last <duration>
peak cpu on <host> today
max cpu utilisation of <host> in the past <duration>
cpu usage of the <service> pods
how much cpu do the <service> pods use
cpu used by <pod>
how many cores is <service> burning
cpu of namespace <namespace>
cpu consumption of <namespace>
iowait on <host>
cpu steal on <host>
memory <host>
mem <host>
ram on <host>
memory usage of <host>
how much memory is free on <host>
how much ram is left on <host>
free memory <host>
available memory on <host> in gb
is <host> running out of memory
memory footprint of <service>
memory used by <service> containers
how much memory does <pod> use
how much memory does namespace <namespace> use
total memory used by all pods
swap usage on <host>
is <host> swapping
memory <host> last <duration>
highest memory usage of <host> <time>
lowest free memory on <host> in the last <duration>
disk <host>
disk usage of <host>
how full is the disk on <host>
how full is /var on <host>
disk space left on <host>
free space on <host>
free disk space <host> root
how many gb are free on <host>
is the disk of <host> almost full
storage usage on <host>
inodes used on <host>
disk io on <host>
disk read throughput of <host>
disk writes per second on <host>
iops of <host>
network traffic of <host>
network in <host>
inbound traffic on <host>
outbound bandwidth of <host>
net rx <host>
bytes received by <host>
how much data does <host> send per second
bandwidth <host> last <duration>
network errors on <host>
packets dropped on <host>
load <host>
load average of <host>
loadavg <host>
5 minute load of <host>
system load on <host> last <duration>
cpu?
cpu
disk?
disk space
memory usage
ram
load average
network usage
overall cpu usage
average cpu across all hosts
cpu of all hosts
memory of all servers
disk usage everywhere
disk usage of all machines
hosts with more than <n> cpu
which hosts are above <n> cpu
which servers have less than <n> gb of free memory
any host with disk above <n>
machines with disk usage over <n>
which pods use more than <n> of memory
open file descriptors on <host>
uptime load memory of <host>
temperature of the cpu on <host>
<metric> of <host>
<metric> <host>
<metric> on <host> over the last <duration>
whats <metric> on <host>
<metric> of <pod>
chk mem on <host>
hows the memory on <host>
hows disk on <host>
resource usage of <host>
resources of <service>
resource consumption of namespace <namespace>
draw me a graph of cpu on <host>
plot memory of <host> for <duration>
show a chart of disk usage on <host>
show cpu of <host> as a graph
the boss wants to know the cpu utilisation of <host>
memory of <name>
cpu usage of <name>
wie hoch ist die cpu auslastung von <host>
wie viel speicher ist auf <host> frei
wie viel arbeitsspeicher nutzt <host>
cpu auslastung <host>
cpu last auf <host>
festplatte <host>
wie voll ist die platte auf <host>
freier speicherplatz auf <host>
plattenplatz <host>
netzwerkverkehr von <host>
speicherverbrauch der <service> pods
arbeitsspeicher von <host>
durchschnittliche cpu von <host> in den letzten <duration>
cuanta memoria libre tiene <host>
cuanta cpu usa <host>
uso de memoria de <host>
uso de disco en <host>
espacio libre en <host>
carga de <host>
trafico de red de <host>
cuanto disco queda en <host>
combien de memoire utilise <host>
utilisation du processeur de <host>
utilisation memoire de <host>
utilisation cpu de <host>
espace disque libre sur <host>
charge du serveur <host>
combien de ram reste sur <host>
trafic reseau de <host>
uso de cpu do <host>
quanta memoria livre tem o <host>
quanto de memoria o <host> esta usando
espaco em disco no <host>
uso de disco do <host>
carga do <host>
<host> ki memory kitni use ho rahi hai
<host> par kitni ram free hai
<host> ka disk kitna bhara hai
<host> ka load kitna hai
cpu usage batao <host> ka
<host> me kitni jagah bachi hai
`;

export const golden_signal = `
latency of <service>
latency <service>
p95 <service>
p99 of <service>
p50 latency of <service> last <duration>
p99.9 of <service>
95th percentile of <service>
what is the 99th percentile response time for <service>
median response time of <service>
average response time of <service> over the last <duration>
mean latency for <service> since <time>
how fast is <service>
how slow is <service> right now
how long do requests to <service> take
how long does <service> need to answer
response times <service>
resp time <service>
is <service> slow
is <service> slow for users
worst latency of <service> today
max p95 of <service> in the last <duration>
latency of <service> by route
p95 of the route /api/x on <service>
latency of POST requests on <service>
which routes of <service> take longer than <n> ms
error rate of <service>
errors <service>
error ratio <service> last <duration>
error percentage for <service>
how many errors does <service> have
how many errors did <service> throw in the last <duration>
how many requests failed on <service>
percentage of failed requests on <service>
5xx <service>
5xx rate of <service>
number of 500s from <service> since <time>
how many 404 did <service> return
how many 401 did <service> return in the last <duration>
4xx on <service>
any errors on <service>
is <service> throwing errors
success rate of <service>
failure rate <service>
http status codes of <service>
errors per second on <service>
requests to <service> that failed <time>
traffic on <service>
traffic <service>
rps <service>
qps of <service>
req/s <service>
requests per second on <service>
requests per minute to <service>
request rate of <service>
how many requests does <service> get
how many requests did <service> serve today
how many hits did <service> get in the last <duration>
total requests of <service> since <time>
throughput of <service>
peak rps of <service> in the last <duration>
lowest traffic on <service> today
how much traffic does <service> have
how busy is <service>
load on the <service> service
how many calls per second does <service> handle
requests in flight <service>
in-flight requests of <service>
concurrent requests on <service>
saturation of <service>
how saturated is <service>
golden signals of <service>
golden signals for <service>
latency traffic and errors of <service>
rps errors and p95 of <service>
performance of <service>
how is <service> performing
hows <service> doing on latency
key numbers of <service>
apdex of <service>
total request rate over all services
error rate
whats the latency
what is the latency
whats the error rate
what is our error rate
how high is the error rate
what is the request rate
what percentage of calls to <service> fail
what share of requests to <service> returns 5xx
is <service> returning 5xx
current traffic
overall error rate
error rate of all services
latency of all services
services with error rate above <n>
which services have a p95 above <n> ms
which services are slower than <n>
any service with more than <n> errors
services with less than <n> rps
<metric> of <service>
<metric> <service>
<metric> for the <service> service in the last <duration>
whats the <metric> of <service>
lantecy <service>
eror rate <service>
latancy for <service> plz
whats teh p95 of <service>
graph of latency <service>
plot p95 of <service> for the last <duration>
show me a chart of the error rate of <service>
customers complain that <service> is slow whats the p95
error rate of <name>
p95 of <name>
latency of the <name> service
<service> <service> latency
what percentage of requests to <service> end in an error
wie hoch ist die latenz von <service>
latenz <service>
fehlerrate von <service>
wie hoch ist die fehlerquote von <service>
wie viele anfragen bekommt <service>
anfragen pro sekunde <service>
wie viele fehler hatte <service> in den letzten <duration>
antwortzeit von <service>
wie schnell antwortet <service>
durchsatz von <service>
latencia de <service>
cual es la latencia de <service>
tasa de errores de <service>
cual es la tasa de error de <service>
cuantas peticiones por segundo recibe <service>
trafico de <service>
tiempo de respuesta de <service>
cuantos errores tuvo <service> en las ultimas <duration>
latence de <service>
quelle est la latence de <service>
taux d erreur de <service>
quel est le taux d erreurs de <service>
combien de requetes par seconde pour <service>
trafic de <service>
temps de reponse de <service>
taxa de erro do <service>
qual a taxa de erros do <service>
qual a latencia do <service>
quantas requisicoes por segundo o <service> recebe
tempo de resposta do <service>
trafego do <service>
<service> ki latency kitni hai
<service> ka error rate kya hai
<service> par kitna traffic hai
<service> me kitne errors aa rahe hain
<service> ka p95 batao
<service> kitna slow hai
`;

export const metric_query = `
connections on the <database> database
db connections <database>
how many connections does <database> have
idle in transaction sessions on <database>
number of idle connections in <database>
postgres connections in use
open connections to postgres
size of <database>
how big is the <database> database
database size <database>
size of all databases
replication lag
how far behind is the replica
replica lag of <host>
lag of the standby
slow queries on <database>
queries per second on <database>
transactions per second of <database>
commits per second in <database>
rollbacks on <database>
deadlocks in <database>
locks on <database>
longest running transaction on <database>
dead tuples in <database>
wal size
wal directory size on <host>
cache hit ratio of <database>
buffer cache hit rate of postgres
redis memory
redis hit rate
cache hit rate
cache misses per second
how many keys are in the cache
evictions of the cache
evicted keys last <duration>
redis connected clients
redis commands per second
ops per second on the cache
queue depth of <queue>
how many messages are in <queue>
messages waiting in <queue>
<queue> queue
<queue> backlog
<queue> depth
how long is the <queue> queue
how deep is <queue>
queue length
unacked messages in <queue>
consumers on <queue>
how many consumers does <queue> have
publish rate of <queue>
messages published to <queue> per minute
are the queues empty
any queue with more than <n> messages
which queues have no consumers
queues over <n>
kafka consumer lag
consumer lag of <name>
<metric>
<metric> right now
<metric> over the last <duration>
<metric> of <database>
<metric> of <queue>
<metric> of <name>
<metric> <name>
what is <metric> for <name>
current value of <metric>
value of <metric>
show me <metric>
<metric> by <name>
how many <metric> in the last <duration>
how many <metric> today
how many <metric> since <time>
how many <metric> per minute
<metric> per minute
<metric> per hour
average <metric> last <duration>
total <metric> today
max <metric> in the last <duration>
how many orders per minute
orders today
how many orders did we get in the last <duration>
orders placed since <time>
failed orders last <duration>
revenue today
how much money did we make today
revenue in the last <duration>
turnover since midnight
sales per hour
average order value
how many users are online
active users right now
active sessions
how many people use the app
signups today
logins per minute
failed logins in the last <duration>
how many logins failed because of a bad password
failed logins by reason
expired tokens per minute
how many tokens were issued in the last <duration>
password reset mails per hour
how many emails were sent today
emails sent per minute
bounced mails last <duration>
sms sent in the last <duration>
push notifications per minute
payment success rate
payments by provider
declined payments last <duration>
refunds today
latency of the payment gateway
response time of the payment provider <name>
third party api latency <name>
stock level of <name>
inventory of <name>
items in the warehouse
backlog of the warehouse <name>
shipments waiting
parcels shipped today
is the feature flag <name> on
is <name> turned on
is flag <name> active
is <name> enabled
is <name> disabled
is <name> switched on
feature flags
which feature flags are on
flag <name> status
temperature of rack <name>
how hot is rack <name>
temperature in the server room
how warm is the data center
power draw of rack <name>
power consumption of rack <name>
humidity
ups battery level
etl rows processed last <duration>
when did the batch import last succeed
records processed per second by <name>
jobs waiting in the worker queue
thread pool usage of <service>
jvm heap used by <service>
garbage collection time of <service>
goroutines of <service>
event loop lag of <service>
websocket connections of <service>
index size of <name>
documents indexed per minute
disk usage of <database>
plot <metric> for the last <duration>
wie viele nachrichten sind in der queue <queue>
wie lang ist die warteschlange <queue>
warteschlange <queue>
wie gross ist die datenbank <database>
verbindungen zur datenbank <database>
wie viele bestellungen heute
umsatz heute
wie viele nutzer sind gerade online
replikationsverzogerung
ist das feature flag <name> aktiv
cuantos mensajes hay en la cola <queue>
tamano de la base de datos <database>
conexiones de la base de datos <database>
cuantos pedidos por minuto
ingresos de hoy
usuarios activos ahora
combien de messages dans la file <queue>
taille de la base <database>
connexions a la base <database>
combien de commandes par minute
chiffre d affaires aujourdhui
utilisateurs actifs
quantas mensagens na fila <queue>
tamanho do banco <database>
conexoes do banco <database>
quantos pedidos por minuto
receita de hoje
usuarios ativos agora
<queue> queue me kitne messages hain
<database> ka size kitna hai
aaj kitne orders aaye
kitne users online hain
`;

export const top_k = `
top <n> hosts by memory
top <n> services by traffic
top <n> pods by cpu
top <n> <metric>
which host has the highest cpu
which host has the least free memory
which server has the most load
which machine is the busiest
which pod eats the most memory
which pod uses the most cpu
which service is the slowest
slowest service
slowest services
slowest <n> services
slowest route of <service>
which endpoint is slowest
fastest service
which service is the fastest
which service answers quickest
which service has the worst latency
which service has the highest error rate
which service has the most errors
worst service by errors
who has the most errors
most errors
service with the lowest error rate
busiest service
busiest host
busiest queue
which service gets the most requests
which service has the least traffic
least used service
least busy host
fullest disk
which disk is fullest
which host has the least disk space left
which host has the least free space
which filesystem has the most space left
biggest database
which database is the largest
largest database by size
smallest database
which database has the most connections
longest queue
which queue is the longest
which queue has the most messages
biggest queue backlog
which namespace uses the most memory
which namespace uses the most cpu
namespace with the most pods
node with the most pods
which pod restarted most often
pods with the most restarts
most restarted pod
most restarts
hottest rack
which rack is the hottest
coolest rack
which host sends the most network traffic
biggest network consumer
top talkers
memory hogs
biggest memory hog
cpu hogs
what is eating the cpu
who is eating all the memory
what uses the most disk
rank services by latency
rank hosts by load
sort services by error rate
order the services by traffic
list services sorted by p95
ranking of queues by length
<n> hosts with the highest load
<n> services with the lowest latency
the <n> slowest services
first <n> pods by memory
the <n> biggest databases
which <name> has the most <metric>
which <name> has the highest <metric>
which <name> has the lowest <metric>
which <name> is the slowest
<metric> top <n>
highest <metric>
lowest <metric>
most <metric>
top <metric>
largest <metric> by <name>
which provider is slowest
which platform has the fewest users
which region has the most orders
which warehouse has the largest backlog
which product sells best
which template is sent most
which pipeline fails the most
slowest pipeline
which project has the longest builds
noisiest alert
which alert fires most often
which certificate expires first
which pod is the hungriest
which service is closest to its memory limit
top 5
top cpu
top mem
top cpu pods
most loaded server
highest load
what has the highest latency right now
who is the worst offender
welcher server hat die hochste cpu
welcher dienst ist am langsamsten
welcher service hat die meisten fehler
welcher host hat am wenigsten speicher
die <n> langsamsten services
langste warteschlange
vollste festplatte
top <n> hosts nach cpu
grosste datenbank
welcher pod verbraucht am meisten speicher
que servidor usa mas memoria
que servicio es el mas lento
cual es el servicio con mas errores
los <n> servicios mas lentos
que host tiene mas cpu
cola mas larga
disco mas lleno
quel serveur utilise le plus de memoire
quel est le service le plus lent
quel service a le plus d erreurs
les <n> services les plus lents
la file la plus longue
le disque le plus plein
qual servidor usa mais memoria
qual o servico mais lento
qual servico tem mais erros
os <n> servicos mais lentos
a maior fila
qual o disco mais cheio
sabse slow service kaun sa hai
sabse zyada cpu kaun use kar raha hai
kaunsi service me sabse zyada errors hain
sabse zyada memory kis server ki hai
sabse kam traffic kispe hai
`;
