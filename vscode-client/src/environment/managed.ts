/**
 * The environment that the extension keeps for itself.
 *
 * A mark is written last: a folder without it is half an environment, and is made anew. Each version of the server has
 * a folder of its own, so that another window may go on with the old one.
 */

import * as fs from "node:fs/promises";
import * as path from "node:path";
import { pathToFileURL } from "node:url";
import { Problem } from "../problem.js";
import { explained } from "./installing.js";
import { locked } from "./lock.js";
import { ISOLATED, inspect, type Python } from "./python.js";
import { RunFailed, run } from "./run.js";
import { unpack, type Wheel } from "./wheel.js";

const MARK = "complete";
/** Fails where a part of what serving needs is missing or damaged. */
const LOAD = "import fimble.engine.session, fimble.lsp.server, tokenizers";
const LOAD_WITHIN_MS = 60_000;
const UNUSED_MS = 7 * 24 * 3600 * 1000;

export type Extras = "cpu" | "gpu" | "cpu,train" | "gpu,train";

export interface Making {
  /** Where all versions lie. */
  readonly root: string;
  readonly wheel: Wheel;
  /** The build of ONNX Runtime, and whether models can be trained, too. */
  readonly extras: Extras;
  readonly signal: AbortSignal;
  /** Hears what is being done, in a few words. */
  readonly onStep: (step: string) => void;
  /** Hears what the programs say. */
  readonly onLine: (line: string) => void;
  /** A proxy or the like, for the download. */
  readonly env: Readonly<Record<string, string>>;
  /** Finds the Python to make it from; throws `Problem` where there is none. Only asked when it is needed. */
  readonly findPython: () => Promise<Python>;
}

export type Steps = Pick<Making, "signal" | "onStep" | "onLine" | "env">;
export type Place = Pick<Making, "root" | "wheel" | "extras">;

/** The interpreter of the environment, if it is there; and, where that `isTried`, if it loads all that serving needs. */
export async function existing(place: Place, signal: AbortSignal, isTried = false): Promise<string | undefined> {
  const folder = folderOf(place);
  const python = interpreterOf(path.join(folder, "env"));
  try {
    await fs.utimes(path.join(folder, MARK), new Date(), new Date()); // in use
  } catch {
    return undefined;
  }
  const isThere = (await inspect([python], signal))?.fimble !== undefined;
  return isThere && (!isTried || (await loads(python, signal))) ? python : undefined;
}

/** The interpreter of the environment, which is made first if it is not there or is broken. Throws `Problem`. */
export async function ensure(making: Making): Promise<string> {
  const { root, signal, onStep } = making;
  const folder = folderOf(making);
  const wait = (): void => onStep("another window is setting fimble up");
  return locked(path.join(root, "lock"), signal, wait, async () => {
    const python = interpreterOf(path.join(folder, "env"));
    if ((await existing(making, signal, true)) === undefined) {
      await fs.rm(folder, { recursive: true, force: true });
      try {
        await make(making, folder, python);
      } catch (error) {
        await fs.rm(folder, { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined);
        throw error instanceof RunFailed ? explained(error, making.extras.endsWith("train")) : error;
      }
      await fs.writeFile(path.join(folder, MARK), "");
      await removeUnused(root, folder);
    }
    return python;
  });
}

/** With uv where it is installed, which is faster and brings a Python if need be; else with venv and pip. */
async function make(making: Making, folder: string, python: string): Promise<void> {
  const { wheel, extras, signal, onStep, onLine, env } = making;
  const file = await unpack(wheel, path.join(folder, "wheel"));
  const options = { signal, onLine, env, cwd: folder };
  const target = path.join(folder, "env");
  const wanted = ["--constraint", wheel.constraints, `fimble[${extras}] @ ${pathToFileURL(file)}`];
  const installing = `installing ${extras.endsWith("train") ? "what training needs" : "the server"}`;
  onStep("making an environment");
  if (await hasUv(signal)) {
    const base = await making.findPython().then(
      (found) => found.executable,
      () => signal.throwIfAborted() ?? "3.12",
    );
    await run(["uv", "venv", "--quiet", "--no-project", "--python", base, target], options);
    onStep(installing);
    await run(["uv", "pip", "install", "--python", python, ...wanted], options);
  } else {
    const base = await making.findPython();
    if (!base.makesVenvs) {
      throw new Problem(
        `Python ${base.version.join(".")} (${base.executable}) cannot make environments.`,
        "Install the missing part (on Debian and Ubuntu: sudo apt install python3-venv), then set fimble up again.",
      );
    }
    await run([base.executable, "-I", "-m", "venv", target], options);
    onStep(installing);
    const pip = ["-I", "-m", "pip", "--disable-pip-version-check", "--no-input", "install", "--progress-bar=off"];
    const follow = (line: string): void => {
      onLine(line);
      const step = stepOf(line);
      if (step) {
        onStep(step);
      }
    };
    await run([python, ...pip, ...wanted], { ...options, onLine: follow });
  }
  if ((await inspect([python], signal))?.fimble === undefined) {
    throw new Problem("The server was installed and cannot be found.", "Show the log, and set fimble up again.");
  }
}

function loads(python: string, signal: AbortSignal): Promise<boolean> {
  return run([python, ...ISOLATED, "-c", LOAD], { signal, timeoutMs: LOAD_WITHIN_MS }).then(
    () => true,
    () => signal.throwIfAborted() ?? false,
  );
}

function hasUv(signal: AbortSignal): Promise<boolean> {
  return run(["uv", "--version"], { signal, timeoutMs: 10_000 }).then(
    () => true,
    () => signal.throwIfAborted() ?? false,
  );
}

/** What a line of pip's means for a person; nothing for most of them. */
export function stepOf(line: string): string | undefined {
  const fetched = /^\s*Downloading (?:.*\/)?([A-Za-z0-9_.]+?)-\d\S*(?: \(([\d.]+ [kMG]B)\))?/.exec(line);
  if (fetched) {
    return `fetching ${fetched[1]}${fetched[2] ? ` (${fetched[2]})` : ""}`;
  }
  return line.startsWith("Installing collected packages") ? "putting the packages into place" : undefined;
}

function folderOf({ root, wheel, extras }: Place): string {
  return path.join(root, `${wheel.fingerprint}-${extras.replace(",", "-")}`);
}

function interpreterOf(environment: string): string {
  return path.join(environment, ...(process.platform === "win32" ? ["Scripts", "python.exe"] : ["bin", "python"]));
}

/** Removes environments of other versions that no window has used for a while, and halves of some. */
async function removeUnused(root: string, kept: string): Promise<void> {
  for (const entry of await fs.readdir(root, { withFileTypes: true })) {
    const folder = path.join(root, entry.name);
    if (entry.isDirectory() && folder !== kept) {
      const used = await fs.stat(path.join(folder, MARK)).then(
        (found) => found.mtimeMs,
        () => 0,
      );
      if (Date.now() - used > UNUSED_MS) {
        await fs.rm(folder, { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined);
      }
    }
  }
}
