import { createKubernetesActions } from "../../../src/actions/kubernetes/index.ts";
import type { KubernetesSettings } from "../../../src/actions/kubernetes/settings.ts";
import type { Action } from "../../../src/ports/changes.ts";
import { secret } from "../../../src/util/secret.ts";
import { type Kubernetes, startKubernetes } from "../../fakes/kubernetes/index.ts";
import { addShop } from "../../fakes/kubernetes/shop.ts";
import { deps } from "../context.ts";

/** A cluster with the shop in it, and the actions on it. */
export async function startBench(more: Partial<KubernetesSettings> = {}) {
  const server = await startKubernetes();
  addShop(server);
  const actions = actionsOn(server, more);
  return {
    server,
    action(name: string): Action {
      const found = actions.find((one) => one.name === `kubernetes/${name}`);
      if (found === undefined) throw new Error(`there is no kubernetes/${name}`);
      return found;
    },
  };
}

export function actionsOn(server: Kubernetes, more: Partial<KubernetesSettings> = {}, pollMs = 5): readonly Action[] {
  const settings: KubernetesSettings = {
    name: "prod",
    server: server.url,
    token: secret(server.token),
    insecureLoopback: true,
    namespaces: ["shop"],
    ...more,
  };
  return createKubernetesActions([settings], deps, { pollMs });
}
