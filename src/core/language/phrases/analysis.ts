/** Training phrases, one a line, names and numbers replaced by placeholders. */
export const compare = `
compare <service> with <service>
compare <host> and <host>
compare cpu of <host> and <host>
compare the latency of <service> and <service>
compare memory on <host> with <host>
<service> vs <service>
<host> vs <host> cpu
<host> versus <host> memory
difference between <host> and <host>
error rate of <service> versus <service>
which is faster <service> or <service>
which is slower <name> or <name>
which one is busier <host> or <host>
who has more traffic <service> or <service>
does <service> have more errors than <service>
is <host> busier than <host>
is <service> slower than <service>
is <service> slower than yesterday
is <service> slower than usual
is <service> faster than last week
is traffic higher than last week
is the error rate higher than yesterday
are there more errors than an hour ago
do we have more orders than yesterday
fewer orders than last week
more traffic than usual
latency of <service> compared to <time>
latency of <service> vs yesterday
traffic of <service> compared with last week
traffic today vs yesterday
traffic this week vs last week
rps now vs <duration> ago
error rate now versus <duration> ago
p95 of <service> now and <duration> ago
p99 of <service> today against yesterday
cpu on <host> compared to <time>
memory of <host> now vs <duration> ago
load of <host> relative to last week
disk usage of <host> compared with <duration> ago
<metric> vs last week
<metric> compared to yesterday
<metric> today vs yesterday
<metric> versus <time>
<metric> of <name> vs <name>
compare <metric> to last week
compare <metric> with <time>
compare today with yesterday
compare <metric> of <service> before and after the deploy
before and after the release
latency before vs after the deployment of <service>
how does today compare to last monday
how much did traffic grow since last week
how much has <metric> changed since yesterday
how has <metric> changed since <time>
has latency of <service> increased since <time>
did latency go up after the deploy
did the error rate of <service> go down
did traffic drop compared to <time>
did memory of <host> grow since yesterday
has the queue grown since <time>
has <queue> become longer in the last <duration>
has <service> become slower since the last release
has <service> gotten slower
change of <metric> over <duration>
week over week <metric>
week over week traffic
day over day errors
wow change of orders
delta of <metric> since <time>
increase of errors on <service> since <time>
percent change in traffic since yesterday
is it better than yesterday
is it getting better or worse
is <service> getting worse
trend of <metric>
is latency trending up
is <metric> rising or falling
same time last week
same time yesterday
than usual at this hour
how is it different from yesterday
orders now vs same time yesterday
sales today against last week
sessions of <name> vs <name>
vergleiche <service> mit gestern
vergleiche die latenz von <service> und <service>
latenz von <service> im vergleich zu gestern
ist <service> langsamer als gestern
mehr fehler als gestern
cpu von <host> gegenuber letzter woche
hat sich die fehlerrate seit gestern erhoht
compara <service> con <service>
compara la latencia de <service> con ayer
trafico comparado con ayer
es mas lento que ayer
latencia de <service> frente a la semana pasada
ha subido la tasa de errores desde ayer
compare <service> avec hier
latence de <service> par rapport a hier
comparer le trafic a la semaine derniere
plus lent qu hier
le taux d erreur a t il augmente depuis hier
comparar <service> com ontem
latencia do <service> comparada com ontem
trafego em relacao a semana passada
esta mais lento que ontem
a taxa de erro aumentou desde ontem
kal se compare karo
<service> kal se zyada slow hai kya
aaj aur kal ka traffic compare karo
`;

