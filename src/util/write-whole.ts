import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Writes a file of the bot's own, for its owner alone, so that a reader sees all of it or the one before. Makes its folder.
 * Rejects with what the system says, and then leaves nothing half written behind.
 */
export async function writeWhole(file: string, data: string | Uint8Array): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const whole = `${file}.${process.pid}`;
  try {
    await writeFile(whole, data, { mode: 0o600 });
    await rename(whole, file);
  } catch (problem) {
    await rm(whole, { force: true }).catch(() => {});
    throw problem;
  }
}
