import { createHmac } from "node:crypto";
import type { Notice } from "../core/incident/notice.ts";
import type { WebhookSettings } from "../core/incident/notifier-settings.ts";
import type { Notifier } from "../ports/notifier.ts";
import { createAsk } from "./http.ts";

/** What {placeholders} of templated fields stand for. */
const PLACEHOLDERS: Readonly<Record<string, (notice: Notice) => string>> = {
  id: ({ incident }) => incident.id,
  event: ({ kind }) => kind,
  title: ({ title }) => title,
  text: ({ lines }) => lines.join("\n"),
  severity: ({ incident }) => incident.severity,
  status: ({ incident }) => incident.status,
  subject: ({ incident }) => incident.subject ?? "",
  environment: ({ incident }) => incident.environment ?? "",
  alerts: ({ incident }) => incident.alerts.join(", "),
  started_at: ({ incident }) => new Date(incident.startedAt * 1000).toISOString(),
  ended_at: ({ incident }) => (incident.endedAt === undefined ? "" : new Date(incident.endedAt * 1000).toISOString()),
};

/**
 * POSTs each notice as JSON. `X-SmartCloudOps-Signature: t=UNIX,v1=HEX` is the HMAC-SHA-256 of "UNIX.BODY" with the shared secret, so
 * that a receiver can refuse what is forged or old; `Idempotency-Key` is the notice's id, the same for each attempt.
 */
export function webhookNotifier(settings: WebhookSettings): Notifier {
  const { name, url, secret, token, fields, ca } = settings;
  const ask = createAsk({
    service: `the webhook ${name}`,
    baseUrl: url,
    saysAnything: true,
    headers: token === undefined ? {} : { authorization: `Bearer ${token.reveal()}` },
    ...(ca !== undefined && { ca }),
  });
  return {
    name,
    kind: "webhook",
    hasEnd: false,
    async tell(notice, _told, signal) {
      const text = JSON.stringify(fields === undefined ? bodyOf(notice) : filled(fields, notice));
      const at = Math.floor(Date.now() / 1000);
      const mac = createHmac("sha256", secret.reveal()).update(`${at}.${text}`).digest("hex");
      const headers = { "x-smartcloudops-signature": `t=${at},v1=${mac}`, "idempotency-key": notice.id };
      await ask({ method: "POST", path: "", text, headers }, signal);
      return "";
    },
    async check(signal) {
      return reached(() => ask({ method: "GET", path: "" }, signal), new URL(url).host);
    },
  };
}

/** An answer of any kind but a refused credential proves that it is there: asking it for nothing may well be refused. */
export async function reached(ask: () => Promise<unknown>, host: string): Promise<string> {
  try {
    await ask();
  } catch (problem) {
    if (!(problem instanceof Error) || problem.name !== "NeverError") throw problem;
  }
  return `${host} answers`;
}

function bodyOf(notice: Notice) {
  const { id, kind, at, title, lines, incident } = notice;
  return { id, event: kind, at, title, lines, incident };
}

/** Each placeholder is filled once: what is filled in is never read as a template. */
function filled(fields: Readonly<Record<string, string>>, notice: Notice): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, template]) => [
      name,
      template.replace(/\{(\w+)\}/g, (whole, key: string) => PLACEHOLDERS[key]?.(notice) ?? whole),
    ]),
  );
}
