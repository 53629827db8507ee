/** Training phrases, one a line, names and numbers replaced by placeholders. */
export const remediation = `
restart <service>
restart <name>
restart service <service>
restart the service <service>
rollback <name>
rollback <service>
scale <name> to <n>
redemarre le service <service>
redemarrer le serveur <host>
reinicia el servicio <service>
starte den dienst <service> neu
reinicie o servico <service>
restart <pod>
restart <host>
restart the <service> pods
restart deployment <service>
restart the deployment of <service> in <namespace>
rolling restart of <service>
do a rollout restart of <service>
restart it
restart it again
restart the database
bounce <service>
bounce the <service> pods
kick <service>
recycle <service>
reboot <host>
reboot the server <host>
power cycle <host>
turn <service> off and on again
respawn <pod>
kill <pod>
kill the pod <pod>
kill the pod so it comes back
delete pod <pod>
delete the pod <pod>
delete the crashing pod
delete the failed jobs
scale <service>
scale <service> to <n>
scale <service> up to <n> replicas
scale <service> down to <n>
scale up <service>
scale down <service>
scale out <service> by <n>
scale <service> to zero
scale the deployment <service> to <n> replicas
scale it up
add <n> replicas to <service>
add another replica to <service>
add two more pods to <service>
one more replica for <service>
give <service> <n> replicas
set replicas of <service> to <n>
set <service> to <n> replicas
remove one replica from <service>
double the replicas of <service>
halve the replicas of <service>
increase replicas of <service>
increase the max replicas of <service> to <n>
raise the autoscaler maximum of <service> to <n>
increase the memory limit of <service>
bump memory of <service> to <n>
roll back <service>
roll <service> back
rollback <service> to <version>
roll back <service> to the previous version
roll back the last deploy
roll back to <version>
revert <service>
revert the last deployment of <service>
revert <service> to <version>
undo the last deploy
undo the release of <service>
go back to the previous version of <service>
deploy <version> of <service>
deploy <service>
release <service> <version>
promote <version> to production
cordon <host>
uncordon <host>
drain <host>
drain node <host>
drain and reboot <host>
take <host> out of rotation
take <host> out of the load balancer
put <host> back into rotation
evacuate <host>
mark <host> unschedulable
free disk space on <host>
free up space on <host>
clear disk on <host>
clean up <host>
clean old files on <host>
get rid of old logs on <host>
remove old files from <host>
delete old logs on <host>
rotate logs on <host>
truncate the log files on <host>
prune docker images on <host>
extend the volume of <host>
purge <queue>
purge the queue <queue>
flush <queue>
empty the queue <queue>
drain the queue <queue>
requeue the failed messages of <queue>
flush the cache
clear the cache of <service>
flush redis
kill slow queries on <database>
kill the long running queries on <database>
kill idle connections on <database>
terminate idle transactions in <database>
vacuum <database>
run vacuum on <database>
reindex <database>
failover <database>
fail over to the replica
promote the replica <host>
promote <host> to primary
switch traffic to <name>
renew the certificate of <domain>
renew cert <domain>
rotate the certificate of <domain>
turn on feature flag <name>
turn off <name>
enable <name>
disable <name>
disable the flag <name>
toggle <name>
switch off the feature <name>
rerun the pipeline of <pipeline>
rerun <pipeline>
retry the build of <pipeline>
retry the failed pipeline
run the pipeline for <pipeline>
trigger the <pipeline> pipeline
cancel the pipeline <pipeline>
stop <service>
start <service>
stop the job <name>
pause <service>
pause the consumers of <queue>
resume <service>
suspend the cronjob <name>
run the cronjob <name> now
run the backup
fix <service>
fix it
fix the disk on <host>
heal <service>
apply the fix
do it
do something about <service>
make <service> faster
block traffic from that ip
open the circuit breaker for <name>
enable maintenance mode
resatrt <service>
retsart <service> plz
scael <service> to <n>
we need more pods for <service>
<service> needs a restart
<service> restart karo
starte <service> neu
bitte <service> neu starten
<service> neustarten
skaliere <service> auf <n>
<service> auf <n> replikate skalieren
rolle <service> zuruck
<service> zuruckrollen
mach platz auf <host>
stoppe <service>
leere die warteschlange <queue>
losche den pod <pod>
fuge <service> ein replikat hinzu
reinicia <service>
reiniciar el servicio <service>
escala <service> a <n> replicas
revierte <service>
vuelve a la version anterior de <service>
libera espacio en <host>
vacia la cola <queue>
detener <service>
borra el pod <pod>
redemarre <service>
redemarrer <service>
relance <service>
augmente <service> a <n> replicas
passe <service> a <n> replicas
reviens a la version precedente de <service>
annule le dernier deploiement de <service>
libere de l espace sur <host>
vide la file <queue>
supprime le pod <pod>
arrete <service>
reinicie o <service>
reinicia o <service>
escale o <service> para <n> replicas
reverta o <service>
volte o <service> para a versao anterior
libere espaco no <host>
esvazie a fila <queue>
apague o pod <pod>
pare o <service>
<service> ko restart karo
<service> ko restart kar do
<service> ko scale karo <n> tak
<service> ko rollback karo
<host> pe disk khali karo
<service> chalu karo
<service> band karo
<queue> queue khali karo
`;

