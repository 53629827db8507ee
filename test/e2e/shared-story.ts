import { expect } from "vitest";
import type { AskReply } from "../../src/core/answer.ts";
import type { programs } from "./processes.ts";
import type { RealPrometheus } from "./servers.ts";

/**
 * One question that every surface is asked, about a moment that is past, so that the real Prometheus gives all of them the
 * same number. The terminal's answer, compared with Prometheus itself, is what the others have to say too.
 */
export type SharedStory = {
  readonly question: string;
  /** As it is said: "2.37 s". */
  readonly number: string;
  /** The headline without its moment, which each person reads in their own zone. */
  readonly headline: string;
  /** Fails unless that is the headline of the text, number included. */
  readonly isToldBy: (text: string) => void;
};

const MINUTES_AGO = 10;

export async function sharedStory(real: RealPrometheus, run: ReturnType<typeof programs>["run"]): Promise<SharedStory> {
  const at = new Date(Math.floor(real.world.end / 60 - MINUTES_AGO) * 60_000);
  const question = `p95 latency of orders on ${at.toISOString().slice(0, 16).replace("T", " ")} UTC`;
  const { stdout } = await run(["ask", "--json", question], { env: { PROMETHEUS_URL: real.url } });
  const { reply_text, promql, values } = JSON.parse(stdout) as AskReply;
  const [headline = ""] = reply_text.split("\n");
  const pattern = /^(.* is ([\d.,]+ m?s)) /;
  expect(headline).toMatch(pattern);
  const [, said = "", number = ""] = pattern.exec(headline)!;
  const measured = await askPrometheus(real, promql[0]!, at);
  expect(values[0]!.value).toBeCloseTo(measured, 6);
  expect(secondsOf(number) / measured).toBeCloseTo(1, 2);
  return { question, number, headline: said, isToldBy: (text) => expect(text).toContain(`${said} `) };
}

async function askPrometheus({ url }: RealPrometheus, promql: string, at: Date): Promise<number> {
  const query = new URLSearchParams({ query: promql, time: at.toISOString() });
  const answer = (await (await fetch(`${url}/api/v1/query?${query}`)).json()) as {
    data: { result: { value: [number, string] }[] };
  };
  return Number(answer.data.result[0]?.value[1]);
}

function secondsOf(said: string): number {
  const [value = "", unit] = said.replaceAll(",", "").split(" ");
  return Number(value) / (unit === "ms" ? 1000 : 1);
}
