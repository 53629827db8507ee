import { setTimeout as sleep } from "node:timers/promises";
import tls from "node:tls";
import { createDependencies, type DependencyView } from "../../src/util/dependencies.ts";
import { expired, selfSigned } from "../fakes/certificate.ts";
import { type Fault, startFaultServer } from "../fakes/fault-server.ts";
import type { Became, World } from "./worlds.ts";

/** Sockets learn a moment later that the other end is gone, and so do those who wait for them. */
const SETTLE_MS = 20;

/** Certificates for localhost, one of them expired; both are trusted by this process from then on. */
export function certificates() {
  const [good, old] = [selfSigned(), expired()];
  if ("missing" in good) return good;
  if ("missing" in old) return old;
  tls.setDefaultCACertificates([...tls.getCACertificates("default"), good.cert, old.cert]);
  return { good, old };
}

/** What comes of one call with that fault, how often the other side was asked, and how its breaker stands after it: one failure opens it. */
export async function tryFault(
  world: World,
  fault: Fault,
  { good, old }: Exclude<ReturnType<typeof certificates>, { missing: string }>,
): Promise<Became & { readonly requests: number; readonly state: DependencyView["state"] | undefined }> {
  const upstream = await world.upstream?.();
  const server = await startFaultServer({
    ...(upstream !== undefined && { upstream: upstream.port }),
    ...(world.tls && { certificate: good, expired: old }),
    ...(world.says !== undefined && { says: world.says }),
    ...(world.speaksFirst === true && { speaksFirst: true }),
  });
  const waits = fault === "hang" || fault === "slow" || world.waitsIn?.includes(fault) === true;
  // What comes late is waited for no longer than needed; what does not, as long as it takes on a busy machine.
  const patienceMs = waits ? 400 : 5000;
  const dependencies = createDependencies({ failures: 1, restMs: 60_000, timeoutMs: patienceMs * 1.5, only: [] });
  const client = await world.open(
    { host: fault === "name" ? "nowhere.invalid" : "localhost", port: server.port },
    dependencies,
    patienceMs,
  );
  try {
    await server.break(fault);
    await sleep(SETTLE_MS);
    const became = await client.ask();
    await sleep(SETTLE_MS);
    const state = dependencies.all().find(({ name }) => name === world.dependency)?.state;
    return { ...became, requests: server.requests(), state };
  } finally {
    await client.close();
    await server.close();
    await upstream?.close();
  }
}
