import { type Config, loadConfig, type Problem } from "../../src/config.ts";

type Env = Readonly<Record<string, string>>;
type Files = Readonly<Record<string, string>>;

/** A folder in memory: what is not in `files` does not exist. */
function load(env: Env, files: Files): ReturnType<typeof loadConfig> {
  const readFile = (path: string): string => {
    const text = files[path];
    if (text === undefined) throw Object.assign(new Error(`there is no ${path}`), { code: "ENOENT" });
    return text;
  };
  return loadConfig({ env, readFile, cwd: "/bot" });
}

/** The configuration; fails the test with the problems when there are any. */
export function configOf(env: Env = {}, files: Files = {}): Config {
  const result = load(env, files);
  if (!result.ok) throw new Error(`no configuration: ${JSON.stringify(result.problems)}`);
  return result.config;
}

export function problemsOf(env: Env = {}, files: Files = {}): readonly Problem[] {
  const result = load(env, files);
  return result.ok ? [] : result.problems;
}

/** The same with one YAML file where the bot looks first. */
export function problemsIn(yaml: string, env: Env = {}, files: Files = {}): readonly Problem[] {
  return problemsOf(env, { ...files, "/bot/smartcloudops.yaml": yaml });
}

export function configIn(yaml: string, env: Env = {}, files: Files = {}): Config {
  return configOf(env, { ...files, "/bot/smartcloudops.yaml": yaml });
}
