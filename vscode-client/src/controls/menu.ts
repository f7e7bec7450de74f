/** The menu behind the item in the status bar. */

import * as vscode from "vscode";
import type { State } from "../state.js";
import type { Snooze } from "../suggestions/snooze.js";
import * as toggles from "../suggestions/toggles.js";
import { canTrain } from "../training/folders.js";

interface Entry extends vscode.QuickPickItem {
  readonly command?: string;
}

export async function show(state: State, snooze: Snooze): Promise<void> {
  const chosen = await vscode.window.showQuickPick(entries(state, snooze), { title: `fimble: ${state.message}` });
  if (chosen?.command) {
    await vscode.commands.executeCommand(chosen.command);
  }
}

function entries(state: State, snooze: Snooze): Entry[] {
  const document = vscode.window.activeTextEditor?.document;
  const off = (isOff: boolean): string => `Switch ${isOff ? "on" : "off"}`;
  const list: (Entry | false | undefined)[] = [
    (state.kind === "needsSetUp" || state.kind === "failed") && {
      label: "$(cloud-download) Set up",
      command: "fimble.setUp",
    },
    { label: "$(comment) Why was there no suggestion?", command: "fimble.why" },
    { label: "$(search) Search code…", command: "fimble.search" },
    canTrain() && { label: "$(mortar-board) Train on this workspace…", command: "fimble.train" },
    separator("Suggestions"),
    { label: `$(circle-slash) ${off(toggles.areOff())}`, description: "everywhere", command: "fimble.toggle" },
    document && {
      label: `$(code) ${off(toggles.areOffFor(document.languageId))}`,
      description: `for ${document.languageId}`,
      command: "fimble.toggleLanguage",
    },
    document && {
      label: `$(file) ${off(toggles.areOffIn(document))}`,
      description: "for this file",
      command: "fimble.togglePath",
    },
    {
      label: `$(root-folder) ${off(toggles.areOff())}`,
      description: "in this workspace",
      command: "fimble.toggleWorkspace",
    },
    { label: snooze.isAsleep ? "$(bell) Wake up" : "$(bell-slash) Snooze…", command: "fimble.snooze" },
    separator("Server"),
    { label: "$(debug-restart) Restart", command: "fimble.restart" },
    { label: "$(output) Show log", command: "fimble.showLog" },
    { label: "$(gear) Settings", command: "fimble.settings" },
    { label: "$(book) Get started", command: "fimble.walkthrough" },
  ];
  return list.filter((entry) => entry !== false && entry !== undefined) as Entry[];
}

function separator(label: string): Entry {
  return { label, kind: vscode.QuickPickItemKind.Separator };
}
