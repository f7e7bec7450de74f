/** Everything that fimble says to a person on its own account. Each thing once, with a button for what to do. */

import * as vscode from "vscode";
import { Cancelled, messageOf, Problem } from "./problem.js";

const SHOW_LOG = "Show Log";
const LATER = "Later";

/** What a button says -> what it does. */
type Actions = Readonly<Record<string, () => unknown>>;

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

  /** Something that may be done. Offered once for each message, until `forget`. */
  offer(message: string, action: string, act: () => unknown): void {
    if (!this.offered.has(message)) {
      this.offered.add(message);
      void this.act(vscode.window.showInformationMessage(`fimble: ${message}`, action, LATER), { [action]: act });
    }
  }

  /** A person asks for something: what was offered before is offered again. */
  forget(): void {
    this.offered.clear();
  }

  /** Something to know. */
  mention(message: string): void {
    void this.act(vscode.window.showWarningMessage(message, SHOW_LOG), {});
  }

  /** Something that does not work, with what can be done about it. */
  complain(message: string, actions: Actions = {}): void {
    void this.act(vscode.window.showErrorMessage(message, ...Object.keys(actions), SHOW_LOG), actions);
  }

  /** An error, with what to do about it. */
  problem(error: unknown, again: () => unknown): void {
    const help = error instanceof Problem ? error.help : undefined;
    const open = help && { [help.label]: () => vscode.env.openExternal(vscode.Uri.parse(help.url)) };
    this.complain(`fimble: ${messageOf(error)}`, { ...open, "Try Again": again });
  }

  private async act(asked: Thenable<string | undefined>, actions: Actions): Promise<void> {
    const chosen = await asked;
    if (chosen === SHOW_LOG) {
      this.log.show();
    } else if (chosen !== undefined) {
      await actions[chosen]?.();
    }
  }
}
