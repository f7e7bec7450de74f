/** Which folders a model can be trained on: those that are on this machine, in a workspace that is trusted. */

import * as vscode from "vscode";

export function canTrain(): boolean {
  return vscode.workspace.isTrusted && candidates().length > 0;
}

/** The folder that the person wants; `undefined` where they want none after all. */
export async function chosenFolder(): Promise<vscode.WorkspaceFolder | undefined> {
  const [first, ...others] = candidates();
  if (others.length === 0) {
    return first;
  }
  const items = candidates().map((folder) => ({ label: folder.name, description: folder.uri.fsPath, folder }));
  const options = { title: "fimble: train on", placeHolder: "The model learns one folder at a time" };
  return (await vscode.window.showQuickPick(items, options))?.folder;
}

function candidates(): readonly vscode.WorkspaceFolder[] {
  return (vscode.workspace.workspaceFolders ?? []).filter((folder) => folder.uri.scheme === "file");
}
