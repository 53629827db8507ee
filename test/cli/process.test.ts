import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, existsSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text as textOf } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, describe, it } from "vitest";
import { isRunning } from "../../src/chat/socket/call.ts";

const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
const folders: string[] = [];
const servers: Server[] = [];
const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  for (const server of servers.splice(0)) server.close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function newHome(): string {
  const home = mkdtempSync(join(tmpdir(), "process-"));
  folders.push(home);
  return home;
}

function launch(home: string, args: readonly string[], env: Record<string, string>, stderr: number | "pipe" = "pipe") {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: home,
    stdio: ["pipe", "pipe", stderr],
    env: { PATH: process.env.PATH, SMARTCLOUDOPS_DATA: join(home, "data"), PORT: "0", ...env },
  });
  children.push(child);
  const code = new Promise<number | null>((resolve) => child.on("exit", resolve));
  return {
    child,
    code,
    stdout: textOf(child.stdout!),
    stderr: child.stderr === null ? Promise.resolve("") : textOf(child.stderr),
  };
}

/** A Prometheus with one gauge that keeps the times it was asked about. */
async function prometheus(): Promise<{ url: string; times: number[] }> {
  const times: number[] = [];
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? "/", "http://fake");
    const body = new URLSearchParams(await textOf(request));
    for (const name of ["time", "end"]) {
      const said = body.get(name) ?? url.searchParams.get(name);
      if (said !== null) times.push(Number(said));
    }
    const at = times.at(-1) ?? 0;
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ status: "success", data: dataOf(url.pathname, at) }));
  });
  const dataOf = (path: string, at: number): unknown => {
    if (path.endsWith("/buildinfo")) return { version: "3.7.1" };
    if (path.endsWith("/metadata")) return { queue_depth: [{ type: "gauge", help: "Jobs waiting.", unit: "" }] };
    if (path.endsWith("/values")) return ["queue_depth"];
    if (path.endsWith("/series")) return [{ __name__: "queue_depth", instance: "web-1:9100", job: "shop" }];
    if (path.endsWith("/query_range")) return { resultType: "matrix", result: [] };
    if (path.endsWith("/query")) return { resultType: "vector", result: [{ metric: {}, value: [at, "5"] }] };
    return {};
  };
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, times };
}

describe("ask as a process", { timeout: 60_000 }, () => {
  it("asks as of --now, whatever the clock says, and prints one JSON object", async () => {
    const { url, times } = await prometheus();
    const args = ["ask", "--now", "2026-01-15T11:00:00+01:00", "--json", "queue_depth"];
    const { stdout, stderr, code } = launch(newHome(), args, { PROMETHEUS_URL: url });
    const now = Date.UTC(2026, 0, 15, 10) / 1000;
    const [line, ...rest] = (await stdout).split("\n");
    assert.deepEqual(rest, [""], await stderr);
    const reply = JSON.parse(line!);
    assert.deepEqual(Object.keys(reply).slice(0, 7), [
      "intent",
      "slots",
      "reply_text",
      "promql",
      "values",
      "proposed_actions",
      "sources",
    ]);
    assert.equal(await code, 0);
    assert.ok(times.includes(now));
    assert.ok(times.every((at) => at <= now));
  });

  it("ends with 1 and says so when Prometheus cannot be reached", async () => {
    const { stdout, code } = launch(newHome(), ["ask", "--json", "cpu"], { PROMETHEUS_URL: "http://127.0.0.1:9" });
    const reply = JSON.parse(await stdout);
    assert.match(reply.reply_text, /could not ask/);
    assert.ok(reply.degraded.length > 0);
    assert.equal(await code, 1);
  });
});

describe("start as a process", { timeout: 60_000 }, () => {
  it("says ready once, answers on its socket, and ends with 0 on SIGTERM", async () => {
    const { url } = await prometheus();
    const home = newHome();
    const { child, code, stderr, stdout } = launch(home, ["start"], { PROMETHEUS_URL: url });
    await new Promise<void>((resolve, reject) => {
      child.on("exit", () => reject(new Error("it ended by itself")));
      child.stderr?.on("data", (chunk) => {
        if (String(chunk).includes('"ready"')) resolve();
      });
    });
    assert.equal(await isRunning(join(home, "data")), true);
    child.kill("SIGTERM");
    assert.equal(await code, 0);
    assert.equal(await isRunning(join(home, "data")), false);
    const lines = (await stderr)
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    assert.equal(lines.filter(({ msg }) => msg === "ready").length, 1);
    assert.equal(lines.at(-1).msg, "stopped");
    assert.equal(await stdout, "");
  });

  it.skipIf(!existsSync("/dev/full"))("goes on when its log cannot be written", async () => {
    const { url } = await prometheus();
    const home = newHome();
    const full = openSync("/dev/full", "w");
    const { child, code } = launch(home, ["start"], { PROMETHEUS_URL: url }, full);
    closeSync(full);
    while (!(await isRunning(join(home, "data")).catch(() => false))) {
      assert.equal(child.exitCode, null);
      await sleep(100);
    }
    await sleep(500); // what it logs while it reads what exists
    assert.equal(await isRunning(join(home, "data")), true);
    child.kill("SIGTERM");
    assert.equal(await code, 0);
  });

  it("refuses a taken port with a sentence and ends with 1", async () => {
    const { url } = await prometheus();
    const { code, stderr } = launch(newHome(), ["start"], { PORT: new URL(url).port });
    assert.equal(await code, 1);
    assert.match(await stderr, /^smartcloudops: port \d+ on 127\.0\.0\.1 is taken by another program/m);
    assert.doesNotMatch(await stderr, /\.ts:/);
  });
});
