import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { CHAT_COMMANDS } from "../../../src/core/command-table.ts";
import { fillManifest, packApp } from "../../tools/teams-manifest.ts";

const VALUES = { botId: "11111111-2222-3333-4444-555555555555", version: "0.1.0", website: "https://ops.example.org" };
const file = (name: string) => fileURLToPath(new URL(`../../../manifests/teams/${name}`, import.meta.url));

describe("the Teams app", () => {
  it("lists the commands that the bot understands, and help, in their order", () => {
    const [bot] = fillManifest(VALUES).bots;
    for (const list of bot!.commandLists) {
      expect(list.commands.slice(0, -1)).toEqual(
        CHAT_COMMANDS.map(({ name, summary }) => ({ title: name, description: summary })),
      );
      expect(list.commands.at(-1)?.title).toBe("help");
    }
    expect(bot!.commandLists.flatMap(({ scopes }) => scopes)).toEqual(bot!.scopes);
  });

  it("asks for no permissions, no domains and no way into files", () => {
    const manifest = JSON.parse(readFileSync(file("manifest.json"), "utf8"));
    for (const key of ["permissions", "authorization", "devicePermissions", "webApplicationInfo"])
      expect(manifest).not.toHaveProperty(key);
    expect(manifest.validDomains).toEqual([]);
    expect(manifest.bots[0].supportsFiles).toBe(false);
  });

  it("is filled in with the bot's own id, and refused where a value is not as Teams wants it", () => {
    expect(fillManifest(VALUES)).toMatchObject({ id: VALUES.botId, bots: [{ botId: VALUES.botId }] });
    expect(() => fillManifest({ ...VALUES, botId: "not-a-guid" })).toThrow(/id is not as Teams wants it/);
    expect(() => fillManifest({ ...VALUES, website: "http://ops.example.org" })).toThrow(/websiteUrl/);
    expect(() => fillManifest({ ...VALUES, developer: 'x" }, "permissions": ["identity"]'.padEnd(40) })).toThrow(
      /developer/,
    );
  });

  it.each([
    ["color.png", 192],
    ["outline.png", 32],
  ])("has the icon %s in the size that Teams asks for", (name, size) => {
    const png = readFileSync(file(name));
    expect(png.subarray(1, 4).toString()).toBe("PNG");
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([size, size]);
  });

  it("is packed as a zip that others can read", () => {
    const folder = mkdtempSync(join(tmpdir(), "teams-package-"));
    try {
      writeFileSync(join(folder, "app.zip"), packApp(VALUES));
      const list =
        "import sys,zipfile;z=zipfile.ZipFile(sys.argv[1]);assert z.testzip() is None;print(z.namelist());print(z.read('manifest.json').decode())";
      const read = execFileSync("python3", ["-c", list, join(folder, "app.zip")], { encoding: "utf8" });
      expect(read).toContain("['manifest.json', 'color.png', 'outline.png']");
      expect(JSON.parse(read.slice(read.indexOf("{")))).toEqual(fillManifest(VALUES));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
