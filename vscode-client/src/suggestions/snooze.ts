/** Lets suggestions sleep for a while. */

import * as vscode from "vscode";

const MINUTES = [5, 15, 30, 60];

export class Snooze implements vscode.Disposable {
  private timer: NodeJS.Timeout | undefined;
  private until = 0;

  /** `onChange` is called when they fall asleep, and when they wake. */
  constructor(private readonly onChange: () => void) {}

  get isAsleep(): boolean {
    return Date.now() < this.until;
  }

  /** When they wake, as a person says it. */
  get wakesAt(): string {
    return new Date(this.until).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  }

  /** Asks for how long; while they sleep, wakes them. */
  async ask(): Promise<void> {
    if (this.isAsleep) {
      this.wake();
      return;
    }
    const choices = MINUTES.map((minutes) => ({ label: `${minutes} minutes`, minutes }));
    const chosen = await vscode.window.showQuickPick(choices, { placeHolder: "For how long shall fimble be quiet?" });
    if (chosen) {
      this.sleep(chosen.minutes * 60_000);
    }
  }

  sleep(forMs: number): void {
    clearTimeout(this.timer);
    this.until = Date.now() + forMs;
    this.timer = setTimeout(() => this.wake(), forMs);
    this.onChange();
  }

  wake(): void {
    clearTimeout(this.timer);
    this.until = 0;
    this.onChange();
  }

  dispose(): void {
    clearTimeout(this.timer);
  }
}
