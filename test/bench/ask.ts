/** Asks the real program a file of questions, the way a user's script would, and notes when each answer came. */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { progressOn } from "../../src/cli/progress.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

const replySchema = z.looseObject({
  id: z.string(),
  intent: z.string().default(""),
  reply_text: z.string().default(""),
  promql: z.array(z.string()).default([]),
  proposed_actions: z
    .array(
      z.looseObject({
        type: z.string(),
        target: z.string(),
        params: z.record(z.string(), z.unknown()).default({}),
        status: z.string().default(""),
        executed: z.boolean().default(false),
      }),
    )
    .default([]),
});

/** What we read of a line of `ask --batch --json`. */
export type Reply = z.infer<typeof replySchema>;

/** `line` is the reply as it was printed; `at` unix seconds; `took` seconds since the answer before (the first: since the start). */
export type Asked = { readonly reply: Reply; readonly line: string; readonly at: number; readonly took: number };

/** A language model for the program, and settings of its file under `model`, as YAML takes JSON. */
export type AskedModel = {
  readonly env: Readonly<Record<string, string>>;
  readonly settings: Readonly<Record<string, unknown>>;
};

/**
 * Runs `ask --batch file --json` against Prometheus at `prometheus` and Alertmanager at `alertmanager`. Nothing of the
 * caller's credentials is passed on: what is measured is the program with its own language rules, and with `model` if given.
 * Resolves with the answers so far even when the program fails; its stderr goes to ours. `onReply` hears each one.
 */
export async function askAll(
  file: string,
  prometheus: string,
  alertmanager: string,
  onReply: (asked: Asked) => Promise<void> | void = () => {},
  model?: AskedModel,
): Promise<{ readonly asked: readonly Asked[]; readonly exitCode: number }> {
  const data = mkdtempSync(join(tmpdir(), "smartcloudops-eval-"));
  if (model !== undefined) writeFileSync(join(data, "smartcloudops.yaml"), JSON.stringify({ model: model.settings }));
  const inherited = ["PATH", "HOME", "TMPDIR", "TEMP", "SystemRoot"].flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  const program = spawn(process.execPath, [join(root, "src/main.ts"), "ask", "--batch", file, "--json"], {
    cwd: data, // not the caller's folder: an .env there belongs to somebody's real installation
    env: {
      ...Object.fromEntries(inherited),
      TZ: "UTC",
      PROMETHEUS_URL: prometheus,
      ALERTMANAGER_URL: alertmanager,
      SMARTCLOUDOPS_DATA: data,
      LOG_LEVEL: "error",
      ...(model && { ...model.env, SMARTCLOUDOPS_CONFIG: join(data, "smartcloudops.yaml") }),
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = new Promise<number>((resolve, reject) => {
    program.once("error", reject);
    program.once("close", (code) => resolve(code ?? 1));
  });
  const progress = progressOn(process, { quietMs: 2000 });
  const total = readFileSync(file, "utf8").trim().split("\n").length;
  const asked: Asked[] = [];
  const waiting: Promise<void>[] = [];
  let before = performance.now();
  for await (const line of createInterface({ input: program.stdout })) {
    if (line.trim() === "") continue;
    const now = performance.now();
    const parsed = replySchema.safeParse(jsonOf(line));
    if (!parsed.success) {
      process.stderr.write(`Not a reply: ${line.slice(0, 200)}\n${z.prettifyError(parsed.error)}\n`);
      continue;
    }
    const one: Asked = { reply: parsed.data, line, at: Date.now() / 1000, took: (now - before) / 1000 };
    before = now;
    asked.push(one);
    progress.show(asked.length / total, `${asked.length} of ${total} questions answered`);
    waiting.push(Promise.resolve(onReply(one)));
  }
  progress.end();
  await Promise.all(waiting);
  const exitCode = await exited;
  rmSync(data, { recursive: true, force: true });
  return { asked, exitCode };
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** One line about how long answers took: median, 95th percentile and the slowest, by name. */
export function timesLine(asked: readonly Asked[]): string {
  const times = asked.map(({ took }) => took).sort((a, b) => a - b);
  const slowest = asked.toSorted((a, b) => b.took - a.took)[0];
  if (slowest === undefined) return "no answers";
  const at = (share: number) => `${(1000 * times[Math.ceil(share * times.length) - 1]!).toFixed(0)} ms`;
  const sum = times.reduce((total, time) => total + time, 0);
  return `time per answer: median ${at(0.5)}, p95 ${at(0.95)}, slowest ${at(1)} (${slowest.reply.id}), ${asked.length} answers in ${sum.toFixed(1)} s`;
}
