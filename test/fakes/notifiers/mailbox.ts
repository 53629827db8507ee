import type { AddressInfo } from "node:net";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";

export type Mail = { readonly headers: ReadonlyMap<string, string>; readonly raw: string; readonly text: string };

/** A real SMTP server on loopback, and the mails it took. `refuse` is the reply to what is sent; undefined for taking it. */
export async function mailServer(options: SMTPServerOptions = {}) {
  const mails: Mail[] = [];
  const state = { refuse: undefined as { code: number; text: string } | undefined, sessions: 0, hangs: false };
  const problem = () => Object.assign(new Error(state.refuse?.text), { responseCode: state.refuse?.code });
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: options.key === undefined ? ["STARTTLS"] : [],
    logger: false,
    onConnect(_session, done) {
      state.sessions++;
      if (!state.hangs) done();
    },
    onAuth(auth, _session, done) {
      if (auth.username === "bot" && auth.password === "right") done(null, { user: "bot" });
      else done(Object.assign(new Error("Invalid username or password"), { responseCode: 535 }));
    },
    onMailFrom(_address, _session, done) {
      if (state.refuse === undefined) done();
      else done(problem());
    },
    onData(stream, _session, done) {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => {
        mails.push(readMail(Buffer.concat(chunks).toString("utf8")));
        done();
      });
    },
    ...options,
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  server.on("error", () => {}); // a client that leaves in the middle
  return {
    mails,
    state,
    port: (server.server.address() as AddressInfo).port,
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

function readMail(raw: string): Mail {
  const [head = "", ...rest] = raw.split("\r\n\r\n");
  const lines = head.replace(/\r\n[ \t]+/g, " ").split("\r\n");
  const headers = new Map(
    lines.map((line) => {
      const at = line.indexOf(":");
      return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()] as const;
    }),
  );
  // Parts of our mails are 7bit or quoted-printable.
  const text = rest
    .join("\r\n\r\n")
    .replace(/=\r\n/g, "")
    .replace(/(?:=[0-9A-F]{2})+/g, (run) => Buffer.from(run.replaceAll("=", ""), "hex").toString("utf8"));
  return { headers, raw, text };
}
