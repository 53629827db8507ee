import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * GitHub's API for one repository on loopback: workflows with their files, refs, dispatches, runs. It looks at the method,
 * path, token and its permissions, content type, API version, ref, the inputs that the workflow declares, and a run's state;
 * and it answers as the real one does: 201, 202, 200 with the run's id, 204 where that was not asked for, 401, 403, 404,
 * 409, 422, 429.
 */

export type Permission = "actions:read" | "actions:write" | "contents:read";
export type Fault =
  | { readonly kind: "cut"; readonly when: "before" | "after" }
  | { readonly kind: "status"; readonly status: number; readonly headers?: Record<string, string> }
  | { readonly kind: "race"; readonly race: () => void };
export type Seen = {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of every kind
  readonly body: any;
};

export type Run = {
  id: number;
  name: string;
  display_title: string;
  head_branch: string;
  head_sha: string;
  path: string;
  event: string;
  status: "queued" | "in_progress" | "completed";
  conclusion: string | null;
  run_attempt: number;
  created_at: string;
  html_url: string;
  actor: { login: string };
  inputs: Record<string, string>;
};

export const DEPLOY = `name: Deploy
run-name: Deploy \${{ inputs.version }} (\${{ inputs.execution_id }})
on:
  workflow_dispatch:
    inputs:
      version: {required: true}
      execution_id: {required: false}
jobs: {}
`;

export type Github = Awaited<ReturnType<typeof startGithub>>;

