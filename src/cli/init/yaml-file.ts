import { existsSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** The YAML file that the bot reads: the one that is named or there already, else a new one in `config/`. */
export function yamlFileOf(
  cwd: string,
  env: Readonly<Record<string, string | undefined>>,
): { readonly path: string; readonly isThere: boolean; readonly named: boolean } {
  const said = env["SMARTCLOUDOPS_CONFIG"]?.trim();
  if (said) return { path: resolve(cwd, said), isThere: existsSync(resolve(cwd, said)), named: true };
  const plain = join(cwd, "smartcloudops.yaml");
  if (existsSync(plain)) return { path: plain, isThere: true, named: true };
  const path = join(cwd, "config", "smartcloudops.yaml");
  return { path, isThere: existsSync(path), named: false };
}

/** A first settings file: zone, and where alerts and what is unusual are told. */
export function firstYaml(path: string, zone: string, channel: string | undefined): string {
  const project = fileURLToPath(new URL("../../..", import.meta.url));
  const schema = relative(dirname(path), join(project, "docker/config/smartcloudops.schema.json"));
  const place = channel ?? "C0123ABCD";
  const off = channel === undefined ? "#" : "";
  return [
    `# yaml-language-server: $schema=${schema}`,
    "# Every setting with its explanation: docker/config/smartcloudops.yaml. What is wrong here: smartcloudops config check",
    `timezone: ${zone}`,
    "",
    "# Where alerts of Alertmanager become messages.",
    ...["routes:", `  - slack: [${place}]`].map((line) => off + line),
    "",
    "# Where it is told what is unusual.",
    ...["schedules:", "  detect:", "    post:", `      - { slack: ${place}, severity: warning }`].map(
      (line) => off + line,
    ),
    "",
  ].join("\n");
}
