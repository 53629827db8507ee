import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse, parseDocument } from "yaml";
import { Compose } from "./compose-schema.ts";
import { lintDockerfile } from "./dockerfile-lint.ts";
import { type Document, problemsOf } from "./kubernetes-schema.ts";
import { documentsIn } from "./kustomize.ts";

/** That what looks at the files in docker/ sees a mistake: the files as they are, then each with one. */

const docker = join(import.meta.dirname, "../../docker");
const read = (name: string) => readFileSync(join(docker, name), "utf8");

/** That file with another value at a path such as "spec.0.name"; without a value, with nothing there. */
function changed(name: string, path: string, value?: unknown): Document {
  const document = parseDocument(read(name));
  const keys = path.split(".").map((key) => (/^\d+$/.test(key) ? Number(key) : key));
  if (value === undefined) document.deleteIn(keys);
  else document.setIn(keys, value);
  return document.toJS();
}

describe("the shape of Kubernetes documents", () => {
  const file = "kubernetes/statefulset.yaml";
  const container = "spec.template.spec.containers.0";

  it.each([
    [`${container}.readinesProbe`, {}, `StatefulSet.${container}: has no readinesProbe`],
    ["spec.selector", undefined, "StatefulSet.spec: needs selector"],
    ["spec.replicas", "1", 'StatefulSet.spec.replicas: is no number: "1"'],
    [`${container}.ports`, 1, `StatefulSet.${container}.ports: is no Array<V1ContainerPort>: 1`],
    [`${container}.resources.limits.memory`, 5, `StatefulSet.${container}.resources.limits.memory: is no string: 5`],
    [`${container}.livenessProbe.httpGet`, "/", `StatefulSet.${container}.livenessProbe.httpGet: is no object`],
    ["apiVersion", "batch/v1", "StatefulSet: batch/v1 has no such kind"],
    ["metadata.namespace", undefined, "StatefulSet: no namespace"],
  ])("is looked at down to the last key: %s as %j", (path, value, problem) => {
    expect(problemsOf(documentsIn(join(docker, file))[0])).toEqual([]);
    expect(problemsOf(changed(file, path, value))).toEqual([problem]);
  });

  it("is looked at for kinds that come with an operator", () => {
    const monitor = changed("kubernetes/service-monitor.yaml", "spec.endpoints.0.intervall", "30s");
    expect(problemsOf(monitor)).toEqual(['ServiceMonitor.spec.endpoints.0: Unrecognized key: "intervall"']);
  });
});

describe("the shape of the compose file", () => {
  const messages = (document: unknown) => Compose.safeParse(document).error?.issues.map(({ message }) => message);

  it("is the specification's", () => {
    expect(messages(parse(read("compose.yaml")))).toBeUndefined();
  });

  it.each([
    ["service", {}, 'Unrecognized key: "service"'],
    ["services.bot.restarts", "always", 'Unrecognized key: "restarts"'],
    ["services.bot.stop_grace_period", 30, "Invalid input: expected string, received number"],
    ["services.bot.depends_on.prometheus.condition", "service_up", /^Invalid option: expected one of/],
    ["services.grafana.ports.0", "3000:3000", /must match pattern/],
    ["services.prometheus.image", undefined, "needs an image or a build"],
    ["services.alertmanager", undefined, "bot needs alertmanager, which is not there"],
    ["volumes.redis", undefined, "redis needs redis, which is not there"],
  ])("is looked at down to the last key: %s as %j", (path, value, problem) => {
    const found = messages(changed("compose.yaml", path, value)) ?? [];
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(problem);
  });
});

describe("the rules for a Dockerfile", () => {
  const own = read("Dockerfile");
  const good = 'FROM node:26.1.0 AS a\nWORKDIR /a\nCOPY x ./\nUSER node\nHEALTHCHECK CMD ["true"]\nCMD ["start"]\n';

  it("hold for ours", () => {
    expect(lintDockerfile(own)).toEqual([]);
    expect(lintDockerfile(good)).toEqual([]);
  });

  it.each([
    ["DL3006", "FROM node:26.1.0", "FROM node"],
    ["DL3007", "FROM node:26.1.0", "FROM node:latest"],
    ["DL3002", "USER node", "USER root"],
    ["DL3002", "USER node\n", ""],
    ["DL3057", 'HEALTHCHECK CMD ["true"]\n', ""],
    ["HEALTHCHECK", 'HEALTHCHECK CMD ["true"]', "HEALTHCHECK CMD true"],
    ["DL3025", 'CMD ["start"]', "CMD start"],
    ["DL4003", 'CMD ["start"]', 'CMD ["start"]\nCMD ["start"]'],
    ["DL3020", "COPY x", "ADD x"],
    ["DL3021", "COPY x ./", "COPY x y z"],
    ["DL3022", "COPY x ./", "COPY --from=b x ./"],
    ["DL3045", "WORKDIR /a\n", ""],
    ["DL3000", "WORKDIR /a", "WORKDIR a"],
    ["DL3003", "USER node", "RUN cd /b && ls\nUSER node"],
    ["DL3004", "USER node", "RUN sudo ls\nUSER node"],
    ["DL3009", "USER node", "RUN apt-get install -y --no-install-recommends curl=1\nUSER node"],
    [
      "DL3008",
      "USER node",
      "RUN apt-get install -y --no-install-recommends curl && rm -rf /var/lib/apt/lists/*\nUSER node",
    ],
    [
      "DL3014",
      "USER node",
      "RUN apt-get install --no-install-recommends a=1 && rm -rf /var/lib/apt/lists/*\nUSER node",
    ],
    ["DL3015", "USER node", "RUN apt-get install -y curl=1 && rm -rf /var/lib/apt/lists/*\nUSER node"],
    ["DL3005", "USER node", "RUN apt-get upgrade\nUSER node"],
    ["DL3027", "USER node", "RUN apt list\nUSER node"],
    ["DL3016", "USER node", "RUN npm install zod\nUSER node"],
    ["DL3016", "USER node", "RUN npm install --omit=dev\nUSER node"],
    ["DL4006", "USER node", "RUN cat a | sh\nUSER node"],
    ["DL1000", "USER node", "USERS node\nUSER node"],
    ["a secret", "USER node", "ENV API_TOKEN=abc\nUSER node"],
  ])("see %s where `%s` becomes `%s`", (rule, from, to) => {
    expect(good).toContain(from);
    const found = lintDockerfile(good.replace(from, to));
    expect(found.map((one) => one.slice(0, rule.length))).toEqual([rule]);
  });
});
