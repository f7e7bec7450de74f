/**
 * Leaves out of the client library what this server never uses: a quarter of the extension.
 *
 * The library registers a feature for everything that the protocol knows. One that is left out is not announced to the
 * server either. A library in which these lines stand otherwise stops the build.
 */

import { readFileSync } from "node:fs";

const UNUSED = [
  "callHierarchy",
  "codeLens",
  "colorProvider",
  "declaration",
  "definition",
  "diagnostic",
  "documentHighlight",
  "documentLink",
  "documentSymbol",
  "fileOperations",
  "foldingRange",
  "formatting",
  "hover",
  "implementation",
  "inlayHint",
  "inlineValue",
  "linkedEditingRange",
  "reference",
  "rename",
  "selectionRange",
  "semanticTokens",
  "signatureHelp",
  "textDocumentContent",
  "typeDefinition",
  "typeHierarchy",
];
/** Part of the library -> what stands in its place. */
const REPLACED = {
  // Asked whether VS Code is recent enough; package.json's `engines` has it recent enough.
  "semver/functions/parse": "module.exports = (version) => ({ version, prerelease: [] });",
  "semver/functions/satisfies": "module.exports = () => true;",
  // Asked of notebooks that a server names by patterns; this one takes all.
  "./utils/globPattern":
    "exports.matchGlobPattern = () => { throw new Error('patterns of notebooks are left out of this build'); };",
};

/** For esbuild. */
export const lean = {
  name: "lean",
  setup({ onLoad, onResolve }) {
    onLoad({ filter: /[\\/]vscode-languageclient[\\/]lib[\\/]common[\\/]client\.js$/ }, ({ path }) => ({
      contents: UNUSED.reduce(withoutFeature, readFileSync(path, "utf8")),
    }));
    onLoad({ filter: /[\\/]vscode-languageclient[\\/]lib[\\/]common[\\/]api\.js$/ }, ({ path }) => ({
      contents: without(readFileSync(path, "utf8"), /^.*\bdiagnostic_1\b.*\n/gm, "diagnostic"),
    }));
    const names = Object.keys(REPLACED).map((name) => name.replace(/[./]/g, "\\$&"));
    onResolve({ filter: new RegExp(`^(${names.join("|")})$`) }, ({ path }) => ({ path, namespace: "lean" }));
    onLoad({ filter: /.*/, namespace: "lean" }, ({ path }) => ({ contents: REPLACED[path] }));
  },
};

function withoutFeature(text, name) {
  const imported = new RegExp(`^const ${name}_1 = require\\("\\./${name}"\\);\\n`, "m");
  const registered = new RegExp(`^ *this\\.registerFeature\\(new ${name}_1\\.\\w+\\(this\\)\\);\\n`, "gm");
  return without(without(text, imported, name), registered, name);
}

function without(text, lines, name) {
  const left = text.replace(lines, "");
  if (left === text) {
    throw new Error(`the client library mentions "${name}" otherwise than scripts/lean.mjs expects`);
  }
  return left;
}
