/**
 * Requests that nobody on call makes in earnest, told by patterns. They decide besides the classifier, since a wrong
 * probability must never run a command. Gaps in patterns are bounded, so every pattern is linear in the text.
 */
import { type Guarded, guarded } from "./literals.ts";
import { fold } from "./normalise.ts";

export type HostileReason = "injection" | "secrets" | "shell" | "destruction" | "bypass" | "tool_call" | "encoded";

/** Longer texts are judged by their first and last part. */
const LONGEST = 8_000;

const INJECTION = [
  /\b(?:ignor(?:e|ing)|forget|disregard|override|overwrite|neglect|bypass|disobey)\b.{0,30}\b(?:instructions?|(?<!alert |alerting |recording )rules|guidelines|policy|policies|restrictions|prompts?|constraints|safety|guardrails?|everything (?:you|above|before)|the above|what you were told)\b/,
  /\b(?:ignorier\w*|vergiss|vergesst|missachte\w*)\b.{0,40}\b(?:anweisung\w*|regeln?|instruktion\w*|vorgaben|befehle?)\b/,
  /\b(?:ignora\w*|olvid\w*|omite)\b.{0,40}\b(?:instruccion\w*|reglas|indicaciones|ordenes)\b/,
  /\b(?:ignore[rz]?|oublie[rz]?)\b.{0,40}\b(?:instructions?|consignes?|regles)\b/,
  /\b(?:ignor[ea]\w*|esquec\w*|desconsidere)\b.{0,40}\b(?:instruc\w+|regras|ordens)\b/,
  /\b(?:instructions?|rules|niyam|nirdesh)\b.{0,30}\b(?:bhool|bhul|ignore|chhod|nazarandaz)/,
  /\b(?:system|hidden|initial|original|secret) (?:prompt|instructions?)\b/,
  /\b(?:reveal|print|show|repeat|tell me|output|leak)\b.{0,20}\b(?:your|the) (?:prompt|instructions|guidelines)\b/,
  /\brepeat (?:the|all) (?:text|words|everything) above\b/,
  /\bdeveloper mode\b|\bjail ?break|\bdan mode\b|\bno restrictions\b|\bwithout (?:any )?restrictions\b/,
  /\byou(?: are|re) now\b.{0,30}\b(?:dan|unrestricted|root|admin\w*|evil|free|different|new|shell|terminal)\b/,
  /\bpretend (?:to be|you(?: are|re)?|that you)\b|\bact as (?:if you (?:are|were) )?(?:an? |the )?(?:root|admin\w*|unrestricted|linux|shell|terminal|superuser|hacker)\b/,
  /\bnew (?:instructions|rules|system message) ?:/,
].map(({ source }) => guarded(source));

const SECRET =
  "(?:api[ _-]?keys?|secrets?|passwords?|passwd|passphrase|credentials?|(?:private|ssh|encryption|signing|access) keys?|(?:your|the|all|any|slack|bot|auth|bearer|admin|access|refresh|api|session|service account) tokens?|connection strings?|kubeconfig|env(?:ironment)? ?(?:variables?|vars?)|\\.env\\b|env of|passwort|passworter|zugangsdaten|kennwort|contrasenas?|credenciales|claves? (?:privadas?|secretas?|api)|mots? de passe|identifiants|cles? (?:privees?|api|secretes?)|senhas?|credenciais|chaves? (?:privadas?|secretas?|de api|api))";
const ASKING =
  "(?:show|print|give|tell|send|dump|reveal|leak|list|display|expose|export|read|cat|echo|get|fetch|share|paste|post|output|whats|what is|what are|what s|need|zeig\\w*|gib|nenn\\w*|wie lautet|was ist|muestra\\w*|dame|dime|cual es|montre\\w*|donne\\w*|affiche\\w*|quel est|mostr\\w+|me da|me diga|qual e?|exib\\w+)";
