/** Does one thing after another, until it is closed. */

import { Cancelled } from "./problem.js";

type Work = (signal: AbortSignal) => Promise<void>;

export class Turns {
  private last: Promise<void> = Promise.resolve();
  private number = 0;
  private working = new AbortController();
  private isClosed = false;

  /** `onFailure` hears what goes wrong. */
  constructor(private readonly onFailure: (error: unknown) => Promise<void>) {}

  /** How many there are: the one that runs, and those that wait for their turn. */
  get length(): number {
    return this.number;
  }

  get isOver(): boolean {
    return this.isClosed;
  }

  /** Returns when `work` is done, or has failed. */
  take(work: Work): Promise<void> {
    this.number++;
    this.last = this.last.then(() => this.run(work));
    return this.last;
  }

  /** Cancels what runs, forgets what waits, and returns when that is over. */
  async close(): Promise<void> {
    this.isClosed = true;
    this.working.abort(new Cancelled());
    await this.last;
  }

  private async run(work: Work): Promise<void> {
    this.working = new AbortController();
    try {
      if (!this.isClosed) {
        await work(this.working.signal);
      }
    } catch (error) {
      if (!this.isClosed) {
        await this.onFailure(error);
      }
    } finally {
      this.number--;
    }
  }
}