/** Starts one for org/shop: main and v1.0, deploy.yml, quiet.yml (shows no key) and off.yml (disabled). */
export async function startGithub() {
  const refs = new Map([
    ["main", "a".repeat(40)],
    ["v1.0", "b".repeat(40)],
  ]);
  const files = new Map([
    ["deploy.yml", DEPLOY],
    ["quiet.yml", DEPLOY.replace(/^run-name:.*\n/m, "")],
    ["keyless.yml", DEPLOY.replace(/\n {6}execution_id.*|^run-name:.*\n/gm, "")],
    ["off.yml", DEPLOY],
  ]);
  const runs = new Map<number, Run>();
  const tokens = new Map<string, ReadonlySet<Permission>>([
    ["gh-token", new Set(["actions:read", "actions:write", "contents:read"])],
  ]);
  const seen: Seen[] = [];
  const state: {
    fault: (request: Seen) => Fault | undefined;
    /** Called for each look at a run: lets it go on. */
    turn: (run: Run) => void;
    /** A server before 2026 answers a dispatch with 204 and nothing. */
    knowsDetails: boolean;
    /** So many lists do not show a new run yet. */
    lag: number;
  } = {
    fault: () => undefined,
    turn: (run) => {
      if (run.status === "in_progress")
        Object.assign(run, { status: "completed", conclusion: run.conclusion ?? "success" });
      if (run.status === "queued") run.status = "in_progress";
    },
    knowsDetails: true,
    lag: 0,
  };
  let nextId = 1000;

  const server = createServer((request, response) => {
    answer(request, response).catch((problem) => response.writeHead(500).end(String(problem)));
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<unknown> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const url = new URL(request.url ?? "/", "http://localhost");
    const one: Seen = {
      method: request.method ?? "",
      path: url.pathname,
      query: url.searchParams,
      body: text === "" ? undefined : JSON.parse(text),
    };
    seen.push(one);
    const fault = state.fault(one);
    if (fault?.kind === "cut" && fault.when === "before") return response.destroy();
    if (fault?.kind === "status") return send(response, fault.status, { message: "trouble" }, fault.headers);
    if (fault?.kind === "race") fault.race();
    const granted = tokens.get(request.headers.authorization?.replace(/^Bearer /, "") ?? "");
    if (granted === undefined) return send(response, 401, { message: "Bad credentials" });
    if (request.headers["user-agent"] === undefined)
      return send(response, 403, { message: "Request forbidden by administrative rules." });
    if (request.headers["x-github-api-version"] !== "2022-11-28")
      return send(response, 400, { message: "unsupported API version" });
    const outcome = route(one, granted, request.headers.accept ?? "");
    if (fault?.kind === "cut") return response.destroy();
    return send(response, outcome.status, outcome.body, {});
  }

  function route(one: Seen, granted: ReadonlySet<Permission>, accept: string): { status: number; body?: unknown } {
    const prefix = "/repos/org/shop";
    if (!one.path.startsWith(`${prefix}/`)) return { status: 404, body: { message: "Not Found" } };
    const path = one.path.slice(prefix.length);
    const needs: Permission = /^\/(contents|commits)\//.test(path)
      ? "contents:read"
      : one.method === "POST"
        ? "actions:write"
        : "actions:read";
    if (!granted.has(needs))
      return { status: 403, body: { message: "Resource not accessible by personal access token" } };
    const [, area, ...rest] = path.split("/").map(decodeURIComponent);
    const missing = { status: 404, body: { message: "Not Found" } };
    if (one.method === "GET" && area === "commits") {
      const sha = refs.get(rest.join("/").replace(/^refs\/(?:heads|tags)\//, ""));
      return sha === undefined
        ? { status: 422, body: { message: `No commit found for SHA: ${rest.join("/")}` } }
        : { status: 200, body: { sha } };
    }
    if (one.method === "GET" && area === "contents") {
      const file = files.get(rest.at(-1)!);
      if (file === undefined || ![...refs.values()].includes(one.query.get("ref") ?? "")) return missing;
      return accept === "application/vnd.github.raw+json"
        ? { status: 200, body: file }
        : { status: 200, body: { content: Buffer.from(file).toString("base64") } };
    }
    if (area !== "actions") return missing;
    const [kind, id, action] = rest;
    if (kind === "workflows") {
      const file = files.get(id ?? "");
      if (file === undefined) return missing;
      const workflow = {
        id: 1,
        path: `.github/workflows/${id}`,
        state: id === "off.yml" ? "disabled_manually" : "active",
      };
      if (one.method === "GET" && action === undefined) return { status: 200, body: workflow };
      if (one.method === "GET" && action === "runs")
        return { status: 200, body: listed(one, (run) => run.path === workflow.path) };
      if (one.method === "POST" && action === "dispatches") return dispatched(one, id!, file, workflow.state);
    }
    if (kind === "runs") {
      if (id === undefined) return { status: 200, body: listed(one, () => true) };
      const run = runs.get(Number(id));
      if (run === undefined) return missing;
      if (one.method === "GET" && action === undefined) {
        state.turn(run);
        return { status: 200, body: run };
      }
      if (one.method === "POST" && action === "rerun") {
        if (run.status !== "completed")
          return { status: 403, body: { message: "The workflow run is already running" } };
        Object.assign(run, { status: "queued", conclusion: null, run_attempt: run.run_attempt + 1 });
        return { status: 201, body: {} };
      }
      if (one.method === "POST" && action === "cancel") {
        if (run.status === "completed")
          return { status: 409, body: { message: "Cannot cancel a workflow run that is completed." } };
        Object.assign(run, { status: "in_progress", conclusion: "cancelled" });
        return { status: 202, body: {} };
      }
    }
    return missing;
  }

  function dispatched({ body }: Seen, file: string, text: string, state_: string): { status: number; body?: unknown } {
    const invalid = (message: string) => ({ status: 422, body: { message } });
    if (state_ !== "active") return invalid("Cannot trigger a 'workflow_dispatch' on a disabled workflow");
    const ref = String(body?.ref ?? "").replace(/^refs\/(?:heads|tags)\//, "");
    const sha = refs.get(ref);
    if (sha === undefined) return invalid(`No ref found for: ${body?.ref}`);
    const inputs: Record<string, string> = body.inputs ?? {};
    const declared = [...text.matchAll(/^ {6}(\w+):/gm)].map(([, name]) => name!);
    const strange = Object.keys(inputs).filter((name) => !declared.includes(name));
    if (strange.length > 0) return invalid(`Unexpected inputs provided: ${JSON.stringify(strange)}`);
    if (Object.values(inputs).some((value) => typeof value !== "string")) return invalid("inputs must be strings");
    if (text.includes("version: {required: true}") && inputs["version"] === undefined)
      return invalid("Required input 'version' not provided");
    const id = add({
      path: `.github/workflows/${file}`,
      head_branch: ref,
      head_sha: sha,
      inputs,
      status: "queued",
      conclusion: null,
      display_title: titleOf(text, inputs),
    });
    if (!state.knowsDetails || body.return_run_details !== true) return { status: 204 };
    return {
      status: 200,
      body: { workflow_run_id: id, run_url: `https://api/runs/${id}`, html_url: `https://github.example/runs/${id}` },
    };
  }

  function titleOf(text: string, inputs: Record<string, string>): string {
    const named = /^run-name: (.*)$/m.exec(text)?.[1];
    return named?.replace(/\$\{\{ inputs\.(\w+) \}\}/g, (_, name: string) => inputs[name] ?? "") ?? "Deploy";
  }

  function add(more: Partial<Run>): number {
    const id = nextId++;
    runs.set(id, {
      id,
      name: "Deploy",
      display_title: "Deploy",
      head_branch: "main",
      head_sha: refs.get("main")!,
      path: ".github/workflows/deploy.yml",
      event: "workflow_dispatch",
      status: "completed",
      conclusion: "success",
      run_attempt: 1,
      created_at: "2026-01-01T00:00:00Z",
      html_url: `https://github.example/runs/${id}`,
      actor: { login: "ana" },
      inputs: {},
      ...more,
    });
    return id;
  }

  function listed({ query }: Seen, matches: (run: Run) => boolean): unknown {
    const event = query.get("event");
    const all = [...runs.values()].reverse().filter((run) => matches(run) && (event === null || run.event === event));
    const shown = state.lag-- > 0 ? all.slice(1) : all;
    return { total_count: shown.length, workflow_runs: shown.slice(0, Number(query.get("per_page") ?? 30)) };
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    refs,
    runs,
    seen,
    state,
    addRun: add,
    allow: (token: string, permissions: readonly Permission[]) => tokens.set(token, new Set(permissions)),
    posts: () => seen.filter(({ method }) => method === "POST"),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function send(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { "content-type": "application/json; charset=utf-8", ...headers });
  response.end(body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body));
}
