/** Everything that fimble says to a person on its own account. Each thing once, with a button for what to do. */

import * as vscode from "vscode";
import { Cancelled, messageOf, Problem } from "./problem.js";

const SHOW_LOG = "Show Log";
const LATER = "Later";

export class Voice {
  private readonly offered = new Set<string>();

  constructor(private readonly log: vscode.LogOutputChannel) {}

  /** Shows long work, with a way to stop it. Throws `Cancelled` when that is taken. */
  async showing<T>(
    title: string,
    work: (signal: AbortSignal, onStep: (step: string, fraction?: number) => void) => Promise<T>,
  ): Promise<T> {
    const shown = { location: vscode.ProgressLocation.Notification, title: `fimble: ${title}`, cancellable: true };
    return vscode.window.withProgress(shown, async (progress, token) => {
      const aborting = new AbortController();
      token.onCancellationRequested(() => aborting.abort(new Cancelled()));
      let last = "";
      return work(aborting.signal, (step, fraction) => {
        const message = fraction === undefined ? step : `${step}, ${Math.floor(fraction * 100)} %`;
        if (message !== last) {
          last = message;
          progress.report({ message });
        }
      });
    });
  }

  /** Something that may be done. Offered once for each message. */
  offer(message: string, action: string, act: () => unknown): void {
    if (!this.offered.has(message)) {
      this.offered.add(message);
      void this.act(vscode.window.showInformationMessage(`fimble: ${message}`, action, LATER), action, act);
    }
  }

  /** Something to know. */
  mention(message: string): void {
    void this.act(vscode.window.showWarningMessage(message, SHOW_LOG));
  }

  /** Something that does not work. */
  complain(message: string, action?: string, act?: () => unknown): void {
    const actions = action === undefined ? [SHOW_LOG] : [action, SHOW_LOG];
    void this.act(vscode.window.showErrorMessage(message, ...actions), action, act);
  }

  /** An error, with what to do about it. */
  problem(error: unknown, again: () => unknown): void {
    const help = error instanceof Problem ? error.help : undefined;
    const actions = [...(help ? [help.label] : []), "Try Again", SHOW_LOG];
    const asked = vscode.window.showErrorMessage(`fimble: ${messageOf(error)}`, ...actions);
    void this.act(asked, "Try Again", again).then((chosen) => {
      if (help && chosen === help.label) {
        void vscode.env.openExternal(vscode.Uri.parse(help.url));
      }
    });
  }

  private async act(
    asked: Thenable<string | undefined>,
    action?: string,
    act?: () => unknown,
  ): Promise<string | undefined> {
    const chosen = await asked;
    if (chosen === SHOW_LOG) {
      this.log.show();
    } else if (chosen !== undefined && chosen === action) {
      await act?.();
    }
    return chosen;
  }
}
