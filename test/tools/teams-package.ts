import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { packApp } from "../../src/chat/teams/package.ts";

/**
 * Writes `smartcloudops-teams.zip` into the current folder, for Teams' "Upload an app": `MicrosoftAppId=… node
 * test/tools/teams-package.ts`. `TEAMS_APP_ID`, `TEAMS_DEVELOPER`, `TEAMS_WEBSITE_URL`, `TEAMS_PRIVACY_URL` and
 * `TEAMS_TERMS_URL` are taken when set.
 */
const { env } = process;
const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
  version: string;
};

try {
  if (!env.MicrosoftAppId) throw new Error("set MicrosoftAppId to the app id of the bot's registration in Azure.");
  const file = resolve("smartcloudops-teams.zip");
  const packed = packApp({
    botId: env.MicrosoftAppId,
    appId: env.TEAMS_APP_ID,
    version,
    developer: env.TEAMS_DEVELOPER,
    website: env.TEAMS_WEBSITE_URL,
    privacy: env.TEAMS_PRIVACY_URL,
    terms: env.TEAMS_TERMS_URL,
  });
  writeFileSync(file, packed);
  console.log(`${file} is ready: upload it in Teams under Apps, Manage your apps, Upload an app.`);
  if (!env.TEAMS_WEBSITE_URL)
    console.log("Set TEAMS_WEBSITE_URL to your own page: its links lead to https://example.com.");
} catch (problem) {
  console.error(`teams:package: ${problem instanceof Error ? problem.message : String(problem)}`);
  process.exitCode = 1;
}
