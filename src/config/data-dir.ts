import { resolve } from "node:path";

/**
 * The data folder: `SMARTCLOUDOPS_DATA`, else `.smartcloudops` where the command was started. It stands in no file, so that what must
 * work with a broken configuration, the emergency stop, finds it too.
 */
export function dataDirOf(value: string | undefined, cwd: string): string {
  return resolve(cwd, value === undefined || value.trim() === "" ? ".smartcloudops" : value.trim());
}
