/** Training phrases, one a line, names and numbers replaced by placeholders. */
export const cert_expiry = `
certs
certificates
certificate status
cert status <domain>
cert <domain>
tls cert of <domain>
ssl certificate <domain>
is the certificate of <domain> still valid
is the cert of <domain> valid
is the ssl of <domain> ok
are all certificates valid
are our certificates ok
when does the cert of <domain> expire
when does <domain> expire
when does the tls certificate for <domain> run out
when will the certificate of <domain> expire
expiry date of <domain>
expiration date of the certificate of <domain>
how long is the cert of <domain> valid
how long is the certificate on <domain> still good
how many days until the cert of <domain> expires
days left on the certificate of <domain>
days until cert expiry
which certs expire
which certs expire soon
which certificates expire within <duration>
which certificates expire this month
which certificate expires next
any certs expiring
any certs expiring soon
any certificate about to expire
any expired certs
expired certificates
is any certificate expired
is our tls about to expire
certs expiring in the next <duration>
certs expiring before <time>
do we need to renew a certificate
do i have to renew any certs
which certs need renewal
list all certificates with expiry
certificate expiry
cert expiry
ssl expiry
tls expiry dates
x509 expiry
did the cert renewal work
was the certificate of <domain> renewed
has <domain> a valid certificate
who issued the certificate of <domain>
browser says certificate of <domain> is invalid
cert exipry
certifcate of <domain>
wann lauft das zertifikat von <domain> ab
wann laufen zertifikate ab
wie lange ist das zertifikat von <domain> noch gultig
welche zertifikate laufen bald ab
zertifikate
abgelaufene zertifikate
cuando caduca el certificado de <domain>
cuando expira el certificado de <domain>
que certificados caducan pronto
certificados por vencer
quand expire le certificat de <domain>
quels certificats expirent bientot
certificats qui expirent
le certificat de <domain> est il valide
quando expira o certificado de <domain>
quando vence o certificado do <domain>
quais certificados vencem em breve
certificados vencendo
<domain> ka certificate kab expire hoga
kaun se certificate expire ho rahe hain
cert kab expire hoga
`;

export const ci_status = `
ci
ci status
ci?
is ci ok
is ci green
is ci broken
hows ci
how is the ci doing
is the build green
is the build broken
is main green
is master broken
is <pipeline> green
is <pipeline> passing
is the <pipeline> pipeline ok
is the pipeline for <pipeline> failing
did the build of <pipeline> pass
did the last pipeline of <pipeline> succeed
did the last build fail
last build
last build of <pipeline>
last pipeline run of <pipeline>
latest pipeline status <pipeline>
status of the <pipeline> pipeline
status of the pipelines
pipeline status
pipelines
pipelines red
red pipelines
failed pipelines
failing builds
broken builds
which builds are broken
which pipelines are failing
which pipelines failed in the last <duration>
which pipelines failed today
which projects have failing builds
which branches are red
any failed pipelines
any red builds
are all builds green
are builds passing
how many builds failed today
how many pipelines ran today
how many pipelines failed in the last <duration>
number of failed jobs in ci
failed builds last <duration>
build failures of <pipeline>
build success rate
pipeline success rate of <pipeline>
pass rate of <pipeline>
failure rate of the <pipeline> pipeline
flaky tests
flaky pipelines
how long do builds take
how long does the build of <pipeline> take
how long did the last pipeline run
average build time
build duration <pipeline>
pipeline duration of <pipeline> last <duration>
slow builds
why are builds so slow
build queue
how many jobs are queued in ci
jobs waiting for a runner
are runners available
are the ci runners busy
runner status
idle runners
how many runners are online
is the runner <host> online
pending ci jobs
test results of <pipeline>
test coverage of <pipeline>
did tests pass on main
when did <pipeline> last pass
when was the last successful build of <pipeline>
when did the <pipeline> build start failing
who broke the build
github actions status
gitlab pipelines
jenkins jobs
nightly build
did the nightly build pass
ist der build grun
ist die pipeline <pipeline> grun
welche pipelines sind fehlgeschlagen
wie lange dauert die pipeline
letzter build von <pipeline>
sind die pipelines ok
pipelines fallidos
esta verde la pipeline <pipeline>
que pipelines han fallado
cuanto tarda la pipeline <pipeline>
ultimo build de <pipeline>
la pipeline <pipeline> est elle verte
quelles pipelines ont echoue
combien de temps dure la pipeline
dernier build de <pipeline>
a pipeline <pipeline> esta verde
quais pipelines falharam
quanto tempo demora a pipeline
ultimo build do <pipeline>
<pipeline> pipeline pass hui kya
build fail hua kya
kaun si pipeline fail hui
`;

