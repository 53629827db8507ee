import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, expect, it } from "vitest";
import { freePorts } from "../../src/demo/ports.ts";
import { mailServer } from "../fakes/notifiers/mailbox.ts";
import { receiver } from "../fakes/notifiers/receiver.ts";
import { TOKEN, until } from "./alertmanager.ts";
import { programs } from "./processes.ts";

/** The whole program in a storm of alerts, killed without warning in the middle of telling a mail server and a webhook of it, both real. */

const ALERTS = 1500;
const IN_ONE = 10;
const { newHome, launch, clean } = programs();
const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});
afterAll(clean);

type Posted = { readonly event: string; readonly incident: { readonly id: string; readonly total: number } };

it("is told whole and each thing once, though it is killed twice", { timeout: 120_000 }, async () => {
  const [mail, hook] = [await mailServer(), await receiver("shared")];
  undo.push(mail.close, hook.close);
  const home = newHome();
  const [port = 0] = await freePorts(1);
  writeFileSync(join(home, "key"), "shared\n");
  writeFileSync(
    join(home, "smartcloudops.yaml"),
    [
      "notifiers:",
      "  email:",
      `    - {name: mail, host: 127.0.0.1, port: ${mail.port}, tls: none, from: bot@example.com, to: [ann@example.com]}`,
      "  webhook:",
      `    - {name: hook, url: "${hook.url}", secret_file: key}`,
      "routes:",
      "  - {notify: [mail, hook]}",
    ].join("\n"),
  );
  const begin = async () => {
    const bot = launch(["start"], { home, env: { PORT: `${port}`, ALERTMANAGER_WEBHOOK_TOKEN: TOKEN } });
    await bot.says('"ready"');
    return bot;
  };
  const startsAt = new Date().toISOString();
  const bodyOf = (from: number, status: "firing" | "resolved") =>
    JSON.stringify({
      version: "4",
      alerts: Array.from({ length: IN_ONE }, (_, n) => ({
        ...{ status, startsAt, fingerprint: `f${from + n}` },
        labels: { alertname: `A${(from + n) % 15}`, service: `s${from + n}`, severity: "warning" },
        ...(status === "resolved" && { endsAt: new Date().toISOString() }),
      })),
    });
  /** As Alertmanager does: what was not answered with 200 is sent again. */
  const send = async (status: "firing" | "resolved") => {
    const left = Array.from({ length: ALERTS / IN_ONE }, (_, n) => n * IN_ONE);
    const work = async () => {
      for (let from = left.shift(); from !== undefined; from = left.shift())
        while ((await post(bodyOf(from, status))) !== 200) await sleep(50);
    };
    await Promise.all(Array.from({ length: 8 }, work));
  };
  const post = (body: string) =>
    fetch(`http://127.0.0.1:${port}/webhooks/alertmanager`, {
      ...{ method: "POST", body, headers: { authorization: `Bearer ${TOKEN}` } },
    }).then(
      ({ status }) => status,
      () => 0,
    );

  const first = await begin();
  const firing = send("firing");
  await until(() => hook.posts.length > 2, "the first that are told");
  first.child.kill("SIGKILL");
  await first.ended;
  const second = await begin();
  await firing;
  const told = (event: string) =>
    hook.posts.map(({ body }) => body as unknown as Posted).filter((one) => one.event === event);
  const db = () => new DatabaseSync(join(home, "data", "smartcloudops.db"), { readOnly: true });
  const counted = () => {
    const open = db();
    const [alerts, incidents] = [
      "SELECT count(*) AS n FROM alerts WHERE incident IS NOT NULL",
      "SELECT count(*) AS n FROM incidents",
    ].map((text) => Number(open.prepare(text).get()?.["n"]));
    open.close();
    return { alerts, incidents: incidents ?? 0 };
  };
  await until(() => counted().alerts === ALERTS, "all alerts in incidents");
  const { incidents } = counted();
  expect(incidents).toBeLessThanOrEqual(20);
  await until(() => told("opened").length === incidents, "all that were opened");

  const resolving = send("resolved");
  await until(() => told("resolved").length > 2, "the first that are over");
  second.child.kill("SIGKILL");
  await second.ended;
  const third = await begin();
  await resolving;
  await until(() => told("resolved").length === incidents, "all that are over");
  const subjects = () => new Set(mail.mails.map(({ headers }) => headers.get("message-id")));
  await until(() => subjects().size === 2 * incidents, "two mails for each");
  third.child.kill("SIGTERM");
  expect((await third.ended).code).toBe(0);

  // The receiver takes each key once: what a kill made the bot send again is the same thing there, and in a mailbox the same Message-ID.
  for (const event of ["opened", "resolved"])
    expect(new Set(told(event).map(({ incident }) => incident.id)).size).toBe(told(event).length);
  expect(hook.posts).toHaveLength(2 * incidents);
  expect(told("resolved").reduce((sum, { incident }) => sum + incident.total, 0)).toBe(ALERTS);
  expect(mail.mails.length - subjects().size).toBeLessThanOrEqual(2 * 2); // at most what was on its way at each kill
});
