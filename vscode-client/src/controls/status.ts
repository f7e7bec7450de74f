/** The item in the status bar. */

import * as vscode from "vscode";
import type { Holder, State } from "../state.js";
import type { Snooze } from "../suggestions/snooze.js";

export class StatusItem implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem("fimble", vscode.StatusBarAlignment.Right, 100);
  private readonly listening: vscode.Disposable;

  constructor(
    private readonly holder: Holder,
    private readonly snooze: Snooze,
  ) {
    this.item.name = "fimble";
    this.item.command = "fimble.menu";
    this.listening = holder.onDidChange(() => this.draw());
    this.draw();
    this.item.show();
  }

  draw(): void {
    const state = this.holder.now;
    const { icon, words, colour } = looks(state, this.snooze);
    this.item.text = `$(${icon}) ${words}`;
    this.item.tooltip = `fimble: ${state.message}`;
    this.item.backgroundColor = colour && new vscode.ThemeColor(`statusBarItem.${colour}Background`);
    this.item.accessibilityInformation = { label: `${words}, ${state.message}`, role: "button" };
  }

  dispose(): void {
    this.listening.dispose();
    this.item.dispose();
  }
}

interface Looks {
  readonly icon: string;
  readonly words: string;
  readonly colour?: "warning" | "error";
}

function looks(state: State, snooze: Snooze): Looks {
  switch (state.kind) {
    case "needsSetUp":
      return { icon: "cloud-download", words: "fimble: set up", colour: "warning" };
    case "settingUp":
      return { icon: "loading~spin", words: "fimble: setting up" };
    case "loading":
      return { icon: "loading~spin", words: "fimble: loading" };
    case "ready":
      return { icon: state.isBusy ? "loading~spin" : "sparkle", words: `fimble: ${place(state.provider)}` };
    case "warning":
      return state.message.startsWith("offline: ")
        ? { icon: "cloud-offline", words: "fimble: offline", colour: "warning" }
        : { icon: "warning", words: `fimble: ${place(state.provider)}`, colour: "warning" };
    case "off":
      return snooze.isAsleep
        ? { icon: "bell-slash", words: `fimble: asleep until ${snooze.wakesAt}` }
        : { icon: "circle-slash", words: "fimble: off" };
    case "failed":
      return { icon: "error", words: "fimble", colour: "error" };
  }
}

/** What answers: a processor of this machine, or an endpoint's host. */
function place(provider: string): string {
  return ["cpu", "cuda"].includes(provider) ? provider.toUpperCase() : provider;
}