export const silence = `
silence <alert>
silence <alert> for <duration>
silence <alert> until <time>
silence all alerts for <service>
silence all alerts on <host> for <duration>
silence everything for <duration>
silence alerts in <namespace>
silence this
silence this alert
silence it for <duration>
create a silence for <alert>
add a silence for <host> during the maintenance
put a silence on <service>
mute <alert>
mute <alert> for <duration>
mute <service>
mute <host> for <duration>
mute all warnings for <duration>
mute notifications of <service> until <time>
mute it
mute that
unmute <alert>
unmute <service>
snooze <alert>
snooze <alert> for <duration>
snooze it till <time>
snooze this for an hour
suppress <alert>
suppress alerts for <host>
pause alerts for <service> for <duration>
pause notifications for <duration>
stop alerting for <service>
stop paging me about <alert>
stop notifying about <alert>
stop the <alert> alarm
shut up about <alert>
shut up <alert>
quiet <alert> for <duration>
hush <alert>
disable alerts for <host> during maintenance
ignore <alert> for <duration>
ignore <alert> until tomorrow
dont alert me about <host> for <duration>
dont page about <alert> tonight
no alerts from <host> for the next <duration>
maintenance window for <host> for <duration>
start maintenance on <host> for <duration>
planned maintenance on <service> until <time>
unsilence <alert>
unsilence <service>
remove the silence for <alert>
delete the silence <id>
expire silence <id>
expire all silences
end the silence on <host>
lift the silence
cancel the silence for <alert>
extend the silence of <alert> by <duration>
list silences
show silences
active silences
silences
which silences are active
which silences exist
what silences do we have
which alerts are silenced
which alerts are muted
what is silenced
what is muted right now
any silences
are there silences
is <alert> silenced
is <service> muted
who silenced <alert>
when does the silence of <alert> end
how long is <alert> silenced
silence <alert> 2h
mute <host> 30m
silense <alert>
schalte <alert> stumm
<alert> stummschalten fur <duration>
alarme fur <service> stummschalten
alarme von <host> fur <duration> unterdrucken
welche alarme sind stummgeschaltet
stummschaltung aufheben
silencia <alert>
silencia <alert> durante <duration>
silenciar las alertas de <service>
que alertas estan silenciadas
quita el silencio de <alert>
mets <alert> en sourdine
mets <alert> en silence pendant <duration>
coupe les alertes de <service> pendant <duration>
couper l alerte <alert>
quelles alertes sont en silence
silencie <alert>
silencie <alert> por <duration>
silenciar alertas do <service>
quais alertas estao silenciados
remova o silencio de <alert>
<alert> ko mute karo
<alert> ko <duration> ke liye silence karo
alerts band karo <service> ke liye
im doing maintenance on <host> keep it quiet for <duration>
no more pages for <host>
shut <alert> up
shut it up for <duration>
put <host> into maintenance mode for <duration>
mach <alert> still
ruhe bei <host>
calla <alert>
fais taire <alert>
deixa o <alert> quieto
<alert> ko chup karo
`;

export const ack = `
ack
ack <alert>
ack it
ack that
ack this alert
ack all
ack everything
ack all alerts
ack the alert on <host>
ack the alerts of <service>
ack <alert> on <host>
ack <alert> please im on it
acknowledge
acknowledge <alert>
acknowledge the alert <alert>
acknowledge all alerts
acknowledge all critical alerts
acknowledge the page
acknowledge the alert for <service>
acknowledge incident <id>
acked
i ack <alert>
i acknowledge <alert>
mark <alert> as acknowledged
mark <alert> as seen
mark the alert as handled
set <alert> to acknowledged
take <alert>
ill take <alert>
ill take it
ill take this one
i take over <alert>
im on it
im on <alert>
im looking at <alert>
im looking into it
im handling <alert>
i am working on <alert>
working on <alert>
on it
got it im on <alert>
i got this
mine
<alert> is mine
assign <alert> to me
claim <alert>
i own <alert>
seen <alert>
unack <alert>
remove the ack from <alert>
take back my ack on <alert>
who acked <alert>
who acknowledged <alert>
is <alert> acknowledged
has someone acknowledged <alert>
which alerts are acknowledged
which alerts are not acked
unacknowledged alerts
acknowlege <alert>
aknowledge <alert>
quittiere <alert>
alarm <alert> quittieren
<alert> quittieren
ich kummere mich um <alert>
ich ubernehme <alert>
bestatige <alert>
alarm <alert> bestatigen
reconoce <alert>
reconocer la alerta <alert>
confirma la alerta <alert>
me encargo de <alert>
acuse de recibo de <alert>
acquitte <alert>
acquitter l alerte <alert>
je m en occupe
je prends <alert>
je m occupe de <alert>
reconheca <alert>
reconhecer o alerta <alert>
confirme o alerta <alert>
eu cuido do <alert>
vou cuidar de <alert>
<alert> ko ack karo
<alert> acknowledge karo
main dekh raha hoon <alert>
acking <alert> im looking into it
i got <alert>
ill handle <alert>
looking into <alert>
<alert> main dekh raha hoon
`;

