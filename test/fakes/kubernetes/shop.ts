import type { Kubernetes } from "./index.ts";
import type { Tree } from "./patches.ts";

/** A deployment as people write one. */
export function deploymentOf(name: string, more: { readonly replicas?: number; readonly image?: string } = {}): Tree {
  const labels = { app: name, "app.kubernetes.io/name": name };
  return {
    metadata: { name, namespace: "shop", labels },
    spec: {
      replicas: more.replicas ?? 3,
      selector: { matchLabels: { app: name } },
      strategy: { type: "RollingUpdate" },
      template: {
        metadata: { labels },
        spec: {
          containers: [
            {
              name: "main",
              image: more.image ?? `registry.example/${name}:1`,
              resources: { requests: { cpu: "100m", memory: "128Mi" }, limits: { memory: "256Mi" } },
              // What this code has never heard of must survive a rollback.
              unheardOf: { kept: true },
            },
          ],
        },
      },
    },
  };
}

/** The shop: checkout with two revisions behind it, a stateful set, a daemon set, a second deployment. */
export function addShop(server: Kubernetes): void {
  server.add("deployments", deploymentOf("checkout"));
  for (const image of ["registry.example/checkout:2", "registry.example/checkout:3"])
    server.change("deployments", "shop", "checkout", (object) => {
      object.spec.template.spec.containers[0].image = image;
    });
  server.add("deployments", deploymentOf("cart", { replicas: 2 }));
  const { metadata, spec } = deploymentOf("orders-db", { replicas: 2 });
  server.add("statefulsets", {
    metadata,
    spec: { ...spec, serviceName: "orders-db", updateStrategy: { type: "RollingUpdate" } },
  });
  const agent = deploymentOf("agent");
  delete agent.spec.replicas;
  server.add("daemonsets", {
    metadata: agent.metadata,
    spec: { ...agent.spec, updateStrategy: { type: "RollingUpdate" } },
  });
}
