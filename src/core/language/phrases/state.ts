/** Training phrases, one a line, names and numbers replaced by placeholders. */
export const status_overview = `
status
status report
status please
overall status
system status
state of the system
overview
give me a summary
quick summary
summary of the last <duration>
whats up
sitrep
health report
how are things
how are we doing
how does everything look
how is everything
hows everything going in prod
hows prod
hows production today
how is the platform
how is the cluster doing
how is our infrastructure
is everything ok
is everything fine
is everything green
everything ok
all good
all green
are we good
are we healthy
are we having an outage
is there an incident
any incidents right now
any ongoing incidents
any problems
any issues right now
any trouble in <namespace>
is anything broken
is something broken
is anything on fire
anything on fire
everything is on fire
whats on fire
prod is down
prod is down!! help
the site is down
the site is down what is going on
everything is broken help
help customers cant log in
omg everything is failing
what is broken right now
what is wrong
what is going on
whats going on right now
whats happening
what is failing
what needs my attention
anything i should know
anything i need to worry about
what should i look at first
do i need to worry
can i go home
can i go to bed
can i go to lunch
i just came on call what should i know
im taking over on call whats the state
handover
handover summary
handover please
shift handover
write a handover for the next shift
prepare the handover for my colleague
what happened during my shift
what happened last night
what happened while i was asleep
what did i miss
catch me up
bring me up to speed
morning report
morning check
daily summary
executive summary of the platform health
give management a one line summary
how healthy is the business today
how is the shop doing for our customers
are customers affected
is there any customer impact
are we losing money
dashboard
give me the big picture
big picture
how is namespace <namespace>
how is the <namespace> namespace doing
status of <namespace>
state of namespace <namespace>
anything wrong in <namespace>
is <namespace> ok
whats the state of the databases
how are the databases
how are the queues doing
how is the web tier
how is the backend
how are the hosts
status of the database tier
status of the kubernetes cluster
problems in namespace <namespace>
how healthy is the data layer
is alles ok
alles ok
alles gut
lauft alles
status bitte
gib mir einen uberblick
wie ist die lage
wie geht es dem system
gibt es probleme
ist etwas kaputt
was ist los
was ist kaputt
zusammenfassung fur die ubergabe
ist irgendwas ausgefallen
esta todo bien
todo bien
como esta produccion
como esta el sistema
que esta roto
que esta pasando
hay algun problema
dame un resumen
estado general
resumen del estado
tout va bien
est ce que tout va bien
comment va la prod
quel est l etat du systeme
qu est ce qui est casse
que se passe t il
y a t il un probleme
donne moi un resume
etat general
esta tudo bem
tudo certo
como esta a producao
como esta o sistema
o que esta quebrado
o que esta acontecendo
tem algum problema
me da um resumo
visao geral do sistema
sab theek hai kya
sab kuch thik chal raha hai
kya chal raha hai
kya kharab hai
kya problem hai
system ka haal kya hai
prod kaisa hai
koi dikkat hai kya
give me the short version of where we stand
the <n> second version of where we stand
where do we stand
where do things stand right now
quick rundown of the whole platform
how bad is it out there
give me the lay of the land
catch me up on the platform
i have the boss on the line give me the short version
what should i know before taking over the shift
kurzer lagebericht
lagebericht bitte
wie ist die lage insgesamt
wie stehen wir da
was muss ich zur ubergabe wissen
como andamos en general
dame el panorama general
on en est ou
fais moi un point rapide
fais le point sur la prod
como estamos no geral
me da um panorama geral
sistem ka haal batao
sistem ka kya haal hai
poore system ka haal
`;

