/** What a Python that is not ours lacks for training, and how a person gets it. */

import * as fs from "node:fs/promises";
import * as path from "node:path";
import { ISOLATED } from "../environment/python.js";
import { run } from "../environment/run.js";
import type { Server } from "../environment/server.js";

const PROBE_MS = 15_000;
/** Loads nothing: PyTorch alone would take seconds. */
const PROBE = `
import importlib.metadata as metadata, importlib.util as util, json, re
def is_there(name):
    try:
        return bool(metadata.version(name))
    except metadata.PackageNotFoundError:
        return False
wanted = [line.partition(";") for line in metadata.requires("fimble") or []]
needs = [need.strip() for need, _, marker in wanted if re.search("extra *== *.train.", marker)]
lacking = [need for need in needs if not is_there(re.match("[A-Za-z0-9._-]+", need)[0])]
print(json.dumps({"lacking": lacking, "hasPip": util.find_spec("pip") is not None}))
`;

export interface Lacking {
  readonly python: string;
  /** Names of packages and their versions, as pip reads them. */
  readonly packages: readonly string[];
  readonly hasPip: boolean;
}

/** `undefined` where nothing is lacking, and where that cannot be known: the command itself then says so. */
export async function lackingIn(server: Server, signal: AbortSignal): Promise<Lacking | undefined> {
  const python = await interpreterOf(server);
  if (python === undefined) {
    return undefined;
  }
  try {
    const said = await run([python, ...ISOLATED, "-c", PROBE], { signal, timeoutMs: PROBE_MS });
    const { lacking, hasPip } = JSON.parse(said.slice(said.indexOf("{")));
    return lacking.length > 0 ? { python, packages: lacking, hasPip } : undefined;
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}

/** What a person runs in a shell to have what is lacking. */
export function installation({ python, packages, hasPip }: Lacking, platform = process.platform): string {
  const words = hasPip ? [python, "-m", "pip", "install"] : ["uv", "pip", "install", "--python", python];
  return [...words, ...packages].map((word) => quoted(word, platform)).join(" ");
}

/** The interpreter that runs the server: itself, or the one beside the program where that really lies. */
async function interpreterOf({ command }: Server): Promise<string | undefined> {
  if (command.length > 1) {
    return command[0];
  }
  try {
    const program = await fs.realpath(command[0]);
    const beside = path.join(path.dirname(program), process.platform === "win32" ? "python.exe" : "python");
    await fs.access(beside);
    return beside;
  } catch {
    return undefined;
  }
}

function quoted(word: string, platform: NodeJS.Platform): string {
  if (/^[\w@%+=:,./\\-]+$/.test(word)) {
    return word;
  }
  return platform === "win32" ? `"${word}"` : `'${word.replaceAll("'", "'\\''")}'`;
}
