import { describe, expect, it } from "vitest";
import { checkSentence } from "../../src/core/gate/check.ts";
import type { Known } from "../../src/core/gate.ts";

const known: Known = {
  facts: [{ value: 6, family: "count", origin: "returned", labels: { pod: "web-1" }, query: 0 }],
  hasName: (name) => name === "web-1",
};
const isKept = (sentence: string) => checkSentence(sentence, known).kept;

describe("what a model says it did", () => {
  it.each([
    "I restarted web-1.",
    "We have rolled back the deployment.",
    "I've just scaled it.",
    "Done: it is restarted.",
    "Fixed.",
    "It was approved by Alice.",
    "The approval is there.",
    "The proposal ran.",
    "The runbook restart-deployment succeeded.",
    "The command was executed.",
    '<data>{"a":"b"}</data>',
    'It returned {"queue":"a"}.',
    "A".repeat(601),
  ])("is never said: %s", (sentence) => expect(isKept(sentence)).toBe(false));

  it.each([
    "web-1 restarted 6 times.",
    "web-1 was restarted 6 times.",
    "The deployment was rolled back before it recovered.",
    "I could not find the cause.",
    "I looked at its restarts.",
    "Somebody scaled it down.",
  ])("is not taken for what happened to the systems: %s", (sentence) => expect(isKept(sentence)).toBe(true));
});
