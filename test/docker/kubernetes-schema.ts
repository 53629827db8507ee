import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as client from "@kubernetes/client-node";
import { z } from "zod";

/**
 * What the API server would say of a document's shape, by the models that its makers generate from Kubernetes' own OpenAPI document: keys
 * that it does not know, ones that it needs, and values of another kind.
 */

// biome-ignore lint/suspicious/noExplicitAny: documents of other programs, read as they are.
export type Document = any;

type Model = { getAttributeTypeMap(): readonly { readonly baseName: string; readonly type: string }[] };
const exported = client as unknown as Readonly<Record<string, Model & { readonly prototype: object }>>;
const models = join(import.meta.dirname, "../../node_modules/@kubernetes/client-node/dist/gen/models");

/** Whether objects of that kind belong to a namespace; undefined for a kind that this version of that group does not have. */
export function isNamespaced({ apiVersion, kind }: Document): boolean | undefined {
  if (`${apiVersion}/${kind}` in OURS) return true;
  const parts = /^(?:([a-z0-9.]+?)(?:\.k8s\.io)?\/)?(v\w+)$/.exec(apiVersion);
  if (parts === null) return undefined;
  const [, group = "core", version = ""] = parts;
  const api = exported[`${[...group.split("."), version].map(capital).join("")}Api`]?.prototype;
  if (api === undefined) return undefined;
  return `createNamespaced${kind}` in api ? true : `create${kind}` in api ? false : undefined;
}

/** What is wrong with a document, each as a path and a sentence; empty when nothing is. */
export function problemsOf(document: Document): string[] {
  const { apiVersion, kind, metadata } = document;
  const own = OURS[`${apiVersion}/${kind}`];
  if (own !== undefined) {
    const { error } = own.safeParse(document);
    return error?.issues.map(({ path, message }) => `${[kind, ...path].join(".")}: ${message}`) ?? [];
  }
  const hasPlace = isNamespaced(document);
  if (hasPlace === undefined) return [`${kind}: ${apiVersion} has no such kind`];
  const place =
    hasPlace === (metadata?.namespace !== undefined) ? [] : [`${kind}: ${hasPlace ? "no" : "a useless"} namespace`];
  return [...place, ...problems(document, `${capital(apiVersion.split("/").at(-1))}${kind}`, kind)];
}

function problems(value: unknown, type: string, path: string): string[] {
  const [, item] = /^Array<(.*)>$/.exec(type) ?? /^\{ \[key: string\]: (.*); \}$/.exec(type) ?? [];
  if (
    item !== undefined &&
    typeof value === "object" &&
    value !== null &&
    type.startsWith("A") === Array.isArray(value)
  )
    return Object.entries(value).flatMap(([key, one]) => problems(one, item, `${path}.${key}`));
  const model = exported[type];
  if (item === undefined && model !== undefined && "getAttributeTypeMap" in model)
    return isObject(value) ? inModel(value, model, type, path) : [`${path}: is no object`];
  const isRight = SIMPLE[type];
  if (isRight === undefined && item === undefined) throw new Error(`${path}: a type that is not known here: ${type}`);
  return isRight?.(value) === true ? [] : [`${path}: is no ${type}: ${JSON.stringify(value)}`];
}

function inModel(value: Readonly<Record<string, unknown>>, model: Model, type: string, path: string): string[] {
  const known = new Map(model.getAttributeTypeMap().map((one) => [one.baseName, one.type]));
  const missing = requiredOf(type).filter((name) => value[name] === undefined);
  return [
    ...missing.map((name) => `${path}: needs ${name}`),
    ...Object.entries(value).flatMap(([key, one]) => {
      const inner = known.get(key);
      return inner === undefined ? [`${path}: has no ${key}`] : problems(one, inner, `${path}.${key}`);
    }),
  ];
}

/** Only the declarations tell what a model needs: `'spec': T` against `'spec'?: T`. */
const requiredOf = (type: string): string[] =>
  [...readFileSync(join(models, `${type}.d.ts`), "utf8").matchAll(/^ {4}'([^']+)': /gm)].map(([, name]) => name!);

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const SIMPLE: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === "string",
  number: (value) => typeof value === "number",
  boolean: (value) => typeof value === "boolean",
  IntOrString: (value) => typeof value === "string" || Number.isInteger(value),
  any: () => true,
  object: isObject,
};
const capital = (text = "") => `${text[0]?.toUpperCase()}${text.slice(1)}`;

/** Kinds that come with operators, as far as they are used here. */
const named = z.strictObject({ name: z.string(), namespace: z.string() });
const OURS: Readonly<Record<string, z.ZodType>> = {
  "monitoring.coreos.com/v1/ServiceMonitor": z.strictObject({
    apiVersion: z.string(),
    kind: z.string(),
    metadata: named,
    spec: z.strictObject({
      selector: z.strictObject({ matchLabels: z.record(z.string(), z.string()) }),
      endpoints: z.array(
        z.strictObject({
          port: z.string(),
          path: z.string().startsWith("/"),
          interval: z.string().regex(/^\d+(?:ms|s|m|h)$/),
          authorization: z.strictObject({
            type: z.string().optional(),
            credentials: z.strictObject({ name: z.string(), key: z.string(), optional: z.boolean().optional() }),
          }),
        }),
      ),
    }),
  }),
};