const SECRETS = [
  /\b(?:show|print|reveal|give|dump|tell|what|which|echo|list)\b.{0,80}\b[a-z0-9]+_(?:token|api_key|secret|password|access_key|private_key)s?\b/,
  /\b(?:your|you)\b.{0,40}\benv(?:ironment)? variables?\b|\benv(?:ironment)? variables?\b.{0,40}\byou\b/,
  new RegExp(`\\b${ASKING}\\b.{0,40}\\b${SECRET}`),
  new RegExp(`\\b${ASKING}\\b.{0,20} \\.env\\b`),
  /\b(?:passwords?|secrets?|tokens?|api keys?|credentials|senha)\b.{0,20}\b(?:batao|bata do|dikhao|do mujhe|de do)\b/,
  /\bprintenv\b|\b(?:print|dump|show|echo) (?:me )?(?:your |the |all )?env(?:ironment)?$/,
  /\b(?:root|admin|database|db|postgres|redis|wifi|sudo) password\b/,
].map(({ source }) => guarded(source));
/** A number about such things is an ordinary question: expired tokens per minute, failed logins, password reset mails. */
const MEASURED =
  /\b(?:how many|number of|count of|per (?:second|minute|hour|day)|rate of|password[ _-]?resets?|resets?|bad[ _-]password|wrong password|failed logins?|logins?|expired|issued|mails?|emails?|wie viele|cuant[oa]s|combien|quant[oa]s|kitne)\b/;
const MEASURED_YET_TAKEN = /\b(?:print|dump|reveal|leak|expose|cat|echo|kubectl)\b/;

