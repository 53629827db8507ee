/** Commands of the README's shell blocks, and what becomes of each in tests and in the log of a newcomer. */

/**
 * - `log`: run as it stands by `--tool readme-log`, from a bare clone. `shell`: run as it stands by `test/readme/readme-commands.test.ts`, on a real
 *   Prometheus; `from` is put in place of what each reader has to put there.
 * - `why`: run by neither, for this reason.
 */
export type Way = {
  readonly log?: true;
  readonly shell?: true;
  readonly why?: string;
};

const IN_CONTAINERS =
  "needs a container engine or a cluster; test/docker holds the files together, and runs the image's steps";

/** In the README's order. A command that stands there and not here, or the other way round, fails a test. */
export const WAYS: readonly (readonly [command: string, way: Way])[] = [
  ["git clone <address of this repository> smartcloudops && cd smartcloudops", { log: true }],
  ["npm run demo", { log: true }],
  ["npm test", { log: true }],
  ["npx smartcloudops init", { log: true }],
  ["npm start", { log: true }],
  [
    "SLACK_APP_TOKEN=xapp-… npx smartcloudops init --yes --prometheus-url http://prometheus:9090 --slack-bot-token-file /run/secrets/slack_bot_token --slack-channel C0123ABCD",
    { why: "needs a Slack workspace; test/cli/init.test.ts runs the same on a stand-in for Slack" },
  ],
  ["export PROMETHEUS_URL=http://localhost:9090", { shell: true }],
  ["npx smartcloudops doctor", { log: true, shell: true }],
  ["npx smartcloudops chat", { log: true, shell: true }],
  ['npx smartcloudops ask "cpu of web-1"', { log: true, shell: true }],
  ["npx smartcloudops start", { shell: true }],
  [
    "PROMETHEUS_URL=http://prometheus:9090 SLACK_BOT_TOKEN=xoxb-… SLACK_APP_TOKEN=xapp-… npm start",
    { why: "needs a Slack workspace; test/e2e/slack.test.ts runs the same on a stand-in for Slack" },
  ],
  ["npx smartcloudops export incidents --format csv --from 2026-11-01 --to 2026-12-01", { shell: true }],
  ["npx smartcloudops export digests --format html --out digests.html", { shell: true }],
  [
    'curl -H "Authorization: Bearer $CI_WEBHOOK_SECRET" https://ops.example.com/webhooks/ci -d \'{ "project": …',
    { why: "needs the bot behind a name of its own; test/e2e/ci.test.ts posts the same" },
  ],
  [
    'curl -fsS -H "Authorization: Bearer $CI_WEBHOOK_SECRET" https://ops.example.com/webhooks/ci -d @run.json -o verdict.json && jq -er \'.reason, .verdict != "fail"\' verdict.json',
    { why: "needs the bot behind a name of its own; test/e2e/ci.test.ts posts the same" },
  ],
  ["docker compose --file docker/compose.yaml up --build", { why: IN_CONTAINERS }],
  ["docker compose --file docker/compose.yaml exec bot node src/main.ts chat", { why: IN_CONTAINERS }],
  ["kubectl apply -k docker/kubernetes", { why: IN_CONTAINERS }],
  ["npx smartcloudops watches versions service.latency", { shell: true }],
  ["npx smartcloudops watches learn service.latency", { shell: true }],
  [
    "npx smartcloudops watches rollback service.latency 1",
    { why: "needs a watch that has learnt twice; test/flows/train.test.ts rolls one back" },
  ],
  [
    "npx smartcloudops backtest 'sum by (service) (rate(http_requests_total[5m]))' --days 14",
    { log: true, shell: true },
  ],
  ["npx smartcloudops watches list", { log: true, shell: true }],
  [
    "OPENAI_MODEL=gpt-5-mini OPENAI_API_KEY=sk-… npm start",
    { why: "needs a language model; test/model runs the same on a scripted server of its API" },
  ],
  [
    "OPENAI_MODEL=qwen3 OPENAI_BASE_URL=http://localhost:11434/v1 npm start",
    { why: "needs a language model; test/model runs the same on a scripted server of its API" },
  ],
  ['npx smartcloudops ask "cpu of web-1" --json', { shell: true }],
  ['npx smartcloudops ask "cpu of web-1" --json --now 2026-01-15T10:00:00Z', { shell: true }],
  ['npx smartcloudops ask "and memory?" --thread deploy-42 --user ci', { shell: true }],
  ["npx smartcloudops ask --batch questions.jsonl --json --parallel 4", { shell: true }],
  ['export API_TOKENS="grafana=$(openssl rand -hex 24)"', { shell: true }],
  [
    'curl -H "Authorization: Bearer ${API_TOKENS#grafana=}" "http://127.0.0.1:3978/api/v1/incidents?status=open,acknowledged&limit=20"',
    { shell: true },
  ],
  ["npx smartcloudops detect --dir series --out scores", { shell: true }],
  ["npx smartcloudops config check", { log: true, shell: true }],
  ["npx smartcloudops config check --json", { shell: true }],
];

/** The commands of all shell blocks of a Markdown text, in order: without comments, lines that go on put together, long data cut. */
export function commandsOf(markdown: string): readonly string[] {
  return [...markdown.matchAll(/^```sh\n(.*?)^```/gms)].flatMap(([, block]) => commandsIn(block as string));
}

function commandsIn(block: string): readonly string[] {
  const commands: string[] = [];
  let open = "";
  for (const line of block.split("\n")) {
    const said = line.replace(/(?:^|\s{2,})#.*$/, "").trim();
    if (said === "" && open === "") continue;
    open = open === "" ? said : `${open.replace(/\\$/, "").trim()} ${said}`;
    const isQuoted = (open.match(/'/g)?.length ?? 0) % 2 === 1;
    if (isQuoted || /(?:\\|&&)$/.test(open)) continue;
    commands.push(open.replace(/(-d '\{ "project":).*$/, "$1 …"));
    open = "";
  }
  return commands;
}
