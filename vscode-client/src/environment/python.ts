/** Finds a Python that can run the server. */

import { run } from "./run.js";

const PROBE_MS = 15_000;
const OURS = "Local, private code completion over the Language Server Protocol";
/** Isolated: no folder of the workspace and no variable of Python's decides what is imported. */
export const ISOLATED = ["-I"];

const PROBE = `
import importlib.metadata as metadata, importlib.util as util, json, sys
try:
    found = metadata.metadata("fimble")
    fimble = {"version": found["Version"], "summary": found["Summary"]}
except metadata.PackageNotFoundError:
    fimble = None
makes_venvs = all(util.find_spec(name) for name in ("venv", "ensurepip"))
print(json.dumps({"executable": sys.executable, "version": sys.version_info[:3], "makesVenvs": makes_venvs, "fimble": fimble}))
`;

export interface Python {
  /** The interpreter's full path. */
  readonly executable: string;
  /** Major, minor, micro. */
  readonly version: readonly [number, number, number];
  readonly makesVenvs: boolean;
  /** The version of our server that is installed in it; another package of that name does not count. */
  readonly fimble: string | undefined;
}

/** What is known of the interpreter that `command` starts; `undefined` where it starts none. */
export async function inspect(command: readonly string[], signal?: AbortSignal): Promise<Python | undefined> {
  try {
    const said = await run([...command, ...ISOLATED, "-c", PROBE], {
      timeoutMs: PROBE_MS,
      ...(signal && { signal }),
    });
    const found = JSON.parse(said.slice(said.indexOf("{")));
    const fimble = found.fimble?.summary === OURS ? found.fimble.version : undefined;
    return { executable: found.executable, version: found.version, makesVenvs: found.makesVenvs, fimble };
  } catch {
    signal?.throwIfAborted();
    return undefined;
  }
}

/** Whether it is recent enough for the server. */
export function isRecent(python: Python): boolean {
  const [major, minor] = python.version;
  return major === 3 && minor >= 11;
}

/** The commands by which a Python may be called on this platform, the most likely one to be right first. */
export function usualCommands(platform: NodeJS.Platform): readonly (readonly string[])[] {
  const named = ["python3", "python3.13", "python3.12", "python3.11", "python3.14", "python"].map((name) => [name]);
  return platform === "win32" ? [["py", "-3"], ...named] : named;
}

/** The newest thing that can be said of several Pythons of which none will do: why not. */
export function whyNone(found: readonly Python[]): string {
  const old = found.filter((python) => !isRecent(python));
  if (old.length === 0) {
    return "No Python was found.";
  }
  const listed = [...new Set(old.map((python) => `${python.version.join(".")} (${python.executable})`))];
  return `fimble needs Python 3.11 or later; found: ${listed.join(", ")}.`;
}
