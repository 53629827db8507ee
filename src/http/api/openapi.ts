import * as z from "zod";
import { SCOPES } from "../../core/access.ts";
import { BASE, type Endpoint } from "./endpoint.ts";
import { problemSchema } from "./problem.ts";

type Json = Readonly<Record<string, unknown>>;

/** The OpenAPI 3.1 document of these addresses, made of the schemas by which requests are checked and answers are written. */
export function openApi(endpoints: readonly Endpoint[], version: string): Json {
  const { of, components } = schemasOf(endpoints);
  const paths: Record<string, Record<string, unknown>> = {};
  for (const one of endpoints) {
    const own = paths[one.path] ?? {};
    own[one.method.toLowerCase()] = operation(one, of);
    paths[one.path] = own;
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "SmartCloudOps",
      version,
      description:
        "Answers from Prometheus, and what the bot knows of incidents, anomalies, proposed changes and digests. It only reads: nothing can be approved, changed or stopped through it.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: BASE }],
    security: [{ token: [] }],
    tags: SCOPES.map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: {
        token: {
          type: "http",
          scheme: "bearer",
          description: "A token of API_TOKENS; api.tokens says what is open to it.",
        },
      },
      schemas: components,
      responses: {
        Problem: {
          description: "Why it is not answered (RFC 9457).",
          content: { "application/problem+json": { schema: of("problem") } },
        },
      },
    },
  };
}

function operation(one: Endpoint, of: (key: string) => Json): Json {
  const names = [...one.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name as string);
  const query =
    one.query === undefined ? {} : (of(`${one.name} query`)["properties"] as Readonly<Record<string, Json>>);
  return {
    operationId: one.name,
    tags: [one.scope],
    summary: one.summary,
    ...(one.description !== undefined && { description: one.description }),
    parameters: [
      ...names.map((name) => ({ name, in: "path", required: true, schema: { type: "string" } })),
      ...Object.entries(query).map(([name, { description, ...schema }]) => ({
        ...{ name, in: "query", required: false },
        ...(description !== undefined && { description }),
        // Lists are written with commas.
        ...(schema["type"] === "array" && { style: "form", explode: false }),
        schema,
      })),
    ],
    ...(one.body !== undefined && {
      requestBody: { required: true, content: { "application/json": { schema: of(`${one.name} body`) } } },
    }),
    responses: {
      "200": { description: "What was asked for.", content: { "application/json": { schema: of(one.name) } } },
      default: { $ref: "#/components/responses/Problem" },
    },
  };
}

/** Every schema as JSON Schema (draft 2020-12); those that have a name of their own stand apart and are referred to. */
function schemasOf(endpoints: readonly Endpoint[]): { of: (key: string) => Json; components: Json } {
  const answers = Object.fromEntries([
    ...endpoints.flatMap((one): [string, z.ZodType][] => [
      [one.name, one.answer()],
      ...(one.query === undefined ? [] : [[`${one.name} query`, one.query()] as [string, z.ZodType]]),
    ]),
    ["problem", problemSchema()],
  ]);
  const bodies = Object.fromEntries(
    endpoints.flatMap((one): [string, z.ZodType][] =>
      one.body === undefined ? [] : [[`${one.name} body`, one.body()]],
    ),
  );
  const [out, into] = [write(answers, "output"), write(bodies, "input")];
  const all = { ...out.properties, ...into.properties };
  return { of: (key) => all[key] ?? {}, components: { ...into.defs, ...out.defs } };
}

function write(schemas: Readonly<Record<string, z.ZodType>>, io: "input" | "output") {
  const { properties = {}, $defs = {} } = z.toJSONSchema(z.object(schemas), { io });
  const text = JSON.stringify({ properties, defs: $defs }).replaceAll('"#/$defs/', '"#/components/schemas/');
  const read = JSON.parse(text) as { properties: Record<string, Json>; defs: Record<string, Json> };
  // The name is the key; the keyword would be one of an older draft.
  const plain = Object.entries(read.defs).map(([name, { id: _, ...schema }]) => [name, schema]);
  return { properties: read.properties, defs: Object.fromEntries(plain) as Record<string, Json> };
}
