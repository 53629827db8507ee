/** A scripted model as a process of its own, for `npm run bench -- model`: two queries, then an answer, each call after so many milliseconds. */
import { type Asked, type Reply, startOpenai } from "../fakes/openai/index.ts";

const afterMs = Number(process.argv[2] ?? 300);

const look = (promql: string): Reply => ({ calls: [{ name: "query_range", args: { promql, from: "-3h" } }], afterMs });
const steps: readonly Reply[] = [
  look("rabbitmq_queue_messages"),
  look("harbour_tide_height_meters"),
  {
    text: "The queue manifests has 640 messages. The queue pilot_calls is empty. Nothing shows what the tide has to do with it.",
    afterMs,
  },
];

const server = await startOpenai(({ body }: Asked) => {
  if (body.response_format !== undefined) return { text: '{"intent":"root_cause"}', afterMs };
  const called = body.messages.filter(({ role }: { role: string }) => role === "tool").length;
  server.asked.length = 0; // it would keep every request
  return steps[Math.min(called, steps.length - 1)]!;
});
process.stdout.write(`${server.url}\n`);
process.on("disconnect", () => process.exit(0));
