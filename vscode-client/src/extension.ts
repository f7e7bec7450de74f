/** The extension: joins its parts, and listens to the editor. */

import * as vscode from "vscode";
import { register } from "./controls/commands.js";
import { StatusItem } from "./controls/status.js";
import { Service } from "./service.js";
import { needsRestart, serverOptions } from "./settings.js";
import { Holder } from "./state.js";
import { Snooze } from "./suggestions/snooze.js";
import { Training } from "./training/training.js";
import { Voice } from "./voice.js";

let closing: (() => Promise<unknown>) | undefined;

export function activate(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel("fimble", { log: true });
  const holder = new Holder();
  const voice = new Voice(log);
  const snooze = new Snooze(() => {
    void service.configure();
    status.draw(); // the server has nothing new to say where suggestions are off anyway
  });
  const service = new Service(context, log, holder, voice, () => serverOptions(snooze.isAsleep));
  const training = new Training(service, voice, log);
  const commands = register({ service, training, holder, snooze, voice, log, extensionId: context.extension.id });
  const status = new StatusItem(holder, snooze);
  closing = () => Promise.all([service.close(), training.close()]);
  context.subscriptions.push(
    log,
    holder,
    snooze,
    service,
    training,
    commands,
    status,
    vscode.window.onDidChangeActiveTextEditor((editor) => {
      const textDocument = editor ? { uri: editor.document.uri.toString() } : null;
      service.tell("textDocument/didFocus", { textDocument });
    }),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (needsRestart(event)) {
        void service.start();
      }
    }),
    vscode.workspace.onDidGrantWorkspaceTrust(() => service.trusted()),
  );
  void service.start();
}

export async function deactivate(): Promise<void> {
  await closing?.();
}
