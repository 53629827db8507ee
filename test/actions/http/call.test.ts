import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { selfSigned } from "../../fakes/certificate.ts";
import { contextOf, KEY, lookAndRun, OTHER_SECRET, soon } from "../context.ts";
import { httpActions, startFlags, TOKEN } from "./bench.ts";

let flags: Awaited<ReturnType<typeof startFlags>>;
beforeEach(async () => {
  flags = await startFlags();
});
afterEach(() => flags.close());

const local = (more: object = {}) =>
  httpActions({ baseUrl: flags.url, hosts: ["127.0.0.1"], allowPrivate: true, statusPath: "/changes/{key}", ...more });
const args = { endpoint: "flags", method: "POST", path: "/flags/checkout", body: { state: "off", share: 5 } };
const cut = (_: unknown, response: import("node:http").ServerResponse) => {
  response.destroy();
  return true;
};

describe("http/call", () => {
  it("sends the call with its key and fence, and says what it answered", async () => {
    const { look, ran } = await lookAndRun(local()("call"), args);
    expect(ran).toEqual({
      outcome: "succeeded",
      output: `POST ${flags.url}/flags/checkout: it answered 200: checkout is set`,
    });
    expect(flags.seen).toHaveLength(1);
    expect(flags.seen[0]).toMatchObject({
      method: "POST",
      url: "/api/flags/checkout",
      body: '{"share":5,"state":"off"}',
      headers: {
        "idempotency-key": KEY,
        "x-sco-fence": "1",
        authorization: `Bearer ${TOKEN}`,
        "content-type": "application/json",
      },
    });
    expect(look.identity).toEqual({ endpoint: "flags", url: `${flags.url}/flags/checkout` });
    expect(look.facts[0]).toBe(`It sends POST ${flags.url}/flags/checkout with {"share":5,"state":"off"}.`);
  });

  it("is not sent by a look or a simulation, which says that it cannot", async () => {
    const look = await local()("call").look(args, soon());
    expect(await local()("call").simulate(args, look, soon())).toEqual({
      kind: "cannot",
      why: `HTTP has no dry run: POST ${flags.url}/flags/checkout would be sent.`,
    });
    expect(flags.seen).toEqual([]);
  });

  it("is not sent again after a lost answer, and is unknown until the probe has asked", async () => {
    flags.hooks.after = cut;
    const { context, ran } = await lookAndRun(local()("call"), args);
    expect(ran.outcome).toBe("unknown");
    expect(flags.seen).toHaveLength(1);
    expect(await local()("call").probe(args, context)).toMatchObject({
      found: "ran",
      text: expect.stringContaining("checkout is set"),
    });
  });

  it("is known not to have run when the status says that the key never came", async () => {
    flags.hooks.before = (one, response) => one.method !== "GET" && cut(one, response);
    const { context, ran } = await lookAndRun(local()("call"), args);
    expect(ran.outcome).toBe("unknown");
    expect((await local()("call").probe(args, context)).found).toBe("not_run");
    expect((await local({ statusPath: undefined })("call").probe(args, context)).found).toBe("unknown");
  });

  it("is sent again with the same key where the endpoint is idempotent, and has its effect once", async () => {
    let cuts = 2;
    flags.hooks.after = (one, response) => cuts-- > 0 && cut(one, response);
    const { ran, context } = await lookAndRun(local({ idempotent: true })("call"), args);
    expect(ran.outcome).toBe("succeeded");
    expect(flags.seen.map(({ headers }) => headers["idempotency-key"])).toEqual([KEY, KEY, KEY]);
    expect(flags.done.size).toBe(1);
    expect(context.said).toHaveLength(2);
  });

  it("stays unknown when all attempts were lost", async () => {
    flags.hooks.after = cut;
    const { ran } = await lookAndRun(local({ idempotent: true })("call"), args);
    expect(ran.outcome).toBe("unknown");
    expect(flags.seen).toHaveLength(3);
  });

  it.each([500, 502, 503, 504])("is unknown after %i, and not sent again by itself", async (status) => {
    flags.hooks.before = (_, response) => {
      response.writeHead(status).end();
      return true;
    };
    const { ran } = await lookAndRun(local()("call"), args);
    expect(ran.outcome).toBe("unknown");
    expect(flags.seen).toHaveLength(1);
  });

  it.each([400, 404, 409, 422, 429])("failed after %i: it was refused", async (status) => {
    flags.hooks.before = (_, response) => {
      response.writeHead(status).end("no");
      return true;
    };
    const { ran } = await lookAndRun(local()("call"), args);
    expect(ran).toEqual({
      outcome: "failed",
      output: `POST ${flags.url}/flags/checkout: it answered ${status}: no Nothing was done.`,
    });
  });

  it("stays unknown when a second attempt is refused after the first was lost", async () => {
    let first = true;
    flags.hooks.after = (one, response) => {
      if (first) {
        first = false;
        return cut(one, response);
      }
      response.writeHead(422).end("that key is taken");
      return true;
    };
    const { ran } = await lookAndRun(local({ idempotent: true })("call"), args);
    expect(ran.outcome).toBe("unknown");
  });

  it("says which right is missing", async () => {
    const { ran } = await lookAndRun(local({ token: undefined })("call"), args);
    expect(ran.outcome).toBe("failed");
    expect(ran.output).toContain(
      "does not let us in (403): the token lacks the right for that call. it answered 403: that token may not change flags",
    );
  });

  it("follows no redirect", async () => {
    const elsewhere = await startFlags();
    flags.hooks.before = (_, response) => {
      response.writeHead(307, { location: `${elsewhere.url}/flags/checkout` }).end();
      return true;
    };
    const { ran } = await lookAndRun(local()("call"), args);
    expect(ran.outcome).toBe("failed");
    expect(ran.output).toContain("redirect (307), which is not followed");
    expect(elsewhere.seen).toEqual([]);
    await elsewhere.close();
  });

  it.each([301, 302, 303])(
    "is unknown after a redirect by %i, which many services answer once they have done it",
    async (status) => {
      flags.hooks.after = (_, response) => {
        response.writeHead(status, { location: "/flags" }).end();
        return true;
      };
      const { ran } = await lookAndRun(local()("call"), args);
      expect(flags.done.size).toBe(1);
      expect(ran.outcome).toBe("unknown");
      expect(ran.output).toContain(`redirect (${status}), which is not followed`);
    },
  );

  it("is unknown when the time is up, and its connection ends", async () => {
    let closed = false;
    flags.hooks.after = (_, response) => {
      response.on("close", () => (closed = true));
      return true;
    };
    const stop = new AbortController();
    const look = await local()("call").look(args, soon());
    const running = local()("call").run(args, contextOf(look, { signal: stop.signal }));
    await expect.poll(() => flags.done.size).toBe(1);
    stop.abort(new Error("the time is up"));
    expect((await running).outcome).toBe("unknown");
    await expect.poll(() => closed).toBe(true);
  });

  it("failed, surely, when nobody listens", async () => {
    const look = await local()("call").look(args, soon());
    await flags.close();
    const ran = await local({ idempotent: true })("call").run(args, contextOf(look));
    expect(ran).toEqual({
      outcome: "failed",
      output: `POST ${flags.url}/flags/checkout: nothing listens at that address. Nothing was done.`,
    });
  });

  it("is not sent when the endpoint moved since it was approved", async () => {
    const ran = await local()("call").run(
      args,
      contextOf({ identity: { endpoint: "flags", url: "https://old.example/flags/checkout" }, precondition: {} }),
    );
    expect(ran.outcome).toBe("failed");
    expect(flags.seen).toEqual([]);
  });

  it("is not sent when the path before it became another one: the same host may serve another environment", async () => {
    const look = await local()("call").look(args, soon());
    const moved = local({ baseUrl: flags.url.replace(/\/api$/, "/production") });
    const ran = await moved("call").run(args, contextOf(look));
    expect(ran).toMatchObject({ outcome: "failed", output: expect.stringContaining("at another address") });
    expect(flags.seen).toEqual([]);
  });

  it("does not take the word of another service that it did not run", async () => {
    flags.hooks.after = cut;
    const { context, ran } = await lookAndRun(local()("call"), args);
    expect(ran.outcome).toBe("unknown");
    const other = await startFlags();
    try {
      const moved = httpActions({
        baseUrl: other.url,
        hosts: ["127.0.0.1"],
        allowPrivate: true,
        statusPath: "/changes/{key}",
      });
      expect(await moved("call").probe(args, context)).toMatchObject({ found: "unknown" });
      expect(other.seen).toEqual([]);
    } finally {
      await other.close();
    }
  });

  it("goes over TLS, to a server whose authority is known or configured", async ({ skip }) => {
    const certificate = selfSigned();
    if ("missing" in certificate) return skip(certificate.missing);
    const folder = mkdtempSync(join(tmpdir(), "endpoint-"));
    const caFile = join(folder, "ca.pem");
    writeFileSync(caFile, certificate.cert);
    const safe = createServer(certificate, (_, response) => response.end("done"));
    await new Promise<void>((resolve) => safe.listen(0, "127.0.0.1", resolve));
    const settings = {
      baseUrl: `https://127.0.0.1:${(safe.address() as AddressInfo).port}`,
      hosts: ["127.0.0.1"],
      allowPrivate: true,
    };
    try {
      expect((await lookAndRun(httpActions({ ...settings, caFile })("call"), args)).ran.outcome).toBe("succeeded");
      const { ran } = await lookAndRun(httpActions(settings)("call"), args);
      expect(ran.outcome).toBe("failed");
      expect(ran.output).toContain("signed by an authority that is not known here. Nothing was done.");
    } finally {
      safe.close();
      rmSync(folder, { recursive: true });
    }
  });

  it("hides secrets in the answer, and keeps 64 KB of it at most", async () => {
    flags.hooks.before = (_, response) => {
      response.end(`${TOKEN} ${OTHER_SECRET}\n${"y".repeat(99)}\n`.repeat(3000));
      return true;
    };
    const { ran } = await lookAndRun(local()("call"), args);
    expect(ran.outcome).toBe("succeeded");
    expect(ran.output).not.toContain(TOKEN);
    expect(ran.output).not.toContain(OTHER_SECRET);
    expect(Buffer.byteLength(ran.output)).toBeLessThanOrEqual(64 * 1024);
  });

  it("refuses a body that is too large, and other methods", () => {
    expect(local()("call").check({ ...args, body: "x".repeat(20_000) })).toMatch(/^body must be at most 16384 bytes/);
    expect(local()("call").check({ ...args, method: "GET" })).toMatch(
      /^method must be one of POST, PUT, PATCH, DELETE/,
    );
    expect(local()("call").check({ ...args, headers: {} })).toMatch(/no argument/);
    expect(local()("call").check({ ...args, endpoint: "other" })).toBe(
      'No endpoint "other" is configured: there is flags.',
    );
  });
});

describe("http/get", () => {
  it("reads, and says what it was refused", async () => {
    flags.flags.set("checkout", { state: "on" });
    const { ran } = await lookAndRun(local()("get"), { path: "/flags/checkout" });
    expect(ran).toEqual({ outcome: "succeeded", output: '{"state":"on"}' });
    const none = await local()("get").run({ path: "/flags/none" }, contextOf({ identity: {}, precondition: {} }));
    expect(none).toEqual({ outcome: "failed", output: "flags: it answered 404: no such thing" });
    expect(local()("get").changes).toBe(false);
  });
});
