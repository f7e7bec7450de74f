/** Asks for what was typed last, after a pause. What was asked before is cancelled, and its answer is not wanted. */

export class Latest<Answer> {
  private pause: NodeJS.Timeout | undefined;
  private asking = new AbortController();

  constructor(
    private readonly ask: (text: string, signal: AbortSignal) => Promise<Answer>,
    private readonly onAnswer: (text: string, answer: Answer) => void,
    private readonly onError: (error: unknown) => void,
    private readonly pauseMs = 150,
  ) {}

  typed(text: string): void {
    this.stop();
    const asking = new AbortController();
    this.asking = asking;
    this.pause = setTimeout(() => {
      void this.asked(text, asking.signal);
    }, this.pauseMs);
  }

  /** Nothing is wanted any more. */
  stop(): void {
    clearTimeout(this.pause);
    this.asking.abort();
  }

  private async asked(text: string, signal: AbortSignal): Promise<void> {
    try {
      const answer = await this.ask(text, signal);
      if (!signal.aborted) {
        this.onAnswer(text, answer);
      }
    } catch (error) {
      if (!signal.aborted) {
        this.onError(error);
      }
    }
  }
}