export const anomaly = `
anomalies
any anomalies
any anomaly in <service>
anomalies in the last <duration>
anomalies on <host>
anything weird
anything weird going on
anything weird with <service>
anything strange
anything strange on <host>
anything odd in the last <duration>
anything unusual
anything unusual today
anything fishy
anything suspicious on <host>
anything out of the ordinary
see anything abnormal
is anything off
is something off with <service>
something feels off
something feels off with <service>
<service> feels weird
does <service> look normal
does <service> look ok to you
does <host> look normal
does everything look normal
does the traffic look normal
is <service> behaving normally
is <service> acting up
is <service> acting strange
is <service> normal
is the traffic on <service> normal
is the latency of <service> normal
is the error rate of <service> normal for this time of day
is <metric> normal
is <metric> unusual
is <metric> higher than it should be
is this normal
is this traffic expected
is that value unusual for <host>
is this level of <metric> typical
any spikes
any spikes in latency
any spike in errors
any spikes on <service> in the last <duration>
traffic spike
is there a spike in traffic
was there a spike on <service> <time>
did anything spike
latency spikes of <service>
sudden drop in traffic
any drops in traffic
did traffic drop
any sudden drop in orders
orders dropped
any dips in <metric>
outliers
any outliers among the hosts
any outlier pods
which pod is an outlier
which host behaves differently from the others
which hosts behave unusually
which services behave differently than usual
which metrics are unusual
which metric deviates most from its normal
deviations from the baseline
compared to baseline is anything off
unusual behaviour in <namespace>
unusual patterns
detect anomalies
run anomaly detection
run anomaly detection on <service>
find anomalies in <metric>
scan for anomalies
anomaly score of <service>
how unusual is the latency of <service>
jumps in memory
sudden change on <host>
did anything change suddenly
does <queue> look normal
does <database> behave normally
is <host> behaving strangely
is there something strange about <service>
memory leak on <service>
does <service> leak memory
does <service> have a memory leak
flapping services
is <service> flapping
is anything flapping
gibt es anomalien
gibt es auffalligkeiten
irgendwas auffalliges
ist etwas ungewohnlich
ist etwas ungewohnlich bei <service>
verhalt sich <service> normal
sieht <service> normal aus
ist die last auf <host> normal
ausreisser bei <service>
hay anomalias
hay algo raro
algo raro en <service>
se comporta <service> con normalidad
es normal el trafico de <service>
algun pico de latencia
hay algo inusual
y a t il des anomalies
quelque chose d anormal
quelque chose de bizarre sur <service>
est ce que <service> se comporte normalement
le trafic est il normal
un pic de latence
ha anomalias
tem algo estranho
algo estranho no <service>
o <service> esta normal
o trafego esta normal
algum pico de erros
kuch ajeeb hai kya
koi anomaly hai
<service> normal hai kya
kuch gadbad hai kya
<service> me kuch gadbad lag rahi hai
`;

