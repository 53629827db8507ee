import assert from "node:assert/strict";

export type Element = {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly text: string;
};

const TEXT = "(?:[^<>&]|&(?:amp|lt|gt|quot|#39);)*";
const TAG = new RegExp(`<(/?)([a-z]+)((?: [a-z:A-Z-]+="${TEXT.replace("[^<>&]", '[^<>&"]')}")*)(/?)>|(${TEXT})`, "y");
// What XML 1.0 knows: https://www.w3.org/TR/xml/#charsets
const NO_CHARACTER = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/u;

/** Elements of a document in order, entities read. Fails on anything that is not the small part of XML that we write. */
export function readXml(document: string): Element[] {
  assert.doesNotMatch(document, NO_CHARACTER);
  const open: { name: string; attributes: Record<string, string>; text: string }[] = [];
  const found: Element[] = [];
  TAG.lastIndex = 0;
  while (TAG.lastIndex < document.length) {
    const at = TAG.lastIndex;
    const [all, isEnd, name, attributes, isEmpty, text] = TAG.exec(document) ?? [""];
    assert.notEqual(all, "", `not well-formed at ${at}: ${document.slice(at, at + 60)}`);
    if (name === undefined) open.at(-1)!.text += unescaped(text!);
    else if (isEnd === "/") assert.equal(open.pop()?.name, name);
    else {
      const element = { name, attributes: attributesIn(attributes!), text: "" };
      found.push(element);
      if (isEmpty === "") open.push(element);
    }
    if (open.length === 0) assert.equal(TAG.lastIndex, document.length, "one root, and nothing after it");
  }
  assert.deepEqual(open, []);
  return found;
}

function attributesIn(text: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [, name, value] of text.matchAll(/ ([^=]+)="([^"]*)"/g)) {
    assert.ok(!(name! in found), `${name} twice`);
    assert.doesNotMatch(value!, /undefined|NaN|Infinity/);
    found[name!] = unescaped(value!);
  }
  return found;
}

function unescaped(text: string): string {
  return text
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&#39;", "'")
    .replaceAll("&amp;", "&");
}