export const approvals = `
approvals
approvals?
pending approvals
open approvals
list approvals
list pending approvals
any approvals pending
any pending approvals
anything to approve
anything waiting for approval
anything waiting for me to approve
is there anything i need to approve
what is waiting for approval
what needs approval
what needs my approval
which actions are waiting
which actions are pending
which requests are open
open requests
pending actions
pending proposals
pending requests
proposals
list proposals
show open proposals
show the proposal <id>
what is in the approval queue
approval queue
approve
approve <id>
approve it
approve this
approve that
approve all
approve number <n>
approve #<n>
approve the restart of <service>
approve the rollback
approve the scaling of <service>
approve request <id>
i approve
i approve <id>
approved
yes approve
yes go ahead with <id>
go ahead with <id>
lgtm approve <id>
confirm <id>
ok to run <id>
sign off <id>
sign off on the rollback of <service>
deny
deny <id>
deny it
deny the restart of <service>
deny request <id>
reject
reject <id>
reject it
reject the proposal <id>
reject the rollback
decline <id>
refuse <id>
withdraw my request
withdraw <id>
cancel the request <id>
cancel proposal <id>
cancel my restart request
is <id> approved
was <id> approved
was my request approved
status of my request
status of request <id>
has anyone approved my restart
who can approve
who is allowed to approve
who has to approve a restart
how do i approve something
when does request <id> expire
offene freigaben
ausstehende genehmigungen
was wartet auf freigabe
genehmige <id>
freigabe <id>
lehne <id> ab
aprobaciones pendientes
que hay pendiente de aprobar
aprueba <id>
rechaza <id>
approbations en attente
qu est ce qui attend une approbation
approuve <id>
refuse la demande <id>
rejette <id>
aprovacoes pendentes
o que falta aprovar
aprove <id>
rejeite <id>
<id> approve karo
<id> reject karo
kaun se approvals pending hain
`;

export const audit = `
audit
audit log
audit trail
show the audit log
show audit trail
audit log for <time>
audit of the last <duration>
who approved
who approved the restart
who approved the restart of <service>
who approved <id>
who denied <id>
who rejected the rollback
who restarted <service>
who restarted <service> <time>
who rolled back <service>
who scaled <service>
who scaled <service> down
who asked for the restart of <service>
who requested the rollback
who ran that
who ran the last action
who did what
who did what today
who used the bot today
who asked what
who changed something <time>
who executed actions in the last <duration>
what actions were taken
what actions were taken in the last <duration>
what actions did the bot take
what was executed today
what did the bot do
what did the bot do <time>
what did the bot change
what has the bot executed this week
what have you done today
what have you done in the last <duration>
what did you do last night
what did i ask you today
what did <name> ask
what did <name> approve
what was approved today
which actions were approved
which actions were run yesterday
which actions failed
which actions were denied
which restarts were done today
list all actions of the last <duration>
list executed actions
last actions
last action
latest actions
recent actions
history
history of actions
action history
history of approvals
approval history
change history
history of restarts of <service>
history of <service> actions
was <service> restarted by someone
did anyone restart <service>
did someone scale <service>
did the bot restart <service>
when was the last action
when did the bot last restart <service>
how many actions were executed this week
how many approvals were given today
how many questions did you answer today
how many times did we restart <service> via the bot
show the history of decisions
show all commands run by <name>
export the audit log
log of executed actions
who muted what
activity log
activity of the last <duration>
report of all changes made by the bot
wer hat <service> neu gestartet
wer hat den neustart genehmigt
wer hat das freigegeben
was hat der bot heute gemacht
verlauf der aktionen
quien reinicio <service>
quien aprobo el reinicio
que hizo el bot hoy
historial de acciones
qui a redemarre <service>
qui a approuve le redemarrage
qu a fait le bot aujourdhui
historique des actions
quem reiniciou o <service>
quem aprovou o reinicio
o que o bot fez hoje
historico de acoes
kisne restart kiya <service>
kisne approve kiya
bot ne aaj kya kiya
`;
