import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { zip } from "../../util/zip.ts";

/** The Teams app: its manifest filled in, checked, and packed with its icons. */

const folder = fileURLToPath(new URL("../../../manifests/teams/", import.meta.url));

export type AppValues = {
  /** Of the bot's registration. */
  readonly botId: string;
  /** Of the app in Teams: the bot's when there is no other. */
  readonly appId?: string | undefined;
  readonly version: string;
  readonly developer?: string | undefined;
  /** https addresses that people can open from the app's page. */
  readonly website?: string | undefined;
  readonly privacy?: string | undefined;
  readonly terms?: string | undefined;
};

const https = z.url({ protocol: /^https$/ }).max(2048);
const scopes = z
  .array(z.enum(["personal", "team", "groupChat"]))
  .min(1)
  .max(3);
const command = z.strictObject({ title: z.string().min(1).max(32), description: z.string().min(1).max(128) });

/** What Microsoft's schema asks for, for the parts that are used here. Nothing else may be in it. */
export const Manifest = z.strictObject({
  $schema: z.string(),
  manifestVersion: z.string().regex(/^1\.\d+$/),
  version: z.string().regex(/^\d+\.\d+\.\d+$/),
  id: z.guid(),
  developer: z.strictObject({
    name: z.string().min(1).max(32),
    websiteUrl: https,
    privacyUrl: https,
    termsOfUseUrl: https,
  }),
  name: z.strictObject({ short: z.string().min(1).max(30), full: z.string().max(100) }),
  description: z.strictObject({ short: z.string().min(1).max(80), full: z.string().min(1).max(4000) }),
  icons: z.strictObject({ color: z.literal("color.png"), outline: z.literal("outline.png") }),
  accentColor: z.string().regex(/^#[0-9A-F]{6}$/i),
  bots: z
    .array(
      z.strictObject({
        botId: z.guid(),
        scopes,
        supportsFiles: z.boolean(),
        isNotificationOnly: z.boolean(),
        commandLists: z.array(z.strictObject({ scopes, commands: z.array(command).max(10) })).max(3),
      }),
    )
    .length(1),
  validDomains: z.array(z.string()).max(16),
});

/** The manifest with its `${{NAME}}` filled in. Throws with a sentence when a value is missing or not as Teams wants it. */
export function fillManifest(values: AppValues): z.infer<typeof Manifest> {
  const website = values.website ?? "https://example.com";
  const known: Readonly<Record<string, string>> = {
    VERSION: values.version,
    TEAMS_APP_ID: values.appId ?? values.botId,
    BOT_ID: values.botId,
    DEVELOPER_NAME: values.developer ?? "SmartCloudOps",
    WEBSITE_URL: website,
    PRIVACY_URL: values.privacy ?? website,
    TERMS_URL: values.terms ?? website,
  };
  const filled = readFileSync(`${folder}manifest.json`, "utf8").replace(/\$\{\{(\w+)\}\}/g, (_, name: string) => {
    const value = known[name];
    if (value === undefined) throw new Error(`the manifest asks for ${name}, which nobody knows.`);
    return JSON.stringify(value).slice(1, -1);
  });
  const read = Manifest.safeParse(JSON.parse(filled));
  if (read.success) return read.data;
  const issue = read.error.issues[0]!;
  throw new Error(`the manifest's ${issue.path.join(".")} is not as Teams wants it: ${issue.message}.`);
}

/** The app package, ready to be uploaded. Throws as `fillManifest` does. */
export function packApp(values: AppValues): Buffer {
  const manifest = `${JSON.stringify(fillManifest(values), null, 2)}\n`;
  return zip([
    { name: "manifest.json", data: Buffer.from(manifest) },
    ...["color.png", "outline.png"].map((name) => ({ name, data: readFileSync(`${folder}${name}`) })),
  ]);
}
