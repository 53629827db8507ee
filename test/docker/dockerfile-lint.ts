/** The usual rules of hadolint (https://github.com/hadolint/hadolint/wiki), by their numbers, for a Dockerfile such as ours. */

type Step = { readonly name: string; readonly rest: string };
type Stage = { readonly from: Step; readonly steps: readonly Step[] };

const KNOWN =
  "ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL ONBUILD RUN SHELL STOPSIGNAL USER VOLUME WORKDIR".split(
    " ",
  );

/** What is wrong with a Dockerfile: "DL3007 …" each; empty when nothing is. */
export function lintDockerfile(text: string): string[] {
  const steps = stepsOf(text);
  const stages: { from: Step; steps: Step[] }[] = [];
  for (const step of steps) {
    if (step.name === "FROM") stages.push({ from: step, steps: [] });
    else stages.at(-1)?.steps.push(step);
  }
  const last = stages.at(-1);
  return [
    ...steps.filter(({ name }) => !KNOWN.includes(name)).map(({ name }) => `DL1000 there is no instruction ${name}`),
    ...stages.flatMap((stage, at) => ofStage(stage, stages.slice(0, at))),
    ...(last === undefined ? ["DL3061 there is no FROM"] : ofResult(last)),
  ];
}

/** The instructions, without comments and with their lines joined. */
export function stepsOf(text: string): Step[] {
  const lines = text
    .replace(/^\s*#.*\n/gm, "")
    .replace(/\\\n/g, " ")
    .split("\n")
    .map((line) => line.trim());
  return lines
    .filter((line) => line !== "")
    .map((line) => {
      const [, name = "", rest = ""] = /^(\S+)\s*(.*)$/.exec(line) ?? [];
      return { name: name.toUpperCase(), rest };
    });
}

function ofStage({ from, steps }: Stage, before: readonly Stage[]): string[] {
  const names = before.flatMap((stage) => / AS (\S+)$/i.exec(stage.from.rest)?.[1] ?? []);
  const [base = ""] = from.rest.split(/\s+/);
  const found: string[] = [];
  const say = (is: boolean, what: string) => void (is && found.push(what));
  if (!names.includes(base) && base !== "scratch") {
    say(!/[:@]/.test(base), `DL3006 ${base} has no version`);
    say(/:latest$/.test(base), `DL3007 ${base} is another one tomorrow`);
  }
  for (const { name, rest } of steps) {
    say(name === "MAINTAINER", "DL4000 MAINTAINER is a label");
    say(name === "WORKDIR" && !/^[/$]/.test(rest), `DL3000 WORKDIR ${rest} is relative`);
    say(name === "ADD" && !/^(?:--\S+ )*(?:https?:|\S+\.(?:tar|tgz|txz)\b)/.test(rest), `DL3020 ADD ${rest}: use COPY`);
    say(
      (name === "ENV" || name === "ARG") && /(?:PASSWORD|TOKEN|SECRET|_KEY)\w*=/.test(rest),
      `a secret: ${name} ${rest}`,
    );
    say((name === "CMD" || name === "ENTRYPOINT") && !isList(rest), `DL3025 ${name} starts a shell`);
    if (name === "COPY") found.push(...ofCopy(rest, names, steps));
    if (name === "RUN") found.push(...ofRun(rest, steps));
  }
  for (const [name, rule] of [
    ["CMD", "DL4003"],
    ["ENTRYPOINT", "DL4004"],
    ["HEALTHCHECK", "DL3012"],
  ] as const)
    say(steps.filter((step) => step.name === name).length > 1, `${rule} only the last ${name} counts`);
  return found;
}

function ofCopy(rest: string, names: readonly string[], steps: readonly Step[]): string[] {
  const found: string[] = [];
  const from = /--from=(\S+)/.exec(rest)?.[1];
  if (from !== undefined && !names.includes(from) && !/[:@]/.test(from)) found.push(`DL3022 there is no stage ${from}`);
  const parts = rest.split(/\s+/).filter((part) => !part.startsWith("--"));
  const to = parts.at(-1) ?? "";
  if (parts.length > 2 && !to.endsWith("/")) found.push(`DL3021 several files into ${to}: end it with /`);
  if (!to.startsWith("/") && !steps.some(({ name }) => name === "WORKDIR"))
    found.push(`DL3045 ${to} is relative to no WORKDIR`);
  return found;
}

function ofRun(rest: string, steps: readonly Step[]): string[] {
  const found: string[] = [];
  const say = (is: boolean, what: string) => void (is && found.push(what));
  say(/(?:^|[;&|]\s*)sudo /.test(rest), "DL3004 sudo");
  say(/(?:^|[;&|]\s*)cd /.test(rest), "DL3003 cd: use WORKDIR");
  const isSafe =
    /pipefail/.test(rest) || steps.some(({ name, rest: shell }) => name === "SHELL" && /pipefail/.test(shell));
  say(/[^|]\|[^|]/.test(rest.replace(/'[^']*'/g, "")) && !isSafe, "DL4006 a pipe without pipefail");
  say(/\bapt(?:-get)? (?:dist-)?upgrade\b/.test(rest), "DL3005 upgrades what the base pinned");
  say(/\bapt /.test(rest), "DL3027 apt: use apt-get");
  for (const [, args = ""] of rest.matchAll(/\bapt-get install\b([^;&|]*)/g)) {
    say(!/ (?:-y|--yes|-qq|-qy)\b/.test(args), "DL3014 apt-get install asks");
    say(!args.includes("--no-install-recommends"), "DL3015 apt-get install brings what it recommends");
    say(!/rm -rf \/var\/lib\/apt\/lists/.test(rest), "DL3009 the lists of apt stay in the image");
    const packages = args.split(/\s+/).filter((word) => /^[a-z0-9]/.test(word));
    for (const name of packages) say(!name.includes("="), `DL3008 ${name} has no version`);
  }
  for (const [, args = ""] of rest.matchAll(/\bnpm (?:install|i|add)\b([^;&|]*)/g)) {
    const packages = args.split(/\s+/).filter((word) => /^[@a-z0-9]/.test(word));
    for (const name of packages) say(!/.@/.test(name), `DL3016 ${name} has no version`);
    say(packages.length === 0, "DL3016 npm install: use npm ci");
  }
  return found;
}

/** Of the stage that becomes the image. */
function ofResult({ steps }: Stage): string[] {
  const found: string[] = [];
  const user = steps.findLast(({ name }) => name === "USER")?.rest;
  if (user === undefined || /^(?:root|0)(?::|$)/.test(user)) found.push(`DL3002 it runs as ${user ?? "root"}`);
  const health = steps.findLast(({ name }) => name === "HEALTHCHECK")?.rest;
  if (health === undefined) found.push("DL3057 no HEALTHCHECK");
  else if (!isList(/\bCMD (.*)$/.exec(health)?.[1] ?? "")) found.push("HEALTHCHECK starts a shell");
  return found;
}

function isList(text: string): boolean {
  try {
    return Array.isArray(JSON.parse(text));
  } catch {
    return false;
  }
}