const SHELL = [
  /\brm +-|\bsudo\b|\bmkfs\b|\bdd +if=|:\(\) ?\{|\bchmod +[0-7]{3}\b|\bkill +-9\b|\bkillall\b|\bpkill\b/,
  /\bshutdown +(?:-|now)|\bpoweroff\b|\binit 0\b|\bhalt -/,
  /\bkubectl +(?:delete|exec|apply|patch|edit|replace|create|run|get +secrets?|cp)\b|\bhelm +(?:uninstall|delete)\b|\bterraform +(?:destroy|apply)\b/,
  /\bdocker +(?:rm|exec|run|kill|system prune)\b|\bsystemctl +\w+|\biptables\b|\bcrontab\b/,
  /\b(?:curl|wget)\b[^\n]{0,200}\| ?(?:sudo )?(?:ba|z|da)?sh\b|\| ?(?:ba|z)?sh\b(?! ?\w)/,
  /\bcurl\b.{0,100}\b(?:pipe|bash|shell|execute)\b|\bdownload\b.{0,40}\b(?:and|then) (?:run|execute)\b/,
  /\bdrop +(?:table|schema|database)\b|\bdrop (?:the |all )?(?:\S{1,40} )?(?:database|tables?)\b|\btruncate (?:all )?tables?\b|\bdelete from \w|\binsert into \w|\bupdate \w+ set\b/,
  /\/etc\/(?:passwd|shadow)|\bcat +[/~]|\/bin\/(?:ba)?sh\b|~\/\.ssh|\bid_rsa\b/,
  /(?:;|&&|\|\|) ?(?:cat|ls|rm|curl|wget|id|whoami|nc|bash|sh|env|drop|delete)\b/,
  /\$\((?:cat|curl|rm|ls|id|whoami|env|wget)\b|\b(?:ba)?sh -c\b|\bnc -e\b|\breverse shell\b|\beval\(|\bos\.system\b|\b__import__\b/,
  /\b(?:run|execute|exec|launch)\b.{0,25}\b(?:shell|bash|powershell|terminal|ssh)\b|\b(?:open|get|give me) (?:me )?a (?:root )?shell\b|\bssh (?:in)?to\b|\bexec into\b/,
  /\bshut ?down (?:everything|all|prod\w*|the (?:cluster|whole|entire|company|data ?cent\w+))\b/,
  /\b(?:run|execute) (?:a |the )?(?:shutdown|halt|poweroff|rm)\b|\b(?:turn|switch|power) off (?:all|every) (?:the )?(?:servers?|hosts?|machines?|nodes?|services?)\b/,
  /\b(?:hack|ddos|exploit|pwn)\b|\bmine (?:bitcoin|crypto\w*|monero)\b|\bexfiltrat/,
].map(({ source }) => guarded(source));

const THINGS =
  "(?:pods?|data|databases?|tables?|clusters?|nodes?|namespaces?|volumes?|pvcs?|servers?|services?|backups?|metrics|deployments?|hosts?|machines?|vms?|users|customers|logs|queues|files|of it|of them|prod\\w*)";
const DESTRUCTION = [
  new RegExp(
    `\\b(?:delete|destroy|wipe|erase|nuke|remove|kill|terminate|purge|losche?|losch|borra\\w*|elimina\\w*|supprime\\w*|efface\\w*|apag\\w+|exclu\\w+|delet[ae])\\b (?:all|every|entire|whole|alle|tod[oa]s|tous|toutes) ?(?:of |the |our |my |your |its |die |los |las |les |os |as |production |prod |running )*${THINGS}\\b`,
  ),
  /\b(?:delete|destroy|wipe|erase|nuke|kill|burn)\b (?:absolutely )?everything\b|\b(?:losche?|zerstore) alles\b|\b(?:borra|elimina|destruye) todo\b|\b(?:supprime|efface|detruis) tout\b|\b(?:apague|apaga|exclua|delete) tudo\b|\bsab(?: kuch)? (?:delete|mita|uda)\b/,
  /\b(?:delete|destroy|wipe|erase|nuke)\b (?:the |our |my )?(?:entire |whole |production |prod |\S{1,40} )?(?:namespace|cluster|database|backups?|hard ?disk|disk|prometheus data|audit log|volume)\b(?! space)/,
  /\bwipe (?!.{0,30}\b(?:cache|redis|queue)\b)\S/,
  /\b(?:delete|destroy|wipe|erase)\b (?:your|the) (?:history|audit|audit log|evidence|traces?)\b|\bformat (?:the )?(?:disk|drive|hard)/,
].map(({ source }) => guarded(source));

const APPROVAL = "(?:approvals?|permission|confirmation|authori[sz]ation|review|sign-?off|safety checks?|checks)";
const BYPASS = [
  new RegExp(
    `\\b(?:skip|bypass|circumvent|avoid|sidestep|disable|ignore|override)\\b (?:the |any |all |your |my |every |asking for |waiting for |human )*${APPROVAL}\\b`,
  ),
  new RegExp(
    `\\b(?:without|w/o) (?:the |any |an |my |your |asking for |waiting for |getting |further )*(?:${APPROVAL}|asking)\\b`,
  ),
  new RegExp(
    `\\bno (?:${APPROVAL}|need (?:to ask|for ${APPROVAL}))\\b.{0,20}(?:needed|required|necessary|$|just|run|do|restart|,)`,
  ),
  new RegExp(`\\b(?:dont|do not|never) (?:ask|wait)\\b.{0,25}(?:${APPROVAL}|just|anyone|me\\b)`),
  /\bohne (?:freigabe|genehmigung|nachfrage|ruckfrage|bestatigung|zu fragen)\b|\bsin (?:aprobacion|permiso|autorizacion|preguntar|confirmacion)\b|\bsans (?:approbation|autorisation|validation|demander|confirmation)\b|\bsem (?:aprovacao|autorizacao|permissao|perguntar|confirmacao)\b|\bbina (?:approval|permission|puche|pooche|manjuri)\b/,
  /\b(?:approve|confirm)\b.{0,25}\b(?:yourself|your own|on my behalf|for me automatically)\b|\b(?:self|auto)-? ?approve\b/,
  /\b(?:its|it is|this is|that is|was|has been|already) (?:been )?(?:already |pre-?)?approved\b.{0,60}\b(?:just|so|now|execute|run|do it|go|restart|immediately|by)\b|\balready approved\b/,
  /\b(?:make me|add me (?:to|as)|grant me|give me|promote me to)\b.{0,20}\b(?:admin\w*|approvers?|root|owner|superuser)\b/,
].map(({ source }) => guarded(source));
/** "Which restarts ran without approval?" asks about the past. */
const ASKS_BACK =
  /^(?:which|who|what|when|how|were|was|is|are|did|has|have|list|show|any|welche|wer|wann|que|quien|qui|quels?|quais|quem|kis|kaun)\b/;
const RANK =
  /\bi ?(?:a?m|'m) (?:the |an? |your )?(?:new )?(?:c[teifs]o|admin\w*|boss|owner|root|ceo|superuser|developer|creator|vp|director|head)\b/;
const ORDER =
  /\b(?:restart|reboot|delete|scale|stop|run|execute|approve|drain|roll ?back|shut|override|skip|do it|do as|obey|grant|kill|disable|trust me)\b/;

const TOOL_CALL =
  /\{\s*"(?:tool|tools|function|name|action|actions|tool_calls?|type|method|command|jsonrpc|proposed_actions|role)"\s*:|"(?:tool_calls?|executed|arguments)"\s*:|<\/?(?:tool_call|function_call|system|invoke)\b|<\|im_(?:start|end)\|>|\[\/?inst\]|^\s*(?:system|assistant|developer)\s*:/m;

const ENCODED = [
  /\b(?:decode|decrypt|deobfuscate|unscramble|entschlussel\w*|dekodier\w*|decodifica\w*|descodifica\w*|decodez?)\b.{0,60}\b(?:run|execut\w*|follow|obey|do what|apply|fuhre|ejecuta\w*|suis|chala\w*)/,
  /\b(?:base64|rot13|rot-13|hex ?encoded|caesar|morse)\b.{0,120}\b(?:run|execute|follow|obey|do|decode|instructions?)\b/,
  /\b(?:run|execute|follow|decode|eval)\b.{0,60}\b(?:base64|rot13|rot-13)\b|\b(?:decode|run|execute|follow)\b.{0,20}[a-z0-9+/]{24,}={1,2}/,
].map(({ source }) => guarded(source));

/** Why a message must be refused, or undefined when nothing about it is hostile. */
export function isHostile(text: string): HostileReason | undefined {
  const bounded = text.length <= LONGEST ? text : `${text.slice(0, LONGEST / 2)}\n${text.slice(-LONGEST / 2)}`;
  const folded = fold(bounded.replace(/[\u200b-\u200f\u2060-\u2064\ufeff\u00ad]/g, ""));
  if (TOOL_CALL.test(folded)) return "tool_call";
  const flat = folded
    .replace(/[’'`*_~]+(?=[\s.,!?:;]|$)|(?<=^|[\s(])[’'`*_~]+/g, "")
    .replaceAll("'", "")
    .replace(/\s+/g, " ")
    .trim();
  const any = (patterns: readonly Guarded[]) => patterns.some((pattern) => pattern.exec(flat) !== null);
  if (any(INJECTION)) return "injection";
  if (any(SECRETS) && (!MEASURED.test(flat) || MEASURED_YET_TAKEN.test(flat))) return "secrets";
  if (any(SHELL)) return "shell";
  if (any(DESTRUCTION)) return "destruction";
  if (any(ENCODED)) return "encoded";
  if (RANK.test(flat) && ORDER.test(flat)) return "bypass";
  if (any(BYPASS) && !ASKS_BACK.test(flat)) return "bypass";
  return undefined;
}

const URGENT =
  /\b(?:urgent\w*|asap|emergency|immediately|right away|sev-? ?[01]|p[01] incident|on fire|outage|panic|hurry|prod(?:uction)? (?:is |seems )?(?:down|dead|broken)|(?:site|everything|all) (?:is |seems )?(?:down|dead|broken|failing)|customers? (?:are |is )?(?:complaining|screaming|affected)|losing money|dringend|notfall|sofort|brennt|alles (?:kaputt|down)|urgente|emergencia|urgence|tout est (?:casse|tombe)|vite|socorro|emergenza|caiu tudo|jaldi|turant|sab (?:band|down))\b/;

/** True when the sender is in a hurry: the words of an emergency, a shout, or several exclamation marks. */
export function isUrgent(text: string): boolean {
  const start = text.slice(0, LONGEST);
  if (URGENT.test(fold(start)) || /!{2,}/.test(start)) return true;
  const letters = start.replace(/[^\p{L}]/gu, "");
  return (
    letters.length >= 12 &&
    letters === letters.toUpperCase() &&
    letters !== letters.toLowerCase() &&
    /\s/.test(start.trim())
  );
}
