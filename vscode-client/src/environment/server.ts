/** Which program serves: the one in the settings, the workspace's own, or the one that the extension keeps. */

import * as path from "node:path";
import * as vscode from "vscode";
import { Problem } from "../problem.js";
import type { MachineSettings } from "../settings.js";
import * as managed from "./managed.js";
import { ISOLATED, inspect, isRecent, type Python, usualCommands, whyNone } from "./python.js";
import type { Wheel } from "./wheel.js";

const ORIGIN = "the extension's own environment";

export interface Server {
  /** What to run, up to but not including the name of a command such as `serve`. */
  readonly command: readonly [string, ...string[]];
  /** Where it is from, for a person. */
  readonly origin: string;
  /** Whether the extension keeps it; else it is the person's, who decides what is installed there. */
  readonly isOurs: boolean;
}

export function isSame(one: Server, other: Server): boolean {
  return one.command.join("\0") === other.command.join("\0");
}

/** What is looked for, and where. */
export interface Search {
  readonly settings: MachineSettings;
  /** Where the extension keeps its environments. */
  readonly root: string;
  readonly wheel: Wheel;
  /** The version of the server that goes with this extension. */
  readonly version: string;
}

export interface Found {
  readonly search: Search;
  readonly server: Server;
}

/** The server that is there already, if there is one. An environment of ours that `isTried` and broken is none. */
export async function existing(search: Search, signal: AbortSignal, isTried = false): Promise<Server | undefined> {
  const { settings, version } = search;
  if (settings.serverPath) {
    return { command: [settings.serverPath], origin: "the setting fimble.server.path", isOurs: false };
  }
  const own = (await workspacePythons(signal)).find((python) => python.fimble === version);
  if (own) {
    return asModule(own.executable, "the workspace's Python", false);
  }
  const python = await managed.existing({ ...search, extras: runtimeFor(settings) }, signal, isTried);
  return python === undefined ? undefined : asModule(python, ORIGIN, true);
}

/** The same as `existing` for an environment of ours in which models can be trained. */
export async function existingForTraining(search: Search, signal: AbortSignal): Promise<Server | undefined> {
  const extras = `${runtimeFor(search.settings)},train` as const;
  const python = await managed.existing({ ...search, extras }, signal);
  return python === undefined ? undefined : asModule(python, ORIGIN, true);
}

/** The server in an environment that is made for it, or for training. Throws `Problem` and `Cancelled`. */
export async function made(search: Search, steps: managed.Steps, isForTraining = false): Promise<Server> {
  const { settings } = search;
  const findPython = async (): Promise<Python> =>
    findBase(settings.python, await workspacePythons(steps.signal), steps.signal);
  const runtime = runtimeFor(settings);
  const extras = isForTraining ? (`${runtime},train` as const) : runtime;
  return asModule(await managed.ensure({ ...search, ...steps, extras, findPython }), ORIGIN, true);
}

function asModule(python: string, origin: string, isOurs: boolean): Server {
  return { command: [python, ...ISOLATED, "-m", "fimble"], origin: `${origin}, ${python}`, isOurs };
}

function runtimeFor(settings: MachineSettings): "cpu" | "gpu" {
  return settings.provider === "cuda" ? "gpu" : "cpu";
}

/** The interpreters that the workspace names. None where it is not trusted: what it names must not be run. */
async function workspacePythons(signal: AbortSignal): Promise<Python[]> {
  if (!vscode.workspace.isTrusted) {
    return [];
  }
  const folders = vscode.workspace.workspaceFolders ?? [];
  const named = await Promise.all(folders.map((folder) => chosenPython(folder.uri)));
  const inside = process.platform === "win32" ? ["Scripts", "python.exe"] : ["bin", "python"];
  const beside = folders
    .filter((folder) => folder.uri.scheme === "file")
    .map((folder) => path.join(folder.uri.fsPath, ".venv", ...inside));
  const paths = [...new Set([...named, ...beside].filter((found) => found !== undefined))];
  const found = await Promise.all(paths.map((executable) => inspect([executable], signal)));
  return found.filter((python) => python !== undefined && isRecent(python)) as Python[];
}

/** What the Python extension says is chosen for a folder, where it is installed. */
async function chosenPython(folder: vscode.Uri): Promise<string | undefined> {
  const extension = vscode.extensions.getExtension("ms-python.python");
  try {
    const api = await extension?.activate();
    const chosen: unknown = api?.environments?.getActiveEnvironmentPath(folder)?.path;
    return typeof chosen === "string" && path.isAbsolute(chosen) ? chosen : undefined;
  } catch {
    return undefined; // another extension's failure is not ours
  }
}

async function findBase(chosen: string, workspace: readonly Python[], signal: AbortSignal): Promise<Python> {
  if (chosen) {
    const python = await inspect([chosen], signal);
    if (python && isRecent(python)) {
      return python;
    }
    const why = python
      ? `it is Python ${python.version.join(".")}, and fimble needs 3.11 or later`
      : "it does not start";
    throw new Problem(
      `The setting fimble.server.python cannot be used (${chosen}): ${why}.`,
      "Name another one, or none.",
    );
  }
  const found = [...workspace];
  for (const command of usualCommands(process.platform)) {
    const python = await inspect(command, signal);
    if (python) {
      found.push(python);
    }
    if (python && isRecent(python) && python.makesVenvs) {
      return python;
    }
  }
  const recent = found.find(isRecent);
  if (recent) {
    return recent;
  }
  const help = { label: "Get Python", url: "https://www.python.org/downloads/" };
  throw new Problem(whyNone(found), "Install it, or name one in the setting fimble.server.python.", help);
}
