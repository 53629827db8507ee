import type { Writable } from "node:stream";

const FRAMES = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const EVERY_MS = 100;
/** Most answers are there before this; a line that flashes up and goes again only disturbs. */
const PATIENCE_MS = 250;

/** Shows that something is being waited for, on a terminal; does nothing elsewhere. Returns what ends it. */
export function spin(status: Writable & { readonly isTTY?: boolean }, what: () => string): () => void {
  if (status.isTTY !== true) return () => {};
  let frame = 0;
  let shown = false;
  const timer = setInterval(() => {
    if (++frame * EVERY_MS < PATIENCE_MS) return;
    shown = true;
    const seconds = ((frame * EVERY_MS) / 1000).toFixed(1);
    status.write(`\r\u001b[2K${FRAMES[frame % FRAMES.length]} ${what()} ${seconds} s (Ctrl-C stops it)`);
  }, EVERY_MS);
  timer.unref();
  return () => {
    clearInterval(timer);
    if (shown) status.write("\r\u001b[2K");
  };
}
