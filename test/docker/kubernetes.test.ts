import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { loadConfig } from "../../src/config.ts";
import { type Document, problemsOf } from "./kubernetes-schema.ts";
import { documentsIn, kustomized } from "./kustomize.ts";

/** What runs the bot on Kubernetes, as `kubectl apply -k` would send it. No cluster here. */

const folder = join(import.meta.dirname, "../../docker/kubernetes");
/** Not in the kustomization: what each makes anew, and what only some clusters know. */
const apart = ["secret.example.yaml", "service-monitor.yaml"];
const all: Document[] = [...kustomized(folder), ...apart.flatMap((name) => documentsIn(join(folder, name)))];
const one = (kind: string) => all.find((document) => document.kind === kind);

describe("the Kubernetes manifests", () => {
  it("are all listed, but for the example of a secret and what needs an operator", () => {
    const { resources } = parse(readFileSync(join(folder, "kustomization.yaml"), "utf8")) as Document;
    const files = readdirSync(folder).filter((name) => name.endsWith(".yaml") && name !== "kustomization.yaml");
    expect([...resources, ...apart].sort()).toEqual(files.sort());
  });

  it("give rights in the namespaces that the bot may touch, and no others", () => {
    const settings = parse(one("ConfigMap").data["smartcloudops.yaml"]) as Document;
    const touched = (settings.runbooks.executors.kubernetes as Document[]).flatMap(({ namespaces }) => namespaces);
    for (const kind of ["Role", "RoleBinding"])
      expect(all.filter((document) => document.kind === kind).map(({ metadata }) => metadata.namespace)).toEqual(
        touched,
      );
    // The bot must not be able to change itself, and kubectl refuses a Role in a namespace that is not there.
    expect(touched).not.toContain(one("StatefulSet").metadata.namespace);
    const made = all.filter(({ kind }) => kind === "Namespace").map(({ metadata }) => metadata.name);
    const comment = readFileSync(join(folder, "kustomization.yaml"), "utf8").replace(/^[^#].*$/gm, "");
    for (const name of touched) expect(made.includes(name) || comment.includes(`namespace ${name}`), name).toBe(true);
  });

  it("have no key that the API server does not know, and each that it needs", () => {
    expect(all.flatMap(problemsOf)).toEqual([]);
  });

  it("keep to the pod security standard `restricted`, with a root file system that is read-only", () => {
    const { spec } = one("StatefulSet").spec.template;
    expect(spec.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } });
    expect(spec).not.toHaveProperty("hostNetwork");
    for (const { securityContext, resources, image } of spec.containers) {
      expect(securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        runAsNonRoot: true,
        capabilities: { drop: ["ALL"] },
      });
      expect(resources.requests).toBeDefined();
      expect(image).toMatch(/:\d+\.\d+\.\d+$/);
    }
    const allowed = [
      "emptyDir",
      "configMap",
      "projected",
      "secret",
      "persistentVolumeClaim",
      "downwardAPI",
      "ephemeral",
      "csi",
    ];
    for (const { name, ...source } of spec.volumes)
      expect(allowed, name).toEqual(expect.arrayContaining(Object.keys(source)));
    expect(one("Namespace").metadata.labels["pod-security.kubernetes.io/enforce"]).toBe("restricted");
  });

  it("select the pods that they are about", () => {
    const { labels } = one("StatefulSet").spec.template.metadata;
    const selectors = [
      one("StatefulSet").spec.selector.matchLabels,
      one("Service").spec.selector,
      one("NetworkPolicy").spec.podSelector.matchLabels,
      one("PodDisruptionBudget").spec.selector.matchLabels,
    ];
    for (const selector of selectors) expect(labels).toMatchObject(selector);
    expect(one("Service").metadata.labels).toMatchObject(one("ServiceMonitor").spec.selector.matchLabels);
    expect(one("StatefulSet").spec).toMatchObject({ replicas: 1, serviceName: one("Service").metadata.name });
  });

  it("bring settings that the bot takes", () => {
    const files = new Map([["/config/smartcloudops.yaml", one("ConfigMap").data["smartcloudops.yaml"] as string]]);
    const readFile = (path: string) => files.get(path) ?? (/token$/.test(path) ? "invented" : "");
    const { SLACK_BOT_TOKEN: _, SLACK_APP_TOKEN: __, ...secrets } = one("Secret").stringData;
    const env = { SMARTCLOUDOPS_CONFIG: "/config/smartcloudops.yaml", ...secrets };
    const loaded = loadConfig({ env, readFile, cwd: "/app" });
    expect(loaded).toMatchObject({ ok: true, config: { sources: [{ name: "main" }], runbooks: { builtin: true } } });
  });

  it("give rights to no more than the shipped runbooks use", () => {
    const rules = all
      .filter(({ kind }) => kind === "Role" || kind === "ClusterRole")
      .flatMap((role) => role.rules as Document[]);
    expect(rules.length).toBeGreaterThan(5);
    for (const { resources, verbs, apiGroups } of rules) {
      expect([...resources, ...verbs, ...apiGroups]).not.toContain("*");
      for (const kind of ["secrets", "pods/exec", "pods/attach", "roles", "rolebindings"])
        expect(resources).not.toContain(kind);
    }
    for (const binding of all.filter(({ kind }) => /Binding$/.test(kind))) {
      expect(all).toContainEqual(
        expect.objectContaining({
          kind: binding.roleRef.kind,
          metadata: expect.objectContaining({ name: binding.roleRef.name }),
        }),
      );
      expect(binding.subjects).toEqual([{ kind: "ServiceAccount", name: "smartcloudops", namespace: "smartcloudops" }]);
    }
  });
});