export const root_cause = `
why
why?
how come
why is <service> slow
why is <service> so slow
why is <service> down
why is <service> failing
why is <service> returning errors
why does <service> return 500
why does <service> throw so many errors
why did <service> go down
why did <service> restart
why does <service> keep restarting
why does <pod> crash
why is <pod> crashlooping
why is <pod> oomkilled
why is <host> so busy
why is cpu so high on <host>
why is memory growing on <host>
why is the disk of <host> full
why is <host> running out of disk
why is the load on <host> high
why is <queue> growing
why is <queue> backing up
why are messages piling up in <queue>
why is the queue not draining
why is the database slow
why is <database> slow
why are there so many connections on <database>
why is the replica lagging
why is replication behind
why did traffic drop
why did orders drop
why did latency go up
why did the error rate increase
why is <metric> so high
why is <metric> low
why is <metric> rising
why is <alert> firing
why did <alert> fire
why did i get paged
why do customers see errors
why are users complaining
why is the site slow
why is everything slow
why do builds fail
why did the build of <pipeline> fail
why is the pipeline red
why is <name> missing
whats causing the errors on <service>
whats causing the latency
what is causing high load on <host>
what causes <alert>
what caused the outage
what caused the incident <time>
what is behind the errors of <service>
what is the reason for the high latency
reason for the crash of <pod>
whats the cause
whats the root cause
root cause
root cause analysis
root cause of <alert>
rca
rca for <service>
find the root cause of the <service> problem
diagnose <service>
diagnose <alert>
investigate <service>
investigate the errors on <service>
troubleshoot <service>
debug the latency of <service>
help me understand why <service> is slow
explain why <service> fails
explain the spike on <service>
what changed
what changed on <service>
what changed in the last <duration>
what changed before the incident
what has changed since <time>
what happened to <service>
what happened to <service> at <time>
what happened at <time>
what is wrong with <service>
whats wrong with <host>
whats up with <service>
whats the matter with <database>
what broke <service>
what is slowing down <service>
what is blocking <database>
what fills the disk on <host>
where does the latency come from
where do the errors come from
who or what is to blame
who is to blame for the slow <service>
is it the database or <service>
is the deploy responsible for the errors
is the new release to blame
could the deployment have caused this
did the last deploy break something
which deploy broke <service>
is <alert> related to <service>
are these alerts related
correlate <metric> with <service>
what correlates with the errors of <service>
customers say payment fails whats the reason
warum
wieso
warum ist <service> langsam
warum ist <service> so langsam
warum steigt die latenz von <service>
warum wachst die warteschlange <queue>
warum ist die platte auf <host> voll
was ist die ursache
was verursacht die fehler bei <service>
woran liegt es
was hat sich geandert
wieso sturzt <service> ab
por que esta lento <service>
por que falla <service>
por que crece la cola <queue>
por que se reinicia <service>
cual es la causa
que cambio en <service>
a que se debe el error
pourquoi
pourquoi <service> est lent
pourquoi <service> est il si lent
pourquoi la file <queue> augmente
quelle est la cause
qu est ce qui cause les erreurs de <service>
qu est ce qui a change
pourquoi le disque de <host> se remplit
por que o <service> esta lento
por que o <service> esta falhando
por que a fila <queue> esta crescendo
qual e a causa
o que mudou
qual o motivo dos erros no <service>
<service> slow kyun hai
<service> kyu slow chal raha hai
kyun fail ho raha hai <service>
kya wajah hai
error kyun aa rahe hain
<service> kyun crash ho raha hai
`;

export const forecast = `
when will the disk on <host> be full
when will <host> run out of disk
when will <host> run out of memory
when will /data on <host> be full
when does the disk of <host> fill up
when do we run out of space
when do we run out of disk
when will redis be full
when will the cache reach its limit
when will <database> exceed <n> gb
when will <queue> be empty
when will the backlog be cleared
when will <queue> reach <n>
when will cpu of <host> hit <n>
when will we hit the limit
when will connections run out on <database>
when will we need more disk
will the disk on <host> fill up
will <host> fill up today
will <host> fill up this week
will <host> run out of disk in the next <duration>
will any disk be full in <duration>
will memory of <host> last until tomorrow
will the disk survive the weekend
will we make it through the weekend with that disk
will <queue> drain by tomorrow
will <queue> recover
how long until the disk on <host> is full
how long until <host> runs out of space
how long till /var on <host> is full
how long will the disk last
how long does the space on <host> last
how many days until <host> is full
how many days of disk do we have left
how many hours until <queue> is empty
time until full <host>
time to full <host>
days left until disk full
eta until <queue> is drained
which hosts will run out of disk
which disks will be full soon
which disks fill up within <duration>
which volumes will run out of space next week
any disk filling up
any disks going to be full in the next <duration>
is <host> going to run out of disk
is the disk on <host> going to fill up
is the database going to run out of space
predict <metric>
predict cpu of <host>
predict disk usage of <host> in <duration>
prediction for <queue>
forecast
forecast <metric>
forecast disk usage of <host>
forecast for <metric> in <duration>
forecast traffic of <service> for tomorrow
forecast memory on <host> for the next <duration>
projection of <metric> for next week
project the growth of <database>
estimate the disk usage of <host> in <duration>
estimate <metric> for tomorrow
expected <metric> in <duration>
expected traffic tomorrow
expected length of <queue> in <duration>
what will <metric> be in <duration>
what will the load be at <time>
what will the size of <database> be next month
what will traffic look like tomorrow
how big will <database> be in <duration>
how long will <queue> be in <duration>
how many messages will <queue> have in <duration>
how high will cpu be tonight
how full will <host> be tomorrow
how fast is the disk filling
how fast is the disk of <host> filling up
how fast does <database> grow
growth rate of <database>
if it goes on like this when is <host> full
at this rate when will <host> be full
at the current rate how long do we have
disk full when
disk full eta <host>
when full <host>
trend and forecast for <metric>
capacity forecast
wann ist die festplatte auf <host> voll
wann lauft die platte von <host> voll
wie lange reicht der speicher auf <host>
wie lange reicht der platz noch
prognose fur <metric>
wird <host> heute voll
welche platten laufen bald voll
vorhersage fur <queue> in <duration>
cuando se llenara el disco de <host>
cuando se llena el disco
cuanto falta para que se llene <host>
pronostico de <metric>
prediccion de <metric> en <duration>
cuanto crecera <database>
quand le disque de <host> sera t il plein
quand est ce que le disque sera plein
dans combien de temps <host> sera plein
prevision de <metric>
combien de temps avant que le disque soit plein
quando o disco do <host> vai encher
quando vai encher o disco
em quanto tempo o <host> fica cheio
previsao de <metric>
quanto tempo ate o disco encher
<host> ka disk kab bharega
disk kab tak full ho jayega
kitne din me disk bhar jayega
<queue> kab khali hogi
if <queue> keeps growing like this how many by <time>
if <service> keeps growing like this where are we <time>
at this pace when is <queue> at <n>
<name> wont survive the next <duration> will it
will <host> survive the next <duration>
does the disk make it through the weekend
how full will the volume be in <duration>
wenn das so weitergeht wann ist die platte voll
si sigue asi cuanto habra <time>
a ce rythme quand est ce que le disque sera plein
nesse ritmo quando o disco enche
aise hi badhta raha to kab bharega
`;

