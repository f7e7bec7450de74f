/** The list that searches the workspace while a person types what they look for. */

import * as vscode from "vscode";
import { messageOf } from "../problem.js";
import { COMMAND } from "./ability.js";
import { type Entry, entries, type Found } from "./entries.js";
import { Latest } from "./latest.js";
import { Preview } from "./preview.js";

type Ask = (method: string, params: unknown, token: vscode.CancellationToken) => Promise<Found | undefined>;

const LIMIT = 30;

/** Opens the list; `ask` asks the server, and gives nothing where none runs. */
export function show(ask: Ask): void {
  const picker = vscode.window.createQuickPick<Entry>();
  const preview = new Preview();
  const latest = new Latest<Found | undefined>(
    (query, signal) => asked(ask, query, signal),
    (_, found) => {
      picker.busy = false;
      picker.items = found ? entries(found) : [{ label: "fimble's server does not run", alwaysShow: true }];
    },
    (error) => {
      picker.busy = false;
      picker.items = [{ label: `$(warning) ${messageOf(error)}`, alwaysShow: true }];
    },
  );
  let isChosen = false;
  picker.title = "fimble: search code";
  picker.placeholder = "What does it do, or what is it called? For example: where are uploads retried";
  picker.onDidChangeValue((query) => {
    picker.busy = query.trim() !== "";
    if (picker.busy) {
      latest.typed(query);
    } else {
      latest.stop();
      picker.items = [];
    }
  });
  picker.onDidChangeActive(([entry]) => {
    if (entry?.hit) {
      preview.show(entry.hit);
    }
  });
  picker.onDidAccept(() => {
    const hit = picker.selectedItems[0]?.hit;
    if (hit) {
      isChosen = true;
      void preview.open(hit).then(undefined, (error) => vscode.window.showErrorMessage(`fimble: ${messageOf(error)}`));
      picker.hide();
    }
  });
  picker.onDidHide(async () => {
    latest.stop();
    picker.dispose();
    if (!isChosen) {
      await preview.putBack();
    }
    preview.dispose();
  });
  picker.value = selectedText();
  picker.show();
  if (picker.value) {
    picker.busy = true;
    latest.typed(picker.value);
  }
}

async function asked(ask: Ask, query: string, signal: AbortSignal): Promise<Found | undefined> {
  const cancelling = new vscode.CancellationTokenSource();
  signal.addEventListener("abort", () => cancelling.cancel());
  const params = { command: COMMAND, arguments: [{ query, limit: LIMIT }] };
  return ask("workspace/executeCommand", params, cancelling.token);
}

/** What is marked in the editor, where it is a part of one line. */
function selectedText(): string {
  const editor = vscode.window.activeTextEditor;
  return editor?.selection.isSingleLine ? editor.document.getText(editor.selection) : "";
}