describe("the Kubernetes manifests with what is off in them", () => {
  const opened = kustomized(folder, { open: true });
  const of = (kind: string) => opened.find((document) => document.kind === kind);
  const portsOf = (policy: Document) =>
    (policy.spec.egress as Document[]).flatMap(({ ports }) => (ports as Document[]).map(({ port }) => port));

  it("have no key either that the API server does not know", () => {
    expect(opened.length).toBe(kustomized(folder).length);
    expect(opened.flatMap(problemsOf)).toEqual([]);
  });

  it("let the bot reach Redis, a model, mail and traces, and what runbooks act on; as they are, none of these", () => {
    const wanted = [6379, 8000, 11_434, 465, 587, 4318, 22, 5432];
    expect(portsOf(of("NetworkPolicy"))).toEqual(expect.arrayContaining(wanted));
    expect(portsOf(one("NetworkPolicy")).filter((port) => wanted.includes(port))).toEqual([]);
    // Without a `to`, a rule is for the whole world: that is for HTTPS alone.
    for (const { to, ports } of of("NetworkPolicy").spec.egress as Document[])
      if (to === undefined) expect((ports as Document[]).map(({ port }) => port)).toEqual([443, 6443]);
  });

  it("run several replicas on one Redis, each with a volume for its journal, and none without it", () => {
    expect(one("StatefulSet").spec.replicas).toBe(1);
    const { replicas, template, volumeClaimTemplates } = of("StatefulSet").spec;
    expect(replicas).toBeGreaterThan(1);
    const [bot] = template.spec.containers as Document[];
    // One replica without Redis would begin a store of its own.
    const secretKeyRef = { name: "smartcloudops", key: "REDIS_URL" };
    expect(bot.env).toEqual([{ name: "REDIS_URL", valueFrom: { secretKeyRef } }]);
    const claims = (volumeClaimTemplates as Document[]).map(({ metadata }) => metadata.name);
    const data = (bot.volumeMounts as Document[]).find(({ mountPath }) => mountPath === "/data");
    expect(claims).toContain(data.name);
    expect(of("PodDisruptionBudget").spec.maxUnavailable).toBeLessThan(replicas);
    expect(template.spec.topologySpreadConstraints[0].labelSelector.matchLabels).toEqual(
      of("StatefulSet").spec.selector.matchLabels,
    );
  });
});
