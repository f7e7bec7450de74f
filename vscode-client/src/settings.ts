/** The person's settings: for this extension, and as the options that the server knows. */

import { realpathSync } from "node:fs";
import * as vscode from "vscode";
import { Problem } from "./problem.js";
import { below } from "./suggestions/patterns.js";

const SECTION = "fimble";
/** Setting -> option of the server, which says itself what is wrong in a value. */
const OPTIONS = {
  enabled: "enabled",
  disabledLanguages: "disabled_languages",
  eagerness: "eagerness",
  comments: "comments",
  otherFiles: "other_files",
  crossFile: "cross_file",
  thorough: "thorough",
  maxLineTokens: "max_line_tokens",
  maxBlockTokens: "max_block_tokens",
  promptTokens: "prompt_tokens",
  runExamples: "run_examples",
  adapters: "adapters",
  recordAcceptance: "record_acceptance",
  index: "index",
  indexMaxFiles: "index_max_files",
  indexMb: "index_mb",
  model: "model",
  provider: "provider",
  numThreads: "num_threads",
  contextLength: "context_length",
  kvCacheMb: "kv_cache_mb",
} as const;

/**
 * Where code may be sent. The server takes these from its environment only, not from what an editor tells; and what is
 * put there comes from the person's own settings, never from a workspace's.
 */
const ENDPOINT = {
  endpoint: "endpoint",
  endpointModel: "endpoint_model",
  endpointFamily: "endpoint_family",
  endpointKeyName: "endpoint_key_name",
  endpointCaFile: "endpoint_ca_file",
  endpointPlainHttp: "endpoint_plain_http",
  endpointTimeoutS: "endpoint_timeout_s",
} as const;

/** What only the person may set, never a workspace: it decides which programs run, and where. */
export interface MachineSettings {
  readonly serverPath: string;
  readonly python: string;
  readonly home: string;
  readonly provider: string;
  readonly model: string;
  /** Variables of the server's environment; what the person has not set is not among them. */
  readonly endpoint: Readonly<Record<string, string>>;
}

export type Surface = "ghostText" | "popup";

export function machineSettings(): MachineSettings {
  return {
    serverPath: text("server.path"),
    python: text("server.python"),
    home: text("server.home"),
    provider: text("provider"),
    model: text("model"),
    endpoint: endpointVariables(),
  };
}

export function surface(): Surface {
  return text("suggestIn") === "popup" ? "popup" : "ghostText";
}

/** Settings that a running server cannot take in; a change of one of them starts it anew. */
export function needsRestart(event: vscode.ConfigurationChangeEvent): boolean {
  const atStart = ["model", "provider", "numThreads", "contextLength", "kvCacheMb", "suggestIn", "server"];
  const names = [...atStart, ...Object.keys(ENDPOINT)];
  return names.some((name) => event.affectsConfiguration(`${SECTION}.${name}`));
}

/** The options of the server. Only what the person has set is told, so that its own configuration file counts, too. */
export function serverOptions(isAsleep: boolean): Record<string, unknown> {
  const settings = vscode.workspace.getConfiguration(SECTION);
  const options: Record<string, unknown> = {};
  for (const [name, option] of Object.entries(OPTIONS)) {
    const found = settings.inspect(name);
    if ((found?.globalValue ?? found?.workspaceValue ?? found?.workspaceFolderValue) !== undefined) {
      options[option] = settings.get(name);
    }
  }
  const paths = disabledPaths();
  if (paths !== undefined) {
    options.disabled_paths = paths;
  }
  if (!vscode.workspace.isTrusted) {
    options.run_examples = false;
    options.index = false;
  }
  if (isAsleep) {
    options.enabled = false;
  }
  return options;
}

/**
 * The private paths of all levels together: a workspace may add to the person's list, not replace it. What a folder of
 * several adds counts below that folder. A value that is no list is handed on as it is: the server then reads no file,
 * and says so.
 */
function disabledPaths(): unknown {
  const all: unknown[] = [];
  const folders = vscode.workspace.workspaceFolders ?? [];
  for (const folder of [undefined, ...folders]) {
    const found = vscode.workspace.getConfiguration(SECTION, folder?.uri).inspect("disabledPaths");
    const own = found?.workspaceFolderValue;
    const isBelow = folder !== undefined && folders.length > 1 && Array.isArray(own);
    const values = [found?.globalValue, found?.workspaceValue, isBelow ? belowFolder(folder, own) : own];
    for (const value of values) {
      if (value !== undefined && !Array.isArray(value)) {
        return value;
      }
      all.push(...(value ?? []));
    }
  }
  return all.length ? [...new Set(all)] : undefined;
}

/** The patterns of a folder, for its path as it is named and as it is resolved: a file may be reached by both. */
function belowFolder({ uri }: vscode.WorkspaceFolder, patterns: readonly unknown[]): unknown[] {
  const paths = uri.scheme === "file" ? [...new Set([uri.fsPath, resolved(uri.fsPath)])] : [];
  const isPlain = paths.length === 0;
  return patterns.flatMap((each) => (isPlain || typeof each !== "string" ? each : paths.map((at) => below(at, each))));
}

function resolved(folder: string): string {
  try {
    return realpathSync.native(folder);
  } catch {
    return folder;
  }
}

function endpointVariables(): Record<string, string> {
  const settings = vscode.workspace.getConfiguration(SECTION);
  const variables: Record<string, string> = {};
  for (const [name, option] of Object.entries(ENDPOINT)) {
    const value: unknown = settings.inspect(name)?.globalValue;
    if (value !== undefined && value !== null && value !== "") {
      variables[`FIMBLE_${option.toUpperCase()}`] = String(value).trim();
    }
  }
  return variables;
}

/** A setting that must be text. Throws `Problem` where it is something else. */
function text(name: string): string {
  const value: unknown = vscode.workspace.getConfiguration(SECTION).get(name);
  if (value !== null && value !== undefined && typeof value !== "string") {
    const what = JSON.stringify(value);
    throw new Problem(`The setting ${SECTION}.${name} must be text, and is ${what}.`, "Correct it in your settings.");
  }
  return value?.trim() ?? "";
}
