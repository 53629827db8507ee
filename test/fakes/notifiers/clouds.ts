import nock from "nock";

/** Clouds that are told of incidents, as their own documentation shows their requests and answers: in memory, with the network shut. */

export type Request = {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: Record<string, unknown>;
  readonly headers: Readonly<Record<string, string>>;
};
export type Reply = readonly [status: number, body?: unknown, headers?: Record<string, string>];

/** One thing that stands there: a page, an issue, a record, an annotation. */
export type Thing = { isOpen: boolean; acknowledged?: boolean; texts: string[]; readonly key: string };

export type Cloud = {
  readonly things: Thing[];
  readonly requests: Request[];
  /** Answers everything so from now on; undefined for as usual. */
  fail: Reply | undefined;
  /** Does what is asked, and then cuts the connection instead of answering, so often. */
  cut: number;
};

/** Serves `handle` at that address. */
export function cloud(origin: string, handle: (request: Request, things: Thing[]) => Reply): Cloud {
  const state: Cloud = { things: [], requests: [], fail: undefined, cut: 0 };
  for (const method of ["GET", "POST", "PATCH", "PUT"] as const) {
    nock(origin)
      .persist()
      .intercept(/.*/, method)
      .reply(async (asked: globalThis.Request) => {
        const url = new URL(asked.url);
        const text = await asked.text();
        const request: Request = {
          method,
          path: url.pathname,
          query: url.searchParams,
          body: text === "" ? {} : (JSON.parse(text) as Record<string, unknown>),
          headers: Object.fromEntries(asked.headers),
        };
        state.requests.push(request);
        const isWrite = method !== "GET";
        if (state.fail !== undefined) return [state.fail[0], JSON.stringify(state.fail[1] ?? {}), state.fail[2] ?? {}];
        const [status, answer, headers = {}] = handle(request, state.things);
        if (isWrite && state.cut > 0) {
          state.cut--;
          return [504, "", {}]; // a proxy gave up: it was done all the same
        }
        return [status, answer === undefined ? "" : JSON.stringify(answer), headers];
      });
  }
  return state;
}

/** developer.pagerduty.com/docs/send-alert-event: 202 with the key; one alert for a key, a new one after its end. */
export function pagerduty({ method, path, body }: Request, things: Thing[]): Reply {
  if (method === "GET") return [404, { message: "Not Found" }];
  const { event_action: action, dedup_key: dedup, payload, routing_key: routing } = body;
  const key = String(dedup);
  if (path !== "/v2/enqueue" || String(routing).length !== 32)
    return [
      400,
      { status: "invalid event", message: "Event object is invalid", errors: ["Length of 'routing_key' is incorrect"] },
    ];
  const open = things.findLast((one) => one.key === key && one.isOpen);
  if (action === "trigger") {
    const { summary, source, severity, custom_details } = payload as Record<string, unknown>;
    if (![summary, source, severity].every((one) => typeof one === "string" && one !== ""))
      return [
        400,
        { status: "invalid event", message: "Event object is invalid", errors: ["'payload' is missing or blank"] },
      ];
    const text = `${summary}\n${(custom_details as { text: string }).text}`;
    if (open !== undefined) open.texts.push(text);
    else things.push({ key, isOpen: true, texts: [text] });
  } else if (open !== undefined && action === "acknowledge") open.acknowledged = true;
  else if (open !== undefined && action === "resolve") open.isOpen = false;
  return [202, { status: "success", message: "Event processed", dedup_key: key }];
}

/** docs.opsgenie.com/docs/alert-api: 202 for each request, one alert for an alias while it is open. */
export function opsgenie({ method, path, query, body }: Request, things: Thing[]): Reply {
  if (method === "GET") return [200, { data: { count: things.length }, took: 0.01 }];
  const [, , , alias, action] = path.split("/");
  const open = things.findLast((one) => one.key === decodeURIComponent(alias ?? String(body["alias"])) && one.isOpen);
  if (action === undefined) {
    const { message, description } = body as { message: string; description: string };
    if (message.length > 130) return [422, { message: "Message is too long" }];
    if (open === undefined)
      things.push({ key: String(body["alias"]), isOpen: true, texts: [`${message}\n${description}`] });
  } else if (query.get("identifierType") !== "alias") return [422, { message: "Identifier is not an id" }];
  else if (open !== undefined) {
    open.texts.push(String(body["note"]));
    if (action === "acknowledge") open.acknowledged = true;
    if (action === "close") open.isOpen = false;
  }
  return [202, { result: "Request will be processed", took: 0.3, requestId: "43a29c5c-3dbf-4fa4-9c26-f4f71023e120" }];
}

