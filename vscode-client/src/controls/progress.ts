/** Shows work that can be cancelled where there is a button for it: the client library shows all of it in the status bar. */

import * as vscode from "vscode";
import type { WorkDoneProgressBegin, WorkDoneProgressEnd, WorkDoneProgressReport } from "vscode-languageclient";

type Value = WorkDoneProgressBegin | WorkDoneProgressReport | WorkDoneProgressEnd;
type Token = string | number;

interface Shown {
  readonly report: (message: string | undefined) => void;
  readonly end: () => void;
}

export class Progress {
  private readonly shown = new Map<Token, Shown>();

  /** `cancel` tells the server that the person wants no more of it. */
  constructor(private readonly cancel: (token: Token) => void) {}

  /** Takes what the server says of its work; what cannot be cancelled goes on to `next`. */
  handle(token: Token, value: Value, next: (token: Token, value: Value) => void): void {
    const known = this.shown.get(token);
    if (value.kind === "begin" && value.cancellable) {
      this.begin(token, value);
    } else if (!known) {
      next(token, value);
    } else if (value.kind === "report") {
      known.report(value.message);
    } else {
      this.shown.delete(token);
      known.end();
    }
  }

  /** The server is gone, and its work with it. */
  endAll(): void {
    for (const each of this.shown.values()) {
      each.end();
    }
    this.shown.clear();
  }

  private begin(token: Token, value: WorkDoneProgressBegin): void {
    const options = { location: vscode.ProgressLocation.Notification, title: value.title, cancellable: true };
    let end = (): void => undefined;
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    let report = (_: string | undefined): void => undefined;
    void vscode.window.withProgress(options, (progress, wanted) => {
      report = (message) => progress.report({ ...(message !== undefined && { message }) });
      report(value.message);
      wanted.onCancellationRequested(() => {
        this.cancel(token);
        end();
      });
      return ended;
    });
    this.shown.set(token, { report: (message) => report(message), end: () => end() });
  }
}