export const deploy_status = `
version of <service>
which version of <service> is live
which version is <service> running
what version is deployed for <service>
what release of <service> is in production
whats the current release of <service>
current version <service>
<service> version
<service> version?
versions
versions of all services
list versions
which versions are running
is <version> live
is <version> of <service> deployed
is <service> on <version> yet
is <version> rolled out everywhere
did <version> go out
are all pods of <service> on the same version
when was <service> deployed
when was <service> last released
when was the last deploy
when was <version> deployed
when did <service> last deploy
when did we ship <service>
last deploy
last deployment
last deployment of <service>
last release of <service>
latest release
latest deploys
most recent deployment
recent deploys
recent deployments
recent releases
deploys today
deployments today
deploys in the last <duration>
deployments since <time>
releases this week
what was deployed today
what was deployed in the last <duration>
what got deployed since <time>
what went live today
what did we ship yesterday
what was released this week
which services were deployed today
which services got a new version
how many deploys today
how many deployments this week
how many releases did we have in the last <duration>
deployment frequency
how often do we deploy
how often is <service> deployed
who deployed <service>
who released <service> last
was there a deploy before the errors
was <service> deployed today
did someone deploy <service>
did anyone deploy something
did we deploy anything in the last <duration>
was there a release in the last <duration>
has <service> been deployed since <time>
how old is the version of <service>
how long is <service> on that version
how long has <version> been live
previous version of <service>
what version was running before
what version was <service> on yesterday
deploy history of <service>
deployment history
release history <service>
changelog of deploys
show rollouts
which build is <service> on
git commit of <service>
which commit is running in production
image tag of <service>
welche version von <service> lauft
welche version hat <service>
wann wurde <service> zuletzt deployt
letztes deployment
deployments heute
was wurde heute deployed
was wurde heute ausgerollt
que version de <service> esta desplegada
que version corre <service>
cuando se desplego <service>
ultimo despliegue
despliegues de hoy
quelle version de <service> est en production
quand <service> a t il ete deploye
dernier deploiement
deploiements du jour
qual versao do <service> esta rodando
quando foi o ultimo deploy do <service>
ultimos deploys
implantacoes de hoje
<service> ka kaunsa version live hai
<service> kab deploy hua
aaj kya deploy hua
last deploy kab hua
when was <service> last deployed
when did we last ship <service>
did <service> get a new version today
who shipped <service> last
wann wurde <service> zuletzt ausgerollt
cuando se desplego <service> por ultima vez
quand a t on deploye <service> la derniere fois
`;

export const logs = `
logs
logs of <service>
logs <service>
logs from <pod>
log of <host>
show logs for <service>
show me logs
give me the last <n> log lines of <service>
get the logs of <pod>
tail the logs of <service>
tail -f <service>
last log lines of <service>
grep the logs for error
grep <name> in the logs of <service>
search logs of <service> for exceptions
find the exception in the logs
look into the log files of <service>
what do the logs say
what do the logs of <service> say
what is in the logs
error logs of <service>
error messages of <service>
which error messages does <service> log
show the error message
what exception does <service> throw
which exception was thrown
show me the stack trace
stack trace of <service>
stacktrace of the crash
backtrace of <pod>
traceback for <service>
show me the exception
heap dump of <service>
thread dump of <service>
core dump of <pod>
crash dump
traces of <service>
show a trace for the slow request
trace of request <id>
trace id <id>
show the spans of <service>
jaeger traces
distributed traces of slow requests
which span is slow
show the request body of the failing requests
show me the request with id <id>
what did user <name> do
which customers got the error
which user caused the error
list the customers affected by the failed orders
which ip addresses call <service>
what ip does the traffic come from
client ips of <service>
user agents of the requests
access log of <service>
nginx access logs
audit log of the database
syslog of <host>
kernel messages of <host>
dmesg <host>
journalctl <service>
kubectl logs <pod>
loki logs <service>
kibana logs
elasticsearch logs for <service>
show me the sql statement
show sql statement of the slow query
which sql query is slow
which query is slow
show the slow query text
text of the longest running query
what queries are running on <database>
which statement blocks the others
list running queries with their sql
explain plan of the slow query
query plan
which process uses the cpu on <host>
which process eats memory on <host>
list processes on <host>
ps aux on <host>
top processes on <host>
which files are large on <host>
which directory fills the disk
biggest files on <host>
which table is the largest
what is in the message
show the messages in <queue>
content of the messages in <queue>
what did the pod print before it died
output of the failed job
console output of the build
build log of <pipeline>
show the pipeline log
events of <pod>
last words of <pod>
zeig mir die logs von <service>
logs von <service>
was steht in den logs
stacktrace von <service>
protokolle von <service>
fehlermeldung von <service>
muestra los logs de <service>
registros de <service>
que dicen los logs
busca errores en los logs
montre les logs de <service>
journaux de <service>
que disent les logs
affiche la trace
mostra os logs do <service>
registros do <service>
o que dizem os logs
<service> ke logs dikhao
logs me kya hai
get me the traces of the slowest requests
pull the traces for the slow requests
find me the trace of that request
show a sample of failing requests with their stack traces
give me the stack trace of the last crash
grep the logs for timeout
was steht im log von <service>
zeig mir die traces der langsamsten anfragen
muestrame las trazas de las peticiones mas lentas
montre moi les traces des requetes les plus lentes
mostra os traces das requisicoes mais lentas
`;