export const health_check = `
is <service> up
is <service> down
is <service> alive
is <service> running
is <service> reachable
can i reach <service>
can <service> be reached
is <service> healthy
is <service> ok
is <service> available
is <service> still up
is <service> responding
is <host> up
is <host> down
is <host> alive
is <host> online
is <host> reachable
<host> up?
<service> up?
<service> down?
is <domain> up
is <domain> reachable
is <domain> down for everyone
does <domain> respond
is the website up
is our homepage reachable
is the api up
is <database> up
is postgres up
is the database running
is redis up
is the cache alive
is rabbitmq up
is the message broker running
is prometheus up
ping <host>
ping <service>
health of <service>
health check <service>
healthcheck <host>
check <service>
check if <service> is up
check whether <host> is alive
chk <host> up
can you reach <host>
did <host> go down
did <host> reboot
was <service> down <time>
has <service> been down today
any downtime of <service> in the last <duration>
how long was <service> down
how long has <host> been up
how long has <service> been running
uptime of <host>
uptime <host>
uptime
when was <host> last rebooted
when did <host> boot
since when is <host> up
since when is <host> running
which hosts have been up longest
which targets are down
targets down
list down targets
down targets
anything down
is anything down
what is down
whats down
which hosts are down
which servers are offline
which services are down
any host unreachable
any instance down
which exporters are down
any scrape failures
scrape errors
which jobs cannot be scraped
is prometheus scraping everything
are all targets up
are all hosts up
are all servers online
are all databases reachable
are all probes green
are the websites reachable
which endpoints do not respond
which urls are failing the probe
blackbox probes
probe status of <domain>
does <service> still work
<service> dead?
is <service> dead
is <name> up
is <name> alive
is <pod> alive
lauft <service>
lauft <service> noch
ist <service> erreichbar
ist <host> online
ist die datenbank erreichbar
ist <domain> erreichbar
wie lange lauft <host> schon
welche targets sind down
welche server sind nicht erreichbar
seit wann lauft <host>
esta activo <service>
esta caido <service>
funciona <service>
esta arriba <host>
que servidores estan caidos
cuanto tiempo lleva encendido <host>
responde <domain>
est ce que <service> fonctionne
<service> est il en ligne
est ce que <host> est accessible
quels serveurs sont en panne
depuis quand <host> tourne
est ce que <domain> repond
o <service> esta no ar
o <service> esta funcionando
o <host> esta ligado
o <service> caiu
quais servidores estao fora do ar
ha quanto tempo o <host> esta ligado
kya <service> chal raha hai
<service> chal raha hai kya
<host> up hai kya
<service> band hai kya
kaun sa server down hai
<host> kab se chal raha hai
`;

export const k8s_state = `
pods
pods in <namespace>
pods of <service>
list pods of <service>
how many pods does <service> have
how many pods are running
how many pods are in namespace <namespace>
pod count in <namespace>
pod status
state of the pods in <namespace>
which pods are crashing
crashing pods
crashlooping pods
any crashloops
any pod in crashloopbackoff
is any pod crash looping
which pods are pending
pending pods
why is <pod> pending
any pods not running
which pods are not ready
unready pods
failed pods
evicted pods
oomkilled pods
was any pod oom killed
did <service> get oom killed
image pull errors
any imagepullbackoff
which containers are waiting
restarts of <service>
restart count of <pod>
how many times did <service> restart today
how many restarts did <pod> have in the last <duration>
which pods restarted in the last <duration>
did <service> restart
how often does <service> restart
how often has <service> restarted
did <pod> restart recently
has <service> been restarting
when did <pod> last restart
replicas of <service>
replica count <service>
how many replicas does <service> have
how many instances of <service> are running
<service> replicas
desired vs available replicas of <service>
are all replicas of <service> ready
is <service> running all its replicas
ready replicas <service>
which deployments are missing replicas
which deployments are not fully available
deployments with unavailable replicas
are all deployments healthy
deployment state of <service>
is the rollout of <service> finished
rollout status <service>
statefulsets not ready
daemonsets with missing pods
nodes
node status
list nodes
how many nodes are ready
how many nodes does the cluster have
are all nodes ready
which nodes are not ready
any node under memory pressure
node with disk pressure
is <host> cordoned
is <host> schedulable
which nodes are cordoned
which node does <pod> run on
where does <service> run
on which nodes is <service> scheduled
which pods run on <host>
pods on <host>
how many pods run on <host>
failed jobs
any failed jobs
which jobs failed
did the nightly job run
did job <name> succeed
when did cronjob <name> last run
last successful run of the cronjob <name>
cronjobs
suspended cronjobs
job status of <name>
persistent volume claims
pending pvcs
namespaces with failing pods
k8s status
kubernetes problems
what is crashing in <namespace>
which containers crash
container states of <service>
how old are the pods of <service>
age of <pod>
which image does <service> run
hpa of <service>
current replicas of the autoscaler of <service>
welche pods laufen nicht
wie viele pods laufen in <namespace>
wie viele replikate hat <service>
sind alle nodes bereit
welche pods sturzen ab
wie oft wurde <service> neu gestartet
neustarts von <service>
fehlgeschlagene jobs
que pods estan fallando
cuantos pods hay en <namespace>
cuantas replicas tiene <service>
estan todos los nodos listos
cuantas veces se reinicio <service>
pods reiniciados
quels pods sont en erreur
combien de pods dans <namespace>
combien de replicas pour <service>
tous les noeuds sont ils prets
combien de fois <service> a redemarre
quais pods estao falhando
quantos pods tem em <namespace>
quantas replicas tem o <service>
todos os nos estao prontos
quantas vezes o <service> reiniciou
kitne pods chal rahe hain
kaun se pods crash ho rahe hain
<service> ke kitne replicas hain
<service> kitni baar restart hua
saare nodes ready hain kya
`;

