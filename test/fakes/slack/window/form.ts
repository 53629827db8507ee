import { html, plainText } from "./text.ts";

// biome-ignore lint/suspicious/noExplicitAny: a form is what somebody else sent, and was checked when it was taken
type Form = any;

/** A modal with fields to type into, for the page's own dialog. */
export function formHtml({ id, title, submit, close, blocks }: Form): string {
  return `<form method="dialog" data-form="${html(id)}">
<h3>${plainText(title.text)}</h3>
${blocks.map(block).join("\n")}
<p><button type="submit" class="primary" value="send">${plainText(submit.text)}</button><button type="submit" value="close" formnovalidate>${plainText(close.text)}</button></p>
</form>`;
}

function block(one: Form): string {
  if (one.type === "context")
    return `<p class="context">${one.elements.map((part: Form) => plainText(part.text)).join(" ")}</p>`;
  if (one.type !== "input") return `<p class="context">A block of type ${html(String(one.type))}.</p>`;
  const { block_id: id, label, optional, element } = one;
  const more = `name="${html(id)}" maxlength="${Number(element.max_length ?? 3000)}"${optional ? "" : " required"}`;
  const field = element.multiline
    ? `<textarea ${more} rows="3">${html(element.initial_value ?? "")}</textarea>`
    : `<input ${more} autocomplete="off" value="${html(element.initial_value ?? "")}">`;
  return `<label>${plainText(label.text)}${optional ? ' <span class="context">(optional)</span>' : ""}${field}</label>`;
}
