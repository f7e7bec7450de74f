/** Where a person sees the training at work, and stops it with Ctrl+C. */

import * as vscode from "vscode";

const NAME = "fimble train";

/** Runs `command` for `folder`, with variables over the editor's. A task keeps its terminal when it has ended. */
export async function showRunning(
  command: readonly [string, ...string[]],
  folder: vscode.WorkspaceFolder,
  env: Readonly<Record<string, string>>,
): Promise<void> {
  const { fsPath } = folder.uri;
  const [program, ...args] = command;
  // A process, not a shell: nothing has to be quoted.
  const execution = new vscode.ProcessExecution(program, [...args, "train", fsPath], { cwd: fsPath, env });
  const task = new vscode.Task({ type: "process" }, folder, NAME, "fimble", execution, []);
  task.presentationOptions = {
    reveal: vscode.TaskRevealKind.Always,
    panel: vscode.TaskPanelKind.Dedicated,
    focus: true,
    clear: true,
  };
  await vscode.tasks.executeTask(task);
}
