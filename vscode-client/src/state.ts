/** How fimble is, as one value that everything shown is made from. */

import * as vscode from "vscode";

export type State =
  | { readonly kind: "needsSetUp"; readonly message: string }
  | { readonly kind: "settingUp"; readonly message: string }
  | { readonly kind: "loading"; readonly message: string }
  | { readonly kind: "ready"; readonly message: string; readonly provider: string; readonly isBusy: boolean }
  | { readonly kind: "warning"; readonly message: string; readonly provider: string }
  | { readonly kind: "off"; readonly message: string }
  | { readonly kind: "failed"; readonly message: string };

/** `didChangeStatus`, as the server tells it. */
export interface Condition {
  readonly kind: "Normal" | "Warning" | "Error" | "Inactive";
  readonly busy: boolean;
  readonly message: string;
  readonly model?: string;
  readonly provider?: string;
  /** The name of the error that keeps the model from being loaded. */
  readonly code?: string;
}

/** What a server's word means for what is shown. */
export function stateOf(condition: Condition): State {
  const { message } = condition;
  switch (condition.kind) {
    case "Error":
      return condition.code === "ModelNotInstalled" ? { kind: "needsSetUp", message } : { kind: "failed", message };
    case "Inactive":
      return { kind: "off", message };
    case "Warning":
      return { kind: "warning", message, provider: condition.provider ?? "" };
    case "Normal":
      return condition.provider === undefined
        ? { kind: "loading", message }
        : { kind: "ready", message, provider: condition.provider, isBusy: condition.busy };
  }
}

/** Holds the state, and tells who listens when it changes. */
export class Holder implements vscode.Disposable {
  private readonly emitter = new vscode.EventEmitter<State>();
  readonly onDidChange = this.emitter.event;
  private state: State = { kind: "loading", message: "starting" };

  get now(): State {
    return this.state;
  }

  set(state: State): void {
    this.state = state;
    void vscode.commands.executeCommand("setContext", "fimble.ready", state.kind === "ready");
    this.emitter.fire(state);
  }

  dispose(): void {
    this.emitter.dispose();
  }
}
