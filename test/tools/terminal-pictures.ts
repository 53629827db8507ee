/**
 * `node test/tools/terminal-pictures.ts [FOLDER]`: the pictures of the terminal in the README, into `.github` or FOLDER. Asks the demo's shop by the
 * command line in a real terminal (`script`), and has a Chromium of this machine draw what came. Look at them before they are kept.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { progressOn } from "../../src/cli/progress.ts";
import { startDemo } from "../../src/demo/run.ts";
import { openWindow } from "../e2e/browser.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = resolve(process.argv[2] ?? join(root, ".github"));
const COLUMNS = 104;

const COLOURS: Readonly<Record<string, string>> = {
  ...{ 1: "font-weight:bold", 2: "color:#8087a2", 31: "color:#f38ba8", 32: "color:#a6e3a1" },
  ...{ 33: "color:#f9e2af", 36: "color:#94e2d5" },
};

const PICTURES: Readonly<Record<string, readonly string[]>> = {
  terminal: ["p95 latency of orders"],
};

const progress = progressOn(process, { lines: "steps" });
const report = ({ step, fraction }: { step: string; fraction: number }) => progress.show(fraction, step);
const demo = await startDemo({ folder: join(root, ".demo"), report, now: () => Date.now() / 1000 });
progress.end();
const home = mkdtempSync(join(tmpdir(), "pictures-"));
try {
  const opened = await openWindow("about:blank");
  if ("skipped" in opened) throw new Error(`no picture was made: ${opened.skipped}.`);
  const { page, close } = opened;
  try {
    for (const [name, questions] of Object.entries(PICTURES)) {
      const text = questions.map((one) => `$ npx smartcloudops ask "${one}"\n${asked(one).trimEnd()}`).join("\n\n");
      await page.setViewport({ width: 960, height: 100, deviceScaleFactor: 1.5 });
      await page.setContent(pageOf(text));
      await (await page.$("pre"))?.screenshot({ path: join(folder, `${name}.png`) as `${string}.png` });
      process.stdout.write(`${join(folder, name)}.png\n`);
    }
  } finally {
    await close();
  }
} finally {
  await demo.stop();
  rmSync(home, { recursive: true, force: true });
}

/** What the command prints on a terminal of that width. */
function asked(question: string): string {
  const command = `stty cols ${COLUMNS}; exec "${process.execPath}" "${join(root, "src/main.ts")}" ask "${question}"`;
  const env = {
    ...{ PATH: process.env.PATH, TERM: "xterm-256color", SMARTCLOUDOPS_DATA: home },
    ...{ PROMETHEUS_URL: demo.prometheusUrl, ALERTMANAGER_URL: demo.alertmanagerUrl },
  };
  const printed = execFileSync("script", ["-qec", command, "/dev/null"], { env, cwd: home, encoding: "utf8" });
  // What the line that says what is waited for leaves behind.
  return printed.replaceAll("\r\n", "\n").replace(/[^\n]*\r(?:\u001b\[2?K)?/g, "");
}

function pageOf(text: string): string {
  const style =
    "font:14px/1.2 'DejaVu Sans Mono',monospace;background:#1e1e2e;color:#cdd6f4;margin:0;padding:14px 18px";
  return `<body style="margin:0;background:#1e1e2e"><pre style="${style};display:inline-block;min-width:${COLUMNS}ch">${coloured(text)}</pre></body>`;
}

/** Terminal colours as HTML; addresses behind words are left out. */
function coloured(text: string): string {
  let open = 0;
  const html = text
    .replace(/\u001b\]8;[^\u0007\u001b]*(?:\u0007|\u001b\\)/g, "")
    .replace(/[&<>]/g, (one) => `&#${one.charCodeAt(0)};`)
    // DejaVu Sans Mono lacks some of them; those of FreeMono (Debian: fonts-freefont-ttf) are as wide as a letter.
    .replace(
      /[\u2580-\u259f\u2800-\u28ff]/g,
      '<span style="display:inline-block;width:1ch;line-height:1;font-family:FreeMono">$&</span>',
    )
    .replace(/\u001b\[([\d;]*)m/g, (_, codes: string) => {
      const style = codes.split(";").flatMap((code) => COLOURS[code] ?? []);
      if (style.length > 0) open++;
      else if (open > 0) open--;
      else return "";
      return style.length > 0 ? `<span style="${style.join(";")}">` : "</span>";
    });
  return `${html}${"</span>".repeat(open)}`.replace(/^(\$ .*)$/gm, '<span style="color:#94e2d5">$1</span>');
}
