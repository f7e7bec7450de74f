/** Switches suggestions on and off, in the settings where a person finds them again. */

import * as path from "node:path";
import * as vscode from "vscode";

import { messageOf, Problem } from "../problem.js";
import { only } from "./patterns.js";

/** Whether suggestions are off everywhere, or in this workspace. */
export function areOff(): boolean {
  return settings().get("enabled") === false;
}

/** Whether they are off for a language. */
export function areOffFor(id: string): boolean {
  return listed("disabledLanguages", targetOf("disabledLanguages")).includes(id);
}

/** Whether `file` has switched them off for `document`. */
export function areOffIn(document: vscode.TextDocument): boolean {
  const place = placeOf(document);
  return place !== undefined && listed("disabledPaths", place.target).includes(place.pattern);
}

/** Whose settings are written: the person's, the workspace's, or those of a folder of it. */
type Target = vscode.ConfigurationTarget | vscode.WorkspaceFolder;
const { Global, Workspace, WorkspaceFolder } = vscode.ConfigurationTarget;

/** Everywhere. */
export async function everywhere(): Promise<void> {
  const isOn = settings().get("enabled") !== false;
  await write("enabled", !isOn, Global);
  if ((settings().get("enabled") !== false) === isOn) {
    // The workspace says otherwise.
    await write("enabled", undefined, Workspace);
  }
  say(isOn ? "Suggestions are off." : "Suggestions are on.");
}

/** In the open workspace. */
export async function workspace(): Promise<void> {
  if (!vscode.workspace.workspaceFolders) {
    say("No workspace is open.");
    return;
  }
  const isOn = settings().get("enabled") !== false;
  const comesBack = settings().inspect("enabled")?.globalValue !== false;
  await write("enabled", isOn ? false : comesBack ? undefined : true, Workspace);
  say(isOn ? "Suggestions are off in this workspace." : "Suggestions are on in this workspace.");
}

/** For the language of `document`. */
export async function language(document: vscode.TextDocument): Promise<void> {
  const id = document.languageId;
  const isOff = await toggleIn("disabledLanguages", id, targetOf("disabledLanguages"));
  say(`Suggestions are ${isOff ? "off" : "on"} for ${id}.`);
}

/** For `document` alone. */
export async function file(document: vscode.TextDocument): Promise<void> {
  const place = placeOf(document);
  if (place === undefined) {
    say("This document is not a file yet. Save it first.");
    return;
  }
  const isOff = await toggleIn("disabledPaths", place.pattern, place.target);
  say(`Suggestions are ${isOff ? "off" : "on"} for ${path.basename(document.uri.fsPath)}.`);
}

/** The settings that count: a workspace's replace the person's. */
function targetOf(name: string): Target {
  return settings().inspect(name)?.workspaceValue === undefined ? Global : Workspace;
}

/** Puts `entry` into a list, or takes it out. Returns whether it is in there now. What is no list is not replaced. */
async function toggleIn(name: string, entry: string, target: Target): Promise<boolean> {
  const found = written(name, target);
  if (found !== undefined && !Array.isArray(found)) {
    const what = `The setting fimble.${name} must be a list, and is ${JSON.stringify(found)}.`;
    throw new Problem(what, "Correct it in your settings.");
  }
  const list = listed(name, target);
  const isIn = list.includes(entry);
  const next = isIn ? list.filter((each) => each !== entry) : [...list, entry];
  await write(name, next.length ? next : undefined, target);
  return !isIn;
}

function written(name: string, target: Target): unknown {
  if (typeof target === "object") {
    return settings(target).inspect(name)?.workspaceFolderValue;
  }
  const found = settings().inspect(name);
  return target === Global ? found?.globalValue : found?.workspaceValue;
}

function listed(name: string, target: Target): readonly unknown[] {
  const own = written(name, target);
  return Array.isArray(own) ? own : [];
}

/** The pattern for a file, and whose settings it belongs into: of several folders, its own. */
function placeOf(document: vscode.TextDocument): { pattern: string; target: Target } | undefined {
  if (document.uri.scheme !== "file") {
    return undefined;
  }
  const folder = vscode.workspace.getWorkspaceFolder(document.uri);
  if (!folder) {
    return { pattern: only(document.uri.fsPath), target: Global };
  }
  const pattern = only(path.relative(folder.uri.fsPath, document.uri.fsPath));
  return { pattern, target: (vscode.workspace.workspaceFolders ?? []).length > 1 ? folder : Workspace };
}

async function write(name: string, value: unknown, target: Target): Promise<void> {
  try {
    if (typeof target === "object") {
      await settings(target).update(name, value, WorkspaceFolder);
    } else {
      await settings().update(name, value, target);
    }
  } catch (error) {
    const where = target === Global ? "your settings" : "the workspace's settings";
    throw new Problem(`fimble.${name} cannot be written to ${where}: ${messageOf(error)}.`, "Nothing was changed.");
  }
}

function settings(folder?: vscode.WorkspaceFolder): vscode.WorkspaceConfiguration {
  return vscode.workspace.getConfiguration("fimble", folder?.uri);
}

function say(what: string): void {
  vscode.window.setStatusBarMessage(`fimble: ${what}`, 5000);
}
