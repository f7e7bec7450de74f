/** Runs the tests of the parts that need no editor, with Node's own runner. */

import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { build } from "esbuild";

const root = path.join(import.meta.dirname, "..");
const out = mkdtempSync(path.join(root, "dist-test-"));
try {
  const tests = readdirSync(path.join(root, "test")).map((name) => path.join(root, "test", name));
  await build({ entryPoints: tests, outdir: out, bundle: true, platform: "node", format: "cjs", target: "node20" });
  const files = readdirSync(out).map((name) => path.join(out, name));
  process.exitCode =
    spawnSync(process.execPath, ["--test", "--test-timeout=60000", ...files], { stdio: "inherit" }).status ?? 1;
} finally {
  rmSync(out, { recursive: true });
}
