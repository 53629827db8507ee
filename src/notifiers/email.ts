import { createTransport } from "nodemailer";
import type { Notice } from "../core/incident/notice.ts";
import type { EmailSettings } from "../core/incident/notifier-settings.ts";
import type { Notifier } from "../ports/notifier.ts";
import { NeverError, NotNowError, reasonOf } from "../util/errors.ts";
import { htmlHead, htmlText } from "../util/html.ts";
import { inert, inertName } from "../util/inert.ts";

/**
 * Mails by SMTP: one thread for an incident, by Message-ID and References (RFC 5322, 3.6.4) and by the subject of its first mail. A
 * mail that is sent again after a cut connection has the same Message-ID, by which mailboxes drop the second one.
 */
export function emailNotifier(settings: EmailSettings): Notifier {
  const { name, host, port, tls, from, to, user, password, ca } = settings;
  const service = `the mail server ${host}`;
  const domain = /@([A-Za-z0-9.-]+)>?$/.exec(from)?.[1] ?? "localhost";
  const idOf = (part: string) => `<${part.replace(/[^\w.-]/g, ".")}.${name}@${domain}>`;

  function open() {
    return createTransport({
      host,
      port,
      secure: tls === "implicit",
      requireTLS: tls === "starttls",
      ignoreTLS: tls === "none",
      ...(user !== undefined && password !== undefined && { auth: { user, pass: password.reveal() } }),
      tls: { rejectUnauthorized: true, minVersion: "TLSv1.2", ...(ca !== undefined && { ca }) },
      connectionTimeout: 10_000,
      greetingTimeout: 10_000,
      socketTimeout: 20_000,
      dnsTimeout: 10_000,
      disableFileAccess: true,
      disableUrlAccess: true,
    });
  }

  return {
    name,
    kind: "e-mail",
    hasEnd: false,
    async tell(notice, { reference }) {
      const first = idOf(notice.incident.id);
      const isFirst = notice.kind === "opened" || notice.kind === "test";
      const subject = isFirst
        ? inert(notice.title).slice(0, 180)
        : `Re: ${reference ?? inert(notice.title).slice(0, 180)}`;
      const transport = open();
      try {
        const { accepted, rejected } = await transport.sendMail({
          from,
          to: [...to],
          subject,
          messageId: isFirst ? first : idOf(notice.id),
          ...(!isFirst && { inReplyTo: first, references: [first] }),
          // RFC 3834: nobody's absence note answers it.
          headers: { "Auto-Submitted": "auto-generated" },
          text: [notice.title, "", ...notice.lines].join("\r\n"),
          html: htmlOf(notice),
        });
        if (accepted.length === 0)
          throw new NeverError(`${service} took no recipient: ${rejected.map(String).join(", ")}`);
        return isFirst ? subject : "";
      } catch (problem) {
        throw inWords(problem, service);
      } finally {
        transport.close();
      }
    },
    async check() {
      const transport = open();
      try {
        await transport.verify();
        return `${host}:${port} takes mail${user === undefined ? "" : ` from ${inertName(user)}`}${tls === "none" ? ", unencrypted" : ""}`;
      } catch (problem) {
        throw inWords(problem, service);
      } finally {
        transport.close();
      }
    },
  };
}

function htmlOf({ title, lines }: Notice): string {
  const items = lines.map((line) => `<p>${htmlText(line)}</p>`).join("\n");
  const style = "body{font:15px/1.4 sans-serif;max-width:45em}h1{font-size:1.2em}";
  return `${htmlHead(title, style)}<h1>${htmlText(title)}</h1>\n${items}\n</body></html>\n`;
}

/** RFC 5321, 4.2.1: 4xx may pass, 5xx does not; refused credentials and TLS that fails are mended by people. */
function inWords(problem: unknown, service: string): Error {
  if (problem instanceof NeverError) return problem;
  const { responseCode, code, command } = problem as Readonly<Record<string, unknown>>;
  const reason = `${service}: ${inertName(reasonOf(problem), { max: 300 })}`;
  if (code === "EAUTH" || code === "ETLS")
    return new NotNowError(reason, 120, "channel", { cause: problem, answered: code === "EAUTH" });
  // What it says before it was told anything is about the server, not about this mail.
  if (typeof responseCode === "number" && responseCode >= 500 && command !== "CONN")
    return new NeverError(reason, { cause: problem });
  return new NotNowError(reason, 0, "channel", { cause: problem });
}
