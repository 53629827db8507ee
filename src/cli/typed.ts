import { createInterface } from "node:readline";
import type { Call } from "./command.ts";

/** One line that a person types, without blanks around it; empty when the input ends. */
export async function typed(call: Call): Promise<string> {
  const lines = createInterface({ input: call.stdin, terminal: false });
  const said = await new Promise<string>((resolve) => {
    lines.once("line", resolve);
    lines.once("close", () => resolve(""));
  });
  lines.close();
  return said.trim();
}
