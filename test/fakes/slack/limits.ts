/** What Slack checks in the blocks of a message or view, written from its reference pages. Returns the first complaint. */

type Json = Readonly<Record<string, unknown>>;

/** `files` are the ids that an image may show. Undefined when all is well. */
export function complaintAbout(blocks: unknown, most: number, files: ReadonlySet<string>): string | undefined {
  if (!Array.isArray(blocks)) return "blocks is no array";
  if (blocks.length > most) return `more than ${most} blocks`;
  const charts = blocks.filter((block) => block?.type === "data_visualization").length;
  if (charts > 2) return "more than 2 charts";
  if (blocks.filter((block) => block?.type === "data_table").length > 1) return "more than one table";
  for (const [i, block] of blocks.entries()) {
    const said = complaint(block, files);
    if (said !== undefined) return `block ${i} (${block?.type}): ${said}`;
  }
  const ids = blocks
    .flatMap((block) => [...(Array.isArray(block.elements) ? block.elements : []), block.accessory ?? {}])
    .map((e) => e.action_id);
  const given = ids.filter((one) => one !== undefined);
  return new Set(given).size === given.length ? undefined : "an action_id is there twice";
}

function complaint(block: Json, files: ReadonlySet<string>): string | undefined {
  switch (block["type"]) {
    case "header":
      return text(block["text"], 150, ["plain_text"]);
    case "section": {
      const accessory = block["accessory"] as Json | undefined;
      return text(block["text"], 3000, ["plain_text", "mrkdwn"]) ?? (accessory && button(accessory));
    }
    case "divider":
      return undefined;
    case "context":
      return each(block["elements"], 10, (one) => text(one, 3000, ["plain_text", "mrkdwn"]));
    case "actions":
      return each(block["elements"], 25, button);
    case "context_actions":
      return each(block["elements"], 5, feedback);
    case "image":
      return image(block, files);
    case "rich_text":
      return each(block["elements"], 500, rich);
    case "input":
      return input(block);
    case "data_table":
      return table(block);
    case "data_visualization":
      return chart(block);
    default:
      return "unknown type";
  }
}

function text(value: unknown, most: number, types: readonly string[]): string | undefined {
  const { type, text: words } = (value ?? {}) as Json;
  if (typeof type !== "string" || !types.includes(type)) return `text of type ${String(type)}`;
  if (typeof words !== "string" || words.length === 0) return "empty text";
  return words.length > most ? `${words.length} characters of ${most}` : undefined;
}

function each(list: unknown, most: number, check: (one: Json) => string | undefined): string | undefined {
  if (!Array.isArray(list) || list.length === 0) return "no elements";
  if (list.length > most) return `${list.length} elements of ${most}`;
  return list.map((one) => check(one)).find((said) => said !== undefined);
}

function button(one: Json): string | undefined {
  if (one["type"] !== "button") return "an element that is no button";
  if (!isShort(one["action_id"], 255)) return "action_id";
  if (one["value"] !== undefined && !isShort(one["value"], 2000)) return "value";
  if (one["style"] !== undefined && !["primary", "danger"].includes(String(one["style"]))) return "style";
  const confirm = one["confirm"];
  const asked = confirm === undefined ? undefined : dialog(confirm as Json);
  return asked ?? text(one["text"], 75, ["plain_text"]);
}

/** Elements of rich text: sections, fixed width, and lists of sections. Their texts are literal. */
function rich(one: Json): string | undefined {
  if (one["type"] === "rich_text_list") return each(one["elements"], 100, rich);
  if (one["type"] !== "rich_text_section" && one["type"] !== "rich_text_preformatted")
    return `${one["type"]} in rich text`;
  return each(one["elements"], 500, (part) => {
    if (part["type"] === "user" && one["type"] === "rich_text_section")
      return /^[UW][A-Z0-9]+$/.test(String(part["user_id"])) ? undefined : "user_id";
    if (part["type"] === "link" && !isShort(part["url"], 3000)) return "url";
    if (part["type"] !== "text" && part["type"] !== "link") return `${part["type"]} in a section`;
    if (part["type"] === "link" && one["type"] === "rich_text_preformatted") return "a link in fixed width";
    return isShort(part["text"], 3000) ? undefined : "text";
  });
}

