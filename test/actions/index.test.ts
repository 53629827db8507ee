import { describe, expect, it } from "vitest";
import { createActions } from "../../src/actions/index.ts";
import { secret } from "../../src/util/secret.ts";
import { contextOf, deps, OTHER_SECRET, soon } from "./context.ts";
import { startFlags, TOKEN } from "./http/bench.ts";

const KUBERNETES = [
  "restart",
  "scale",
  "rollback",
  "pause_rollout",
  "resume_rollout",
  "delete_pod",
  "cordon",
  "uncordon",
  "drain",
  "set_limit",
  "status",
  "pod_logs",
].map((name) => `kubernetes/${name}`);
const READS = ["kubernetes/status", "kubernetes/pod_logs", "http/get", "github/runs"];

const settings = {
  kubernetes: [{ name: "prod", server: "https://k8s.example", namespaces: ["shop"] }],
  github: [{ name: "shop", repository: "org/shop", token: secret("gh-token"), workflows: ["deploy.yml"] }],
  http: [{ name: "flags", baseUrl: "https://flags.example/api", hosts: ["flags.example"] }],
};

describe("the actions", () => {
  it("are those of what is configured, each once, with whether it changes anything", async () => {
    const actions = await createActions(settings, deps);
    const names = actions.all().map(({ name }) => name);
    expect(new Set(names)).toEqual(
      new Set([
        ...KUBERNETES,
        "github/dispatch",
        "github/rerun",
        "github/cancel",
        "github/runs",
        "http/call",
        "http/get",
      ]),
    );
    expect(names).toHaveLength(new Set(names).size);
    expect(
      actions
        .all()
        .filter(({ changes }) => !changes)
        .map(({ name }) => name)
        .sort(),
    ).toEqual([...READS].sort());
    expect(actions.get("kubernetes/restart")?.name).toBe("kubernetes/restart");
    await actions.stop();
  });

  it("say why one is missing", async () => {
    const actions = await createActions({ http: settings.http }, deps);
    expect(actions.all().map(({ name }) => name)).toEqual(["http/call", "http/get"]);
    expect(actions.get("kubernetes/restart")).toBeUndefined();
    expect(actions.whyMissing("kubernetes/restart")).toBe("no Kubernetes cluster is configured");
    expect(actions.whyMissing("http/delete")).toBe("there is no action http/delete: there are http/call, http/get");
    expect(actions.whyMissing("telnet/open")).toMatch(/^there is no executor telnet: there are kubernetes, /);
    expect(actions.whyMissing("constructor/x")).toMatch(/^there is no executor constructor/);
  });

  it("say no secret while they run, look, try or refuse, whichever of the configuration it is", async () => {
    const flags = await startFlags();
    const secrets = [secret(TOKEN), secret(OTHER_SECRET)];
    const one = { name: "flags", baseUrl: flags.url, hosts: ["127.0.0.1"], allowPrivate: true, idempotent: true };
    const http = [{ ...one, token: secrets[0]! }];
    const actions = await createActions({ http }, { ...deps, secrets });
    const call = actions.get("http/call")!;
    const args = { method: "POST", path: `/flags/${OTHER_SECRET}`, body: {} };
    const look = await call.look(args, soon());
    expect(look.facts.join()).not.toContain(OTHER_SECRET);
    let asked = 0;
    flags.hooks.before = (_, response) => {
      asked += 1;
      if (asked > 1) return false;
      response.writeHead(503, { "retry-after": "0" }).end(`database://app:${OTHER_SECRET} is down`);
      return true;
    };
    const context = contextOf(look);
    expect(await call.run(args, context)).toMatchObject({ outcome: "succeeded" });
    expect(context.said).toEqual([expect.stringContaining("is down")]);
    expect(context.said.join()).not.toContain(OTHER_SECRET);
    flags.hooks.before = (_, response) => {
      response.writeHead(400).end(`no such shop: ${OTHER_SECRET}`);
      return true;
    };
    const refused = await actions.get("http/get")!.look({ path: "/shops" }, soon()).catch(String);
    expect(refused).toContain("no such shop");
    expect(refused).not.toContain(OTHER_SECRET);
    await actions.stop();
    await flags.close();
  });

  it("refuse settings that are not safe", async () => {
    const http = [{ ...settings.http[0]!, baseUrl: "http://flags.example/api" }];
    await expect(createActions({ http }, deps)).rejects.toThrow(/plain http is for this machine/);
  });
});
