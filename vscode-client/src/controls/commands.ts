/** The commands, by name. */

import * as vscode from "vscode";
import { examine } from "../environment/doctor.js";
import { environment } from "../environment/variables.js";
import { messageOf } from "../problem.js";
import * as picker from "../search/picker.js";
import type { Service } from "../service.js";
import type { Holder } from "../state.js";
import type { Snooze } from "../suggestions/snooze.js";
import * as toggles from "../suggestions/toggles.js";
import * as why from "../suggestions/why.js";
import type { Training } from "../training/training.js";
import type { Voice } from "../voice.js";
import * as menu from "./menu.js";
import * as report from "./report.js";

interface Parts {
  readonly service: Service;
  readonly training: Training;
  readonly holder: Holder;
  readonly snooze: Snooze;
  readonly voice: Voice;
  readonly log: vscode.LogOutputChannel;
  readonly extensionId: string;
}

export function register({ service, training, holder, snooze, voice, log, extensionId }: Parts): vscode.Disposable {
  const editors = (command: string) => () => vscode.commands.executeCommand(command);
  const inline = (name: string): string => `editor.action.inlineSuggest.${name}`;
  const table: Record<string, () => unknown> = {
    trigger: editors(inline("trigger")),
    next: editors(inline("showNext")),
    previous: editors(inline("showPrevious")),
    acceptWord: () => service.events.partly(inline("acceptNextWord")),
    acceptLine: () => service.events.partly(inline("acceptNextLine")),
    toggle: toggles.everywhere,
    toggleWorkspace: toggles.workspace,
    toggleLanguage: inEditor((editor) => toggles.language(editor.document)),
    togglePath: inEditor((editor) => toggles.file(editor.document)),
    snooze: () => snooze.ask(),
    why: inEditor(async (editor) => {
      const answer = await service.ask<why.Answer | null>("fimble/why", why.params(editor));
      const said =
        holder.now.kind === "ready" || answer ? why.sentence(answer) : `No suggestion: ${holder.now.message}.`;
      if ((await vscode.window.showInformationMessage(said, "Show Log")) !== undefined) {
        log.show();
      }
    }),
    search: () => picker.show((method, params, token) => service.ask(method, params, token)),
    train: () => training.begin(),
    setUp: () => service.setUp(),
    restart: () => {
      voice.forget();
      return service.start();
    },
    doctor: async () => {
      const { search, server } = await service.found();
      const { model } = search.settings;
      const env = { ...environment(search.settings), ...(model && { FIMBLE_MODEL: model }) };
      return report.show("fimble doctor", await examine(server, env));
    },
    showLog: () => log.show(),
    menu: () => menu.show(holder.now, snooze),
    settings: () => vscode.commands.executeCommand("workbench.action.openSettings", `@ext:${extensionId}`),
    walkthrough: () =>
      vscode.commands.executeCommand("workbench.action.openWalkthrough", `${extensionId}#start`, false),
  };
  const told = (act: () => unknown) => async () => {
    try {
      return await act();
    } catch (error) {
      voice.complain(`fimble: ${messageOf(error)}`);
    }
  };
  return vscode.Disposable.from(
    ...Object.entries(table).map(([name, act]) => vscode.commands.registerCommand(`fimble.${name}`, told(act))),
  );
}

function inEditor(act: (editor: vscode.TextEditor) => unknown): () => unknown {
  return () => {
    const editor = vscode.window.activeTextEditor;
    return editor ? act(editor) : vscode.window.setStatusBarMessage("fimble: No file is open.", 5000);
  };
}
