import { PassThrough, Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import { converse } from "../../../src/chat/terminal/index.ts";
import { liveRegion } from "../../../src/chat/terminal/live.ts";
import type { Onlooker } from "../../../src/ports/chat.ts";
import { aDraft, FINISHED } from "../../fakes/drafts.ts";

/** A busy machine takes its time. */
const soon = <T>(look: () => T) => expect.poll(look, { timeout: 20_000 });

const LOOK = { width: 60, colour: false, links: true, zone: "UTC", buttons: "plain" } as const;

/** A terminal of so many rows that understands going up and erasing, which is all that is used. */
function aScreen(rows = 24, isTTY = true) {
  let lines = [""];
  const stream = new Writable({
    write(chunk, _, done) {
      for (const part of String(chunk).split(/(\r\u001b\[2K|\u001b\[\d+F|\u001b\[0J|\n)/)) {
        if (part === "\n") lines.push("");
        else if (part === "\r\u001b[2K") lines[lines.length - 1] = "";
        else if (part === "\u001b[0J") continue;
        else if (/^\u001b\[\d+F$/.test(part)) lines = [...lines.slice(0, -1 - Number(/\d+/.exec(part)![0])), ""];
        else lines[lines.length - 1] += part;
      }
      done();
    },
  });
  return { output: Object.assign(stream, { isTTY, rows }), text: () => lines.join("\n") };
}

describe("an answer on its way in a terminal", () => {
  it("is drawn anew in its place, without buttons, and gone when the answer is printed", () => {
    const { output, text } = aScreen();
    output.write("before\n");
    const region = liveRegion(output, LOOK);
    region.show(aDraft("Step 1…"));
    expect(text()).toContain("Step 1…");
    region.show(aDraft("Step 2…", ["Orders has 3 pods. [1]"]));
    expect(text()).not.toContain("Step 1…");
    expect(text()).toMatch(/^before\n• Nothing unusual for orders\.\n[\s\S]*│ Orders has 3 pods\. \[1\]\n\nStep 2…\n$/);
    expect(text()).not.toContain("Stop looking");
    region.end();
    expect(text()).toBe("before\n");
    region.end();
    expect(text()).toBe("before\n");
  });

  it("never takes more lines than the terminal has", () => {
    const { output, text } = aScreen(6);
    const region = liveRegion(output, LOOK);
    region.show(aDraft("Step 9…", Array(40).fill("It is long and goes on and on.")));
    expect(text().trimEnd().split("\n").length).toBeLessThanOrEqual(3);
    expect(text()).toContain("Step 9…");
  });

  it("is not printed into a pipe, where it would stand beside the answer", () => {
    const { output, text } = aScreen(24, false);
    liveRegion(output, { ...LOOK, links: false }).show(aDraft("Step 1…"));
    expect(text()).toBe("");
  });
});

describe("Ctrl-C while a model looks further", () => {
  /** A conversation at a keyboard, whose question stays open until it is ended. */
  function aConversation() {
    const input = Object.assign(new PassThrough(), { isTTY: true, setRawMode() {} });
    const { output, text } = aScreen();
    const looking = Promise.withResolvers<{ onlooker: Onlooker; signal: AbortSignal }>();
    const done = converse({
      answer: (_, signal, onlooker) => {
        looking.resolve({ onlooker, signal });
        return new Promise((resolve, reject) => {
          onlooker.enough?.addEventListener("abort", () => {
            if (String(onlooker.enough?.reason).includes("Stopped by you") && !stays) resolve(FINISHED);
          });
          signal.addEventListener("abort", () => reject(signal.reason));
        });
      },
      decide: "Nothing can be decided here.",
      place: { platform: "terminal", channel: "ada", thread: "t" },
      user: { platform: "terminal", id: "ada", name: "ada" },
      clock: () => 1000,
      newId: () => "q1",
      input,
      output,
      status: new PassThrough().resume(),
      look: LOOK,
      historyFile: undefined,
    });
    let stays = false;
    input.write("why?\n");
    return {
      looking: looking.promise,
      press: () => input.write("\u0003"),
      text,
      /** The answer does not come, though the look was ended. */
      hang: () => {
        stays = true;
      },
      leave: async () => {
        input.write("\u0004");
        await done;
      },
    };
  }

  it("ends the look, and what was found is shown", async () => {
    const { looking, press, text, leave } = aConversation();
    const { onlooker, signal } = await looking;
    onlooker.show(aDraft("Step 1…"));
    press();
    await soon(text).toContain("Orders is slow since its deployment.");
    expect(signal.aborted).toBe(false);
    expect(text()).not.toContain("Step 1…");
    await leave();
  });

  it("gives up the question when it is pressed once more", async () => {
    const { looking, press, text, hang, leave } = aConversation();
    const { onlooker, signal } = await looking;
    hang();
    onlooker.show(aDraft("Step 1…"));
    press();
    await soon(() => onlooker.enough?.aborted).toBe(true);
    press();
    await soon(text).toContain("Stopped: you cancelled this question.");
    expect(signal.aborted).toBe(true);
    await leave();
  });

  it("gives up the question at once while nothing looks further", async () => {
    const { looking, press, text, leave } = aConversation();
    await looking;
    press();
    await soon(text).toContain("Stopped: you cancelled this question.");
    await leave();
  });
});
