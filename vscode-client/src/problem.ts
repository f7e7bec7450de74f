/** What went wrong and what to do, for a person. */
export class Problem extends Error {
  override readonly name = "Problem";

  /** @param what a sentence: what happened. @param todo a sentence: what to do. */
  constructor(
    readonly what: string,
    readonly todo: string,
    /** An address with more, offered as a button. */
    readonly help?: { readonly label: string; readonly url: string },
  ) {
    super(`${what} ${todo}`);
  }
}

/** The person changed their mind. Nothing has to be said. */
export class Cancelled extends Error {
  override readonly name = "Cancelled";
}

/** One line about any error. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
