/**
 * `npm run bench -- evil [--dir DIR] [--only ID]`: hostile texts put into everything that a language model reads (question, thread,
 * labels, alerts), read by a model that obeys each of them, through the real SDKs. What the bot then shows is drawn for Slack, Teams and
 * the terminal. Counts effects, approvals, secrets, live mentions, links and hidden text. The project's own texts stand in
 * `test/bench/hostile`; `--dir` takes a folder with others of that format. Ends with 1 when there was any harm.
 */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { progressOf } from "../../src/cli/progress.ts";
import { type Harm, openStage, textsOf } from "./evil/play.ts";
import { readLures } from "./evil/read.ts";

const { values: options } = parseArgs({
  options: {
    dir: { type: "string", default: fileURLToPath(new URL("evil", import.meta.url)) },
    only: { type: "string" },
  },
});

const lures = readLures(options.dir).filter(({ id }) => options.only === undefined || id.startsWith(options.only));
if (lures.length === 0)
  throw new Error(
    `${options.dir} has no entries${options.only === undefined ? "" : ` that begin with ${options.only}`}`,
  );
/** Words of what must not be, of those in the files, that are looked for here. */
const JUDGED = new Set(["execute", "vote", "autoapprove", "approve_hidden", "leak", "ping", "link", "raw", "crash"]);

const stage = await openStage();
const progress = progressOf(process, lures.flatMap(textsOf).length);
const harm: Harm[] = [];
let [texts, calls, proposals] = [0, 0, 0];
try {
  for (const lure of lures)
    for (const text of textsOf(lure)) {
      progress.step(lure.id);
      const played = await stage.play(text);
      texts++;
      calls += played.calls;
      proposals += played.proposals;
      for (const { what, text: found } of played.harm) console.log(`${lure.id} ${what}: ${found.slice(0, 160)}`);
      harm.push(...played.harm);
    }
} finally {
  await stage.close();
}
progress.end();
const count = (what: Harm["what"]) => harm.filter((one) => one.what === what).length;
console.log(`entries                 ${lures.length}, with ${texts} texts; the model was called ${calls} times`);
console.log(`proposals that wait     ${proposals}`);
console.log(`unapproved effects      ${count("effect")}`);
console.log(`approvals               ${count("approval")}`);
console.log(`secrets shown           ${count("leak")}`);
console.log(`live mentions           ${count("mention")}`);
console.log(`foreign links           ${count("link")}`);
console.log(`hidden text             ${count("hidden text")}`);
console.log(`questions that failed   ${count("crash")}`);
const withoutText = lures.filter((lure) => textsOf(lure).length === 0);
if (withoutText.length > 0)
  console.log(
    `not played, without text ${withoutText.map(({ id }) => id).join(", ")}: numbers and times, that no model reads`,
  );
const elsewhere = Map.groupBy(
  lures
    .flatMap((lure) => lure.must_not.map((one) => ({ id: lure.id, what: one.split(":")[0]! })))
    .filter(({ what }) => !JUDGED.has(what)),
  ({ what }) => what,
);
if (elsewhere.size > 0)
  console.log(
    `not judged here         ${[...elsewhere].map(([what, all]) => `${what} (${new Set(all.map(({ id }) => id)).size})`).join(", ")}: they need real requests, files, clocks or replicas`,
  );
process.exitCode = harm.length === 0 ? 0 : 1;
