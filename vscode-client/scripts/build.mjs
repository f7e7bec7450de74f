/** Builds `dist/`: the extension as one file, and the server's wheel. The variable PYTHON names the Python to use. */

import { execFileSync } from "node:child_process";
import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import { build } from "esbuild";
import { lean } from "./lean.mjs";

const root = path.join(import.meta.dirname, "..");
const server = path.join(root, "dist", "server");

await build({
  entryPoints: [path.join(root, "src", "extension.ts")],
  outfile: path.join(root, "dist", "extension.js"),
  bundle: true,
  minify: true,
  platform: "node",
  format: "cjs",
  target: "node20",
  external: ["vscode"],
  mainFields: ["module", "main"],
  legalComments: "none",
  plugins: [lean],
});

execFileSync(process.env.PYTHON ?? "python3", [path.join(root, "scripts", "wheel.py"), server], { stdio: "inherit" });
for (const name of readdirSync(server).filter((each) => each.endsWith(".whl"))) {
  const file = path.join(server, name);
  const bytes = readFileSync(file);
  const params = {
    [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
    [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
  };
  writeFileSync(`${file}.br`, brotliCompressSync(bytes, { params }));
  rmSync(file);
}
copyFileSync(path.join(root, "..", "LICENSE"), path.join(root, "LICENSE"));
const library = path.join(root, "node_modules", "vscode-languageclient", "License.txt");
copyFileSync(library, path.join(root, "dist", "LICENSE-vscode-languageclient.txt"));