export const capacity = `
headroom
how much headroom do we have
how much headroom does <service> have
cpu headroom of the cluster
memory headroom on <host>
do we have enough capacity
do we have enough capacity for the sale
is there enough room for more pods
is there room for another replica of <service>
can we handle twice the traffic
can we handle <n> times the load
can <service> handle more traffic
how much more traffic can <service> take
how many more pods fit on <host>
how many more pods fit into the cluster
how many pods can still be scheduled
cluster capacity
capacity of the cluster
capacity of <host>
capacity overview
spare capacity
total cpu capacity of the cluster
how much cpu is allocatable
allocatable memory on <host>
how much of the cluster is reserved
cpu requests vs capacity
cpu requests of <service>
memory requests of <service>
memory limit of <service>
memory limit of <pod>
cpu limit of <service>
cpu limits in namespace <namespace>
limits and requests of <service>
requests and limits
what are the limits of <service>
what limits does <service> have
how close is <service> to its memory limit
how close is <pod> to its limit
memory of <service> relative to its limit
is <service> hitting its cpu limit
is <service> being throttled
cpu throttling of <service>
which pods are throttled
which containers are near their memory limit
which pods are above <n> of their limit
pods without limits
containers without memory limits
are we overprovisioned
is <service> overprovisioned
is <host> oversized
which services are overprovisioned
rightsizing for <service>
are we overcommitted
overcommit of the cluster
is the cluster full
how full is the cluster
is the cluster at its limit
autoscaler of <service>
autoscaler max of <service>
whats the autoscaler maximum of <service>
max replicas of <service>
maximum number of replicas for <service>
how many replicas can <service> scale to
can <service> still scale up
can <service> scale further
which hpas are at max
which autoscalers are at their maximum
hpa at max
hpas maxed
is the hpa of <service> at its max
did <service> reach its maximum replicas
quota
resource quota of <namespace>
how much of the quota does <namespace> use
is namespace <namespace> at its quota
connection limit of <database>
max connections of postgres
how many connections are left on <database>
how close are we to max connections
are we running out of connections
how many percent of max_connections are used
redis maxmemory
how much redis memory is left before eviction
is the connection pool exhausted
pool size of <service>
how many file descriptors are left
total ram of <host>
how much ram does <host> have
how many cores does <host> have
how many cpus does <host> have
how big is the disk of <host>
disk size of <host>
total disk capacity of <host>
do we need more nodes
do we need a bigger server
should we scale <service>
can we remove a node
can we lose a node
what happens if <host> fails do we have enough room
wie viel luft haben wir noch
haben wir genug kapazitat
wie viel kapazitat hat der cluster
speicherlimit von <service>
cpu limit von <service>
maximale replikate von <service>
wie viele kerne hat <host>
sind autoscaler am limit
tenemos capacidad suficiente
cuanta capacidad queda
limite de memoria de <service>
limites de cpu de <service>
cuantos nucleos tiene <host>
maximo de replicas de <service>
avons nous assez de capacite
quelle marge nous reste t il
limite memoire de <service>
capacite du cluster
combien de coeurs a <host>
temos capacidade suficiente
quanta capacidade sobra
limite de memoria do <service>
limite de cpu do <service>
quantos nucleos tem o <host>
kitni capacity bachi hai
<service> ki memory limit kya hai
aur load le sakte hain kya
how much headroom is left on <service>
how much room do we have until the limit
how close are we to the ceiling on <service>
how many more requests can <service> take
can we survive losing a node
enough spare capacity for a traffic doubling
wie viel luft haben wir noch bei <service>
cuanto margen queda en <service>
quelle marge reste sur <service>
quanta folga temos em <service>
`;

