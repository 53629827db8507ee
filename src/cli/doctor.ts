import { loadConfig, secretsOf } from "../config.ts";
import { createLog } from "../util/log.ts";
import { checkCalendars } from "./checks/calendars.ts";
import { checkChat } from "./checks/chat.ts";
import { type Check, failed, ok, skipped } from "./checks/check.ts";
import { checkClock, checkExtensions, checkHere, checkNode, checkPacks } from "./checks/here.ts";
import { lineOf } from "./checks/line.ts";
import { checkModel } from "./checks/model.ts";
import { checkNotifiers } from "./checks/notifiers.ts";
import { modesAround, productionChecks, wantedIn } from "./checks/production.ts";
import { sendThroughRoutes } from "./checks/send.ts";
import { checkSources, ownMetricsIn } from "./checks/sources.ts";
import { checkWatching } from "./checks/watching.ts";
import { type Call, EXIT, UsageError } from "./command.ts";

/** `doctor`: looks at everything one by one, changes nothing but the store's migrations. Exit code 1 when something failed. */
export async function run(call: Call): Promise<number> {
  if (call.words.length > 0)
    throw new UsageError(`doctor takes no words: it got ${JSON.stringify(call.words.join(" "))}.`);
  const checks: Check[] = [];
  let score: number | undefined;
  const asJson = call.flags.json === true;
  const add = (...found: readonly Check[]) => {
    checks.push(...found);
    if (!asJson) for (const check of found) call.stdout.write(lineOf(check, call));
  };
  add(checkNode(process.versions.node), checkClock(Date.now() / 1000));
  const loaded = loadConfig({ env: call.env, cwd: call.cwd });
  if (loaded.ok) {
    const { config } = loaded;
    const notices = config.notices.length === 0 ? "" : ` (${config.notices.join("; ")})`;
    add(ok("configuration", `complete${notices}`));
    add(...(await checkPacks(config.packs)));
    add(...(await checkExtensions(config, loaded.where)));
    add(...(await checkWatching(config)));
    add(...(await checkHere(config)));
    const { checkAuditKey, checkRights } = await import("./checks/rights.ts");
    add(await checkAuditKey(config.dataDir, call.env["AUDIT_KEY_FILE"], call.cwd));
    const log = createLog({ level: "error", secrets: secretsOf(config) });
    add(...(await checkSources(config, log)));
    add(...(await checkChat(config, log)));
    add(...(await checkNotifiers(config)));
    add(...(await checkCalendars(config)));
    add(...(await checkRights(config)));
    add(...(await checkModel(config, () => Date.now() / 1000)));
    if (call.flags.production === true) {
      const around = {
        uid: process.getuid?.(),
        modes: await modesAround(config, call.cwd),
        ...(await ownMetricsIn(config, log)),
      };
      const production = productionChecks(wantedIn(config, around));
      score = production.score;
      add(...production.checks);
    }
    if (call.flags.send === true) add(...(await sendThroughRoutes(config)));
  } else {
    add(
      ...loaded.problems.map(({ where, message }) =>
        failed("configuration", `${where} ${message}`, "Correct it where it stands, and run the doctor again."),
      ),
    );
    add(skipped("everything else", "needs a configuration without problems"));
  }
  const broken = checks.filter(({ state }) => state === "failed").length;
  const known = score === undefined ? {} : { score };
  if (asJson) call.stdout.write(`${JSON.stringify({ ok: broken === 0, ...known, checks })}\n`);
  else call.stdout.write(`\n${conclusionOf(checks, broken, score)}\n`);
  return broken === 0 ? EXIT.ok : EXIT.failed;
}

function conclusionOf(checks: readonly Check[], broken: number, score: number | undefined): string {
  const advice = checks.filter(({ state }) => state === "advice").length;
  return [
    broken === 0 ? "All is well." : `${broken} of ${checks.length} checks failed.`,
    ...(advice === 0 ? [] : [`${advice} ${advice === 1 ? "thing" : "things"} would be better otherwise.`]),
    ...(score === undefined ? [] : [`Ready for production: ${score} of 100.`]),
  ].join(" ");
}