function input(block: Json): string | undefined {
  const element = (block["element"] ?? {}) as Json;
  if (!isShort(block["block_id"], 255) || !isShort(element["action_id"], 255)) return "ids";
  if (element["type"] !== "plain_text_input") return "an element that takes no text";
  const value = element["initial_value"];
  if (value !== undefined && !isShort(value, Number(element["max_length"] ?? 3000))) return "initial_value";
  return text(block["label"], 2000, ["plain_text"]);
}

/** What Slack checks in a form. */
export function complaintAboutModal(view: Json): string | undefined {
  if (view["type"] !== "modal") return "no modal";
  for (const part of ["title", "submit", "close"]) {
    const said = text(view[part], 24, ["plain_text"]);
    if (said !== undefined) return `${part}: ${said}`;
  }
  if (!isShort(view["callback_id"], 255)) return "callback_id";
  if (!isShort(view["private_metadata"], 3000)) return "private_metadata";
  const blocks = view["blocks"] as Json[];
  const ids = blocks.flatMap((block) => (block["block_id"] === undefined ? [] : [block["block_id"]]));
  if (new Set(ids).size !== ids.length) return "a block_id is there twice";
  return complaintAbout(blocks, 100, new Set());
}

function dialog(confirm: Json): string | undefined {
  const parts = [
    ["title", 100],
    ["text", 300],
    ["confirm", 30],
    ["deny", 30],
  ] as const;
  return parts.map(([part, most]) => text(confirm[part], most, ["plain_text"])).find((said) => said !== undefined);
}

function feedback(one: Json): string | undefined {
  if (one["type"] !== "feedback_buttons") return "an element that gives no feedback";
  const both = [one["positive_button"], one["negative_button"]] as Json[];
  if (both.some((side) => !isShort(side?.["value"], 2000))) return "value";
  return both.map((side) => text(side["text"], 75, ["plain_text"])).find((said) => said !== undefined);
}

function image(block: Json, files: ReadonlySet<string>): string | undefined {
  if (!isShort(block["alt_text"], 2000)) return "alt_text";
  const id = (block["slack_file"] as Json | undefined)?.["id"];
  if (block["image_url"] === undefined && typeof id !== "string") return "no picture";
  return typeof id === "string" && !files.has(id) ? "invalid slack file" : undefined;
}

function table(block: Json): string | undefined {
  const rows = block["rows"] as Json[][];
  if (typeof block["caption"] !== "string" || block["caption"] === "") return "caption";
  if (!Array.isArray(rows) || rows.length < 2 || rows.length > 101) return "rows";
  if (rows.some((row) => row.length !== rows[0]!.length || row.length < 1 || row.length > 20)) return "columns";
  const cells = rows.flat();
  if (cells.some((cell) => cell["type"] !== "raw_text" || !isShort(cell["text"], 10_000))) return "a cell";
  return cells.reduce((sum, cell) => sum + String(cell["text"]).length, 0) > 10_000 ? "characters" : undefined;
}

function chart(block: Json): string | undefined {
  if (!isShort(block["title"], 50)) return "title";
  const {
    type,
    series,
    axis_config: axis,
  } = block["chart"] as Json as {
    type: string;
    series: { name: string; data: { label: string; value: number }[] }[];
    axis_config: { categories: string[] };
  };
  if (type !== "line") return "chart type";
  if (series.length < 1 || series.length > 6) return "series";
  if (new Set(series.map((one) => one.name)).size !== series.length) return "series names";
  if (axis.categories.length < 1 || axis.categories.length > 20) return "categories";
  if (new Set(axis.categories).size !== axis.categories.length) return "categories twice";
  for (const one of series) {
    if (!isShort(one.name, 20)) return "series name";
    if (one.data.map((point) => point.label).join("\n") !== axis.categories.join("\n")) return "labels";
    if (one.data.some((point) => !isShort(point.label, 20) || !Number.isFinite(point.value))) return "a point";
  }
  return undefined;
}

function isShort(value: unknown, most: number): boolean {
  return typeof value === "string" && value.length > 0 && value.length <= most;
}

/** All characters that a person reads in blocks. Slack adds them up, and refuses somewhere beyond 12,000. */
export function charactersIn(value: unknown): number {
  if (Array.isArray(value)) return value.reduce((sum: number, one) => sum + charactersIn(one), 0);
  if (typeof value !== "object" || value === null) return 0;
  return Object.entries(value).reduce((sum, [key, one]) => {
    if (typeof one === "string")
      return sum + (["text", "alt_text", "title", "label", "name"].includes(key) ? one.length : 0);
    return sum + charactersIn(one);
  }, 0);
}
