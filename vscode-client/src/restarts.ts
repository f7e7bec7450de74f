/** When a server that stopped by itself is started again, and when no more. */

const WINDOW_MS = 180_000;
const MOST = 4;
const FIRST_DELAY_MS = 500;

export class Restarts {
  private stops: readonly number[] = [];

  /** The server stopped at `nowMs`. Returns how long to wait before it is started again; nothing after too many stops. */
  stopped(nowMs: number): number | undefined {
    this.stops = [...this.stops.filter((then) => nowMs - then < WINDOW_MS), nowMs];
    return this.stops.length > MOST ? undefined : FIRST_DELAY_MS * 2 ** (this.stops.length - 1);
  }

  /** Whether the person has been told of this series of stops. */
  get isSeries(): boolean {
    return this.stops.length > 1;
  }

  /** The person started it. */
  forget(): void {
    this.stops = [];
  }
}