export const slo = `
slo
slos
slo status
slo overview
list slos
which slos do we have
are we meeting our slos
are all slos met
are slos ok
do we meet the slo for <service>
slo of <service>
slo <service>
slo compliance
slo compliance of <service> this month
is <service> within its slo
is <service> violating its slo
does <service> meet its objective
which services violate their slo
which slos are violated
which slos are at risk
which slos are failing
any slo breached
slo breaches this week
availability
availability of <service>
availability <service> last <duration>
availability of <service> this month
availability of <domain>
availability of all services this week
what was the availability of <service> <time>
how available was <service> last week
uptime percentage of <service>
uptime in percent for <service> this month
how many nines does <service> have
how many nines do we have
error budget
error budget of <service>
error budget <service>
error budget remaining
remaining error budget of <service>
how much error budget is left for <service>
how much error budget do we have
how much budget did we burn
how much of the error budget has <service> used
have we used up our budget
is the error budget exhausted
which services have no error budget left
who burned the error budget
when will the error budget be exhausted
budget left <service>
budget <service>
burn rate
burn rate of <service>
burn rate <service> last <duration>
whats the burn rate
how fast is <service> burning its budget
is <service> burning too fast
which service burns its budget fastest
highest burn rate
sla
sla of <service>
sla report
did we break the sla
are we within sla
sli of <service>
latency slo of <service>
latency objective of <service>
percentage of requests under <n> ms for <service>
percentage of successful requests this month
can we afford a risky deploy
can we ship with the remaining budget
is there enough budget to release
objective of <service>
target availability of <service>
what is the slo target for <service>
reliability of <service>
reliability report for management
service level of <service>
how reliable was <service> this quarter
verfugbarkeit von <service>
wie hoch war die verfugbarkeit von <service> diese woche
fehlerbudget von <service>
wie viel fehlerbudget ist ubrig
welche slos sind verletzt
halten wir die slos ein
disponibilidad de <service>
presupuesto de error de <service>
cuanto presupuesto de errores queda
cumplimos los slo
que slos estan incumplidos
disponibilite de <service>
budget d erreur de <service>
combien de budget d erreur reste t il
respectons nous les slo
disponibilidade do <service>
orcamento de erro do <service>
quanto orcamento de erro resta
estamos cumprindo os slos
<service> ki availability kitni hai
error budget kitna bacha hai
kaun se slo fail ho rahe hain
`;
