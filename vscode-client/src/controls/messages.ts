/** Shows what the server says to a person, but for what is said with a button already. */

import * as vscode from "vscode";
import { MessageType, type ShowMessageParams } from "vscode-languageclient";
import type { Condition } from "../state.js";

export class Messages {
  private failure: string | undefined;

  /** The server has told how it is; a failure is shown from that. */
  heard(condition: Condition): void {
    this.failure = condition.kind === "Error" ? `fimble: ${condition.message}` : undefined;
  }

  show({ type, message }: ShowMessageParams): void {
    if (message === this.failure) {
      return;
    }
    if (type === MessageType.Error) {
      void vscode.window.showErrorMessage(message);
    } else if (type === MessageType.Warning) {
      void vscode.window.showWarningMessage(message);
    } else {
      void vscode.window.showInformationMessage(message);
    }
  }
}