/** developer.atlassian.com/cloud/jira/platform/rest/v3: issues, their comments and transitions. */
export function jira({ method, path, query, body }: Request, things: Thing[]): Reply {
  const [, , , , kind, key = "", part] = path.split("/");
  if (kind === "myself") return [200, { accountId: "5b10a2844c20165700ede21g", active: true }];
  if (kind === "project") return [200, { key, name: "Operations", issueTypes: [{ name: "Task" }, { name: "Bug" }] }];
  if (kind === "search") {
    const [, label] = /^project = "OPS" AND labels = "([\w-]+)"$/.exec(query.get("jql") ?? "") ?? [];
    if (label === undefined) return [400, { errorMessages: ["Error in the JQL Query"] }];
    const at = things.findIndex((one) => one.key === label);
    return [200, { issues: at < 0 ? [] : [{ id: `${10_000 + at}`, key: `OPS-${at}` }], isLast: true }];
  }
  if (method === "POST" && key === "") {
    const { summary, description, labels } = body["fields"] as {
      summary: string;
      description: unknown;
      labels: string[];
    };
    if (summary.length > 255 || /[\r\n]/.test(summary))
      return [400, { errors: { summary: "The summary is invalid because it contains newline characters." } }];
    things.push({ key: labels[1] ?? "", isOpen: true, texts: [summary, textOfDocument(description)] });
    return [201, { id: `${9999 + things.length}`, key: `OPS-${things.length - 1}` }];
  }
  const thing = things[Number(key.split("-")[1])];
  if (thing === undefined)
    return [404, { errorMessages: ["Issue does not exist or you do not have permission to see it."] }];
  if (part === "comment" && method === "GET")
    return [200, { comments: thing.texts.slice(2).map((text) => ({ body: text })) }];
  if (part === "comment") {
    thing.texts.push(textOfDocument(body["body"]));
    return [201, { id: "10001" }];
  }
  if (part === "transitions" && method === "GET") return [200, { transitions: [{ id: "31", name: "Done" }] }];
  if (part === "transitions") {
    if ((body["transition"] as { id: string }).id !== "31")
      return [400, { errorMessages: ["Transition id is not valid"] }];
    thing.isOpen = false;
    return [204];
  }
  return [200, { fields: { status: { statusCategory: { key: thing.isOpen ? "new" : "done" } } } }];
}

/** Atlassian Document Format: text nodes alone carry no markup. */
function textOfDocument(document: unknown): string {
  const { type, version, content } = document as {
    type: string;
    version: number;
    content: { content: { type: string; text: string }[] }[];
  };
  const nodes = content.flatMap((paragraph) => paragraph.content);
  if (type !== "doc" || version !== 1 || nodes.some((node) => node.type !== "text" || node.text === ""))
    throw new Error("INVALID_INPUT");
  return nodes.map(({ text }) => text).join("\n");
}

/** docs.servicenow.com, Table API on incident. */
export function servicenow({ method, path, query, body }: Request, things: Thing[]): Reply {
  const [, , , , , id] = path.split("/");
  if (method === "GET") {
    const [, key] = /^correlation_id=(.*)$/.exec(query.get("sysparm_query") ?? "") ?? [];
    const at = key === undefined ? -1 : things.findIndex((one) => one.key === key);
    return [200, { result: at < 0 ? [] : [{ sys_id: `sys${at}` }] }];
  }
  if (id === undefined) {
    const { short_description: short, description, correlation_id: key } = body as Record<string, string>;
    things.push({ key: key ?? "", isOpen: true, texts: [`${short}\n${description}`] });
    return [201, { result: { sys_id: `sys${things.length - 1}`, number: "INC0010001", state: "1" } }];
  }
  const thing = things[Number(id.slice(3))];
  if (thing === undefined)
    return [404, { error: { message: "No Record found", detail: "Record doesn't exist" }, status: "failure" }];
  if (body["work_notes"] !== undefined) thing.texts.push(String(body["work_notes"]));
  if (body["state"] === "2") thing.acknowledged = true;
  if (body["state"] === "1") thing.isOpen = true;
  if (body["state"] === "6") {
    if (!body["close_code"] || !body["close_notes"])
      return [
        403,
        {
          error: { message: "Operation Failed", detail: "Data Policy Exception: mandatory: close_notes" },
          status: "failure",
        },
      ];
    thing.isOpen = false;
  }
  return [200, { result: { sys_id: id } }];
}

/** docs.github.com/rest/issues, below /repos/acme/ops. */
export function github({ method, path, query, body }: Request, things: Thing[]): Reply {
  const [, , , , , number, part] = path.split("/");
  if (path === "/repos/acme/ops") return [200, { full_name: "acme/ops", has_issues: true }];
  if (number === undefined) {
    if (method === "GET") {
      if (query.get("labels") !== "smartcloudops" || query.get("state") !== "all") return [200, []];
      return [200, things.map(({ texts }, at) => ({ number: at + 1, title: texts[0], body: texts[1] })).toReversed()];
    }
    things.push({ key: "", isOpen: true, texts: [String(body["title"]), String(body["body"])] });
    return [201, { number: things.length, state: "open" }];
  }
  const thing = things[Number(number) - 1];
  if (thing === undefined) return [404, { message: "Not Found", documentation_url: "https://docs.github.com/rest" }];
  if (part === "comments" && method === "GET") return [200, thing.texts.slice(2).map((text) => ({ body: text }))];
  if (part === "comments") {
    thing.texts.push(String(body["body"]));
    return [201, { id: 1 }];
  }
  thing.isOpen = body["state"] !== "closed";
  return [200, { number: Number(number), state: body["state"] }];
}

/** grafana.com/docs/grafana/latest/developers/http_api/annotations. A region is one that has an end. */
export function grafana({ method, path, query, body }: Request, things: Thing[]): Reply {
  const [, , , id] = path.split("/");
  if (method === "GET") {
    const tag = query.get("tags");
    const all = things.map((one, at) => ({ id: at + 1, tags: one.key.split(" "), text: one.texts.at(-1) }));
    return [200, tag === null ? all : all.filter(({ tags }) => tags.includes(tag))];
  }
  if (id === undefined) {
    things.push({
      key: (body["tags"] as string[]).join(" "),
      isOpen: body["timeEnd"] === undefined,
      texts: [String(body["text"])],
    });
    return [200, { message: "Annotation added", id: things.length }];
  }
  const thing = things[Number(id) - 1];
  if (thing === undefined) return [404, { message: "Could not find annotation to update" }];
  thing.texts.push(String(body["text"]));
  if (body["timeEnd"] !== undefined) thing.isOpen = false;
  return [200, { message: "Annotation patched" }];
}