export const alerts = `
alerts
alert
any alerts
any alerts?
current alerts
active alerts
firing alerts
open alerts
show alerts
list all firing alerts
list the alerts
which alerts are firing
which alerts are active right now
what alerts do we have
what is firing
whats firing
whats alerting
what is alerting right now
is anything alerting
is anything firing
are there any alerts
are there any critical alerts
critical alerts
criticals?
any criticals
any p1
any pages
what paged me
why did you page me
what woke me up
pages last night
how many alerts are firing
how many critical alerts do we have
number of alerts
count of pending alerts
pending alerts
what is pending
which alerts are pending
warnings
list warnings
alerts with severity warning
only the critical ones
alerts in namespace <namespace>
alerts in <namespace>
alerts for <service>
alerts of <service>
alerts on <host>
does <service> have alerts
is any alert firing for <service>
any alert on <host>
alerts about <metric>
is <alert> firing
is <alert> still firing
is <alert> going off again
is <alert> active
<alert>
<alert>?
what about <alert>
status of <alert>
details of <alert>
tell me more about <alert>
what does <alert> mean
explain <alert>
explain the alert <alert>
since when is <alert> firing
how long has <alert> been firing
when did <alert> start
what triggered <alert>
who is affected by <alert>
what is the threshold of <alert>
which rule is behind <alert>
show the rule for <alert>
runbook for <alert>
resolved alerts
which alerts were resolved
alerts resolved in the last <duration>
alerts in the last <duration>
which alerts fired <time>
what fired last night
alerts since <time>
alert history
did <alert> fire today
how often did <alert> fire this week
oldest alert
newest alert
latest alert
group alerts by severity
alerts per service
alerts by team
alert rules
which alert rules exist
which alert rules are configured
are the alerts serious
new alerts since <time>
is it still alerting
alarms
any alarms
show alarms
welche alarme sind aktiv
welche alerts feuern
gibt es alarme
aktive alarme
gibt es kritische alarme
offene alarme fur <service>
wie viele alarme gibt es
alertas activas
hay alertas
que alertas hay
que alertas estan activas
hay alguna alerta critica
cuantas alertas hay
alertas de <service>
alertes actives
quelles alertes sont actives
y a t il des alertes
quelles sont les alertes en cours
combien d alertes critiques
alertas ativos
quais alertas estao ativos
tem algum alerta
quantos alertas estao disparando
alertas do <service>
kaun se alerts chal rahe hain
koi alert hai kya
kitne alerts firing hain
alerts dikhao
`;
