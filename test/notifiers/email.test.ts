import { afterEach, describe, expect, it } from "vitest";
import { createNotifier } from "../../src/notifiers/index.ts";
import { secret } from "../../src/util/secret.ts";
import { selfSigned } from "../fakes/certificate.ts";
import { mailServer } from "../fakes/notifiers/mailbox.ts";
import { aNotice } from "./worlds.ts";

/** Mails against a real SMTP server. */

const open: { close: () => Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

const PEOPLE = { from: "SmartCloudOps <bot@ops.example.com>", to: ["ann@example.com", "bob@example.com"] };
const patient = () => AbortSignal.timeout(20_000);
const certificate = selfSigned();

async function aMailbox(options: Parameters<typeof mailServer>[0] = {}) {
  const server = await mailServer(options);
  open.push(server);
  return server;
}

describe("mails of an incident", () => {
  it("are one thread: by References, and by the subject of the first", async () => {
    const server = await aMailbox();
    const notifier = await createNotifier({
      ...{ kind: "email", name: "mail", host: "127.0.0.1", port: server.port, tls: "none", ...PEOPLE },
    });
    const reference = await notifier.tell(aNotice("opened"), { reference: undefined, attempts: 1 }, patient());
    await notifier.tell(aNotice("resolved"), { reference, attempts: 1 }, patient());
    const [first, second] = server.mails;
    const id = first?.headers.get("message-id");
    expect(id).toBe("<inc-1.mail@ops.example.com>");
    expect(first?.headers.get("subject")).toBe("Critical: checkout: HighErrorRate (production), opened");
    expect(second?.headers.get("subject")).toBe("Re: Critical: checkout: HighErrorRate (production), opened");
    expect(second?.headers.get("references")).toBe(id);
    expect(second?.headers.get("in-reply-to")).toBe(id);
    expect(second?.headers.get("message-id")).not.toBe(id);
    expect(first?.headers.get("auto-submitted")).toBe("auto-generated");
    expect(first?.headers.get("to")).toBe("ann@example.com, bob@example.com");
    expect(second?.text).toContain("resolved it was.");
    expect(second?.raw).toContain("text/html");
  });

  it.skipIf("missing" in certificate)(
    "go over TLS to a server whose certificate is trusted, and to no other",
    async () => {
      if ("missing" in certificate) return;
      const server = await aMailbox({ ...certificate });
      const settings = { kind: "email", name: "mail", host: "127.0.0.1", port: server.port, tls: "starttls" } as const;
      const auth = { user: "bot", password: secret("right") };
      const trusting = await createNotifier({ ...settings, ...PEOPLE, ...auth, ca: certificate.cert });
      await expect(trusting.check(patient())).resolves.toContain("takes mail from bot");
      await trusting.tell(aNotice("opened"), { reference: undefined, attempts: 1 }, patient());
      expect(server.mails).toHaveLength(1);
      const wary = await createNotifier({ ...settings, ...PEOPLE, ...auth });
      await expect(wary.check(patient())).rejects.toThrow("the mail server 127.0.0.1");
      await expect(
        wary.tell(aNotice("opened"), { reference: undefined, attempts: 1 }, patient()),
      ).rejects.toMatchObject({ name: "NotNowError" });
      expect(server.mails).toHaveLength(1);
    },
  );

  it("are not sent at all where TLS is wanted and not offered", async () => {
    const server = await aMailbox();
    const notifier = await createNotifier({
      ...{ kind: "email", name: "mail", host: "127.0.0.1", port: server.port, tls: "starttls", ...PEOPLE },
    });
    await expect(
      notifier.tell(aNotice("opened"), { reference: undefined, attempts: 1 }, patient()),
    ).rejects.toMatchObject({ name: "NotNowError" });
    expect(server.mails).toEqual([]);
  });
});
